"""A loss network of our own, taught by those at hand."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "tools"))

torch = pytest.importorskip("torch", reason="needs the extra 'train'")
safetensors = pytest.importorskip("safetensors.torch", reason="needs the extra 'train'")

import distillation as distil  # noqa: E402
import learning_factory as factory  # noqa: E402

from realtime_nst.errors import TrainingError  # noqa: E402
from realtime_nst.learning.loss_networks.features import FeatureExtractor  # noqa: E402
from realtime_nst.learning.loss_networks.load import load_loss_network  # noqa: E402
from realtime_nst.learning.loss_networks.low_rank import (  # noqa: E402
    DEEP,
    SHALLOW,
    BundledNetwork,
    Tower,
    TowerPlan,
)
from realtime_nst.learning.loss_networks.vgg import DistilledVgg19, Vgg19  # noqa: E402

_NAMES = ("1_1", "1_2", "2_1")


def pictures(count):
    """Smooth ones, as pictures are."""
    torch.manual_seed(0)
    coarse = torch.rand(count, 3, 8, 8)
    return list(torch.nn.functional.interpolate(coarse, size=(48, 48), mode="bilinear").split(1))


def vgg19():
    return Vgg19(factory.vgg19_weights("2_1", channels=8))


def student():
    weights = {k.replace("_", ""): w for k, w in factory.vgg19_weights("2_1", channels=8).items()}
    weights |= {"conv0.weight": torch.eye(3).view(3, 3, 1, 1) * 255, "conv0.bias": torch.zeros(3)}
    return DistilledVgg19(weights)


def tower(padding, rank):
    ranks = dict.fromkeys(_NAMES, rank)
    return Tower(TowerPlan({1: 8, 2: 8}, ranks, padding, _NAMES))


@pytest.mark.parametrize(("teacher", "padding"), [(vgg19, "zeros"), (student, "reflect")])
@pytest.mark.parametrize("rank", [0, 8])
def test_a_fit_of_full_rank_is_the_teacher(teacher, padding, rank):
    taught, found = tower(padding, rank), {}
    distil.fit(taught, teacher(), pictures(12), found.__setitem__)
    assert list(found) == list(_NAMES)
    assert max(found.values()) < 1e-3
    (image,) = pictures(13)[-1:]
    for (layer, seen), (_, wanted) in zip(
        taught.features(image), teacher().features(image), strict=True
    ):
        assert (seen - wanted).square().mean() < 1e-3 * wanted.square().mean(), layer


def test_of_low_rank_it_comes_as_near_as_its_rank_allows():
    off = []
    for rank in (1, 3, 6):
        found = {}
        distil.fit(tower("zeros", rank), vgg19(), pictures(12), found.__setitem__)
        off.append(found["2_1"])
    assert off[0] > off[1] > off[2] > 0


def test_refining_brings_the_whole_nearer():
    torch.manual_seed(0)
    network, teacher = BundledNetwork(), FeatureExtractor([BundledNetwork().requires_grad_(False)])
    batch, seen = torch.cat(pictures(2)), []
    chosen = distil.Refining(steps=12, learning_rate=2e-3)
    distil.refine(network, teacher, [batch] * 12, chosen, lambda step, e: seen.append(e))
    assert len(seen) == 12
    assert set(seen[0]) == set(network.layers)
    assert sum(seen[-1].values()) < 0.8 * sum(seen[0].values())


def test_its_weights_are_told_by_their_keys(tmp_path):
    torch.manual_seed(0)
    network, path = BundledNetwork(), tmp_path / "bundled.safetensors"
    safetensors.save_file({k: v.half() for k, v in network.state_dict().items()}, path)
    image = torch.rand(1, 3, 32, 32)
    found = dict(load_loss_network(path).features(image))
    assert list(found) == [f"relu{name}" for name in (*SHALLOW.given, *DEEP.given)]
    for layer, wanted in network.features(image):
        assert torch.allclose(found[layer], wanted, rtol=0.05, atol=0.02)


def test_damaged_weights_are_one_line(tmp_path):
    path = tmp_path / "bundled.safetensors"
    weights = BundledNetwork().state_dict()
    weights.pop("deep.convolutions.3_4.0.bias")
    safetensors.save_file(weights, path)
    with pytest.raises(TrainingError, match=r"bundled.safetensors.*3_4\.0\.bias"):
        load_loss_network(path)
