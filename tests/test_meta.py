"""Networks that make kernels of a painting, and descent unrolled into a network."""

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from realtime_nst.learning.loss_networks.load import bundled, load_loss_network  # noqa: E402
from realtime_nst.learning.loss_networks.weights import read_weights  # noqa: E402
from realtime_nst.learning.networks import build_arbitrary  # noqa: E402
from realtime_nst.learning.networks.solver import _fine, _gradient  # noqa: E402
from realtime_nst.learning.tensors import gram  # noqa: E402

SOLVER = "solver:width=8,stages=2,detail=4"


def solver(name=SOLVER, **terms):
    torch.manual_seed(0)
    given = "".join(f",{name}={value}" for name, value in terms.items())
    network = build_arbitrary(name + given).eval()
    with torch.no_grad():
        for stage in network.stages:
            stage.decode[-1].bias.zero_()
            stage.decode[-1].weight.mul_(5)
    return network


def test_the_papers_sizes():
    """14 kernels of 128 hidden numbers each; nothing but the ends and what makes them learns."""
    with torch.device("meta"):
        network = build_arbitrary("metanet")
    assert network.hidden.out_channels == 1792
    assert len(network.kernels) == 14
    ends = 2 * 3 * 8 * 81 + 8 + 3
    made = 9 * (2 * (8 * 16 + 16 * 32) + 10 * 32 * 32)
    assert network.code_size == made
    learned = ends + 1153 * 1792 + 129 * made
    assert sum(p.numel() for p in network.parameters() if p.requires_grad) == learned
    assert 4 * (made + ends) == pytest.approx(449e3, rel=0.05)  # the paper's network, in bytes


@torch.no_grad()
def test_kernels_are_made_of_what_the_loss_network_sees():
    network, painting = build_arbitrary("metanet-thin:width=8,hidden=4"), torch.rand(1, 3, 48, 32)
    network.take(read_weights(bundled()))
    wanted = dict(load_loss_network(bundled()).features(painting))
    assert all(
        torch.allclose(found, wanted[layer], atol=0.01)
        for tower in network.seen.values()
        for layer, found in tower.features(painting)
        if layer.removeprefix("relu") in tower.given and layer in wanted
    )
    brighter = network.encode_style(painting.sqrt())
    assert not torch.allclose(network.encode_style(painting), brighter, rtol=1e-3)


@torch.no_grad()
def test_in_its_own_style_a_picture_meets_no_gradient():
    network, picture = solver(), torch.rand(1, 3, 32, 32)
    for layer in network.modules():
        if isinstance(layer, torch.nn.Conv2d) and layer not in network.layers.modules():
            layer.bias.zero_()
    assert torch.allclose(network.paint(picture, network.encode_style(picture)), picture, atol=1e-5)


def test_the_gradients_are_those_of_the_terms():
    features = torch.rand(1, 4, 6, 6, dtype=torch.float32, requires_grad=True)
    wanted = torch.eye(4)[None]
    own = 4 * gram(features)
    (slope,) = torch.autograd.grad((own - wanted).square().sum(), features)
    found = _gradient(features, wanted).detach()
    assert torch.nn.functional.cosine_similarity(found.flatten(), slope.flatten(), 0) > 0.9999


@torch.no_grad()
def test_terms_are_changed_without_training():
    photo, painting = torch.rand(1, 3, 32, 32), torch.rand(1, 3, 32, 48) ** 3
    plain, same = solver(), solver(content=1.0, edges=0.0)
    code = plain.encode_style(painting)
    assert torch.equal(plain.paint(photo, code), same.paint(photo, code))
    assert not torch.allclose(plain.paint(photo, code), solver(content=3.0).paint(photo, code))

    def change(**terms):
        once = solver("solver:width=8,stages=1,detail=4", **terms)
        return once.paint(0.4 + 0.2 * photo, code) - (0.4 + 0.2 * photo)

    free = change()
    assert torch.allclose(change(edges=3.0), free - 0.75 * _fine(free), atol=1e-6)
    assert not torch.allclose(change(edges=3.0), free, atol=1e-5)


def test_a_checkpoint_is_exported_with_other_terms(cli, tmp_path, monkeypatch):
    import shared_networks

    from realtime_nst.learning.export import arbitrary as exporting
    from realtime_nst.learning.training.checkpoint import save, untrained
    from realtime_nst.learning.training.recipe import ArbitraryRecipe
    from realtime_nst.runtime.model import read_model

    shared_networks.write_no_graph(monkeypatch, exporting)
    trained = replace(untrained(ArbitraryRecipe(network=SOLVER)), quality={"style": 0.5})
    save(trained, tmp_path / "checkpoint.pt")
    wanted = f"{SOLVER},content=2,edges=1"
    code, _, said = cli(
        "export", tmp_path / "checkpoint.pt", "-o", tmp_path / "any.onnx", "--network", wanted
    )
    assert code == 0, said
    card = read_model(tmp_path / "any.onnx").card
    assert (card.network, card.quality) == (wanted, {})
    code, _, said = cli(
        "export", tmp_path / "checkpoint.pt", "-o", tmp_path / "b.onnx", "--network", "solver"
    )
    assert code == 2
    assert "--network solver has other weights than 'solver:width=8" in said
