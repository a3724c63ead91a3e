"""A loss network of our own, taught by those at hand."""

import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")
safetensors = pytest.importorskip("safetensors.torch", reason="needs the extra 'train'")

import learning_factory  # noqa: E402

from realtime_nst.errors import TrainingError  # noqa: E402
from realtime_nst.learning import distil as distillation  # noqa: E402
from realtime_nst.learning.data import find_photos  # noqa: E402
from realtime_nst.learning.losses.bundled import DIRECTIONS, BundledNetwork  # noqa: E402
from realtime_nst.learning.losses.perception import (  # noqa: E402
    Perception,
    load_loss_network,
    random_loss_network,
)


@pytest.fixture
def teacher():
    return Perception([random_loss_network(0)])


def test_directions_are_orthogonal_of_one_length_and_give_a_mean_square_of_one(
    teacher, monkeypatch
):
    monkeypatch.setattr(distillation, "_SURVEYED", 2)
    torch.manual_seed(0)
    images = [torch.rand(1, 3, 64, 64) for _ in range(2)]
    bases = distillation.principal_directions(teacher, iter(images))
    assert {name: basis.shape[1] for name, basis in bases.items()} == DIRECTIONS
    shallow = bases["1_2"]
    products = shallow.T @ shallow
    assert torch.allclose(products / products[0, 0], torch.eye(len(products)), atol=1e-3)
    features = torch.stack([teacher.view(i).layer("relu1_2")[0] for i in images])
    coordinates = torch.einsum("ncyx,ck->nkyx", features, shallow)
    assert coordinates.pow(2).mean().item() == pytest.approx(1, rel=1e-3)


def test_the_student_comes_nearer_to_its_teacher(teacher, tmp_path, monkeypatch):
    monkeypatch.setattr(distillation, "_SURVEYED", 2)
    photos = find_photos(learning_factory.write_photos(tmp_path))
    seen = []
    chosen = distillation.Distillation(steps=60, batch=2, crop=48)
    bases = distillation.survey(teacher, photos, chosen)
    student = distillation.distil(teacher, bases, photos, chosen, lambda step, e: seen.append(e))
    assert len(seen) == 60
    assert set(seen[0]) == set(student.layers)
    first, last = (sum(sum(e.values()) for e in part) for part in (seen[:5], seen[-5:]))
    assert last < 0.8 * first


def test_its_weights_are_told_by_their_keys(tmp_path):
    torch.manual_seed(0)
    network, path = BundledNetwork(), tmp_path / "bundled.safetensors"
    safetensors.save_file({k: v.half() for k, v in network.state_dict().items()}, path)
    image = torch.rand(1, 3, 32, 32)
    loaded = dict(load_loss_network(path).features(image))
    assert set(loaded) == {f"relu{name}" for name in DIRECTIONS}
    wanted = dict(network.features(image))["relu3_4"]
    assert torch.allclose(loaded["relu3_4"], wanted, rtol=0.02, atol=0.02)


def test_damaged_weights_are_one_line(tmp_path):
    path = tmp_path / "bundled.safetensors"
    weights = BundledNetwork().state_dict()
    weights.pop("directions.3_4.bias")
    safetensors.save_file(weights, path)
    with pytest.raises(TrainingError, match=r"bundled.safetensors.*3_4\.bias"):
        load_loss_network(path)
