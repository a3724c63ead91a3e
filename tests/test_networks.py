"""One contract for every style network."""

import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from realtime_nst.errors import UnknownName, UsageError  # noqa: E402
from realtime_nst.learning.networks import NETWORKS, build  # noqa: E402
from realtime_nst.learning.networks.blocks import (  # noqa: E402
    Binomial,
    Fold,
    InstanceNorm,
    NearestConv,
    Residual,
)
from realtime_nst.learning.networks.johnson import JohnsonNet  # noqa: E402
from realtime_nst.learning.networks.noise import Noise  # noqa: E402


@pytest.fixture(params=sorted(NETWORKS), scope="module")
def network(request):
    torch.manual_seed(0)
    return build(request.param).eval()


@torch.no_grad()
def test_keeps_the_size_and_the_range(network):
    least, step = network.size_minimum, network.size_multiple
    for height, width in ((least, least), (least, least + 3 * step), (64, 96)):
        result = network(torch.rand(1, 3, height, width))
        assert result.shape == (1, 3, height, width)
        assert result.min() >= 0
        assert result.max() <= 1


@torch.no_grad()
def test_a_batch_gives_what_its_images_give_alone(network):
    batch = torch.rand(2, 3, 64, 64)
    together = network(batch)
    alone = torch.cat([network(image[None]) for image in batch])
    assert torch.allclose(together, alone, atol=1e-4)


def test_every_weight_learns(network):
    network.train()
    network(torch.rand(2, 3, 64, 64)).square().mean().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())
    network.eval()


@torch.no_grad()
def test_a_flat_image_stays_flat_to_its_border(network, monkeypatch):
    """Padding must not draw a frame: a constant image has no content to stylise."""
    monkeypatch.setattr(Noise, "forward", lambda noise, like: torch.zeros_like(like[:, :3]))
    result = network(torch.full((1, 3, 64, 64), 0.4))
    inner = result[..., 16:-16, 16:-16]
    assert (result.mean(dim=(2, 3)) - inner.mean(dim=(2, 3))).abs().max() < 1e-3


def test_unknown_network_lists_the_choices():
    with pytest.raises(UnknownName, match=r"fast.*johnson"):
        build("fats")


def test_a_network_takes_other_parameters():
    widths = {build(name).encode[1][1].out_channels for name in ("fast:width=24", "tiny:width=24")}
    assert widths == {24}
    assert len(build("fast:blocks=2,fold=8").transform) == 2
    assert build("fast:blocks=2,fold=8").size_multiple == 8


@torch.no_grad()
@pytest.mark.parametrize("name", ["fast:fold=2,width=8", "fast:first=nearest", "tiny:width=8"])
def test_every_way_back_gives_the_size_again(name):
    network = build(name).eval()
    size = network.size_multiple * 4
    assert network(torch.rand(1, 3, size, size)).shape == (1, 3, size, size)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("fast:widht=24", r"widht.*did you mean 'width'"),
        ("fast:width=wide", r"width takes a value like 64, not 'wide'"),
        ("fast:width", r"width takes a value like 64, not ''"),
        ("slow:width=2", r"unknown network 'slow'"),
    ],
)
def test_parameters_that_cannot_be_are_one_line(name, said):
    with pytest.raises(UsageError, match=said):
        build(name)


def test_johnson_has_the_papers_table():
    """Parameter count worked out from the table: convolutions with bias, two affine norms each."""
    a, b, c = 32, 64, 128

    def conv(inputs, outputs, k):
        return inputs * outputs * k * k + outputs

    expected = conv(3, a, 9) + conv(a, b, 3) + conv(b, c, 3) + 10 * conv(c, c, 3)
    expected += conv(c, b, 3) + conv(b, a, 3) + conv(a, 3, 9)
    expected += 2 * (a + b + c + 10 * c + b + a)
    assert sum(p.numel() for p in JohnsonNet().parameters()) == expected


def test_unpadded_residual_shrinks_by_four():
    assert Residual(4, pad=False)(torch.rand(1, 4, 12, 10)).shape == (1, 4, 8, 6)


def test_batch_and_instance_norm_are_selectable():
    kinds = [
        {type(m).__name__ for m in JohnsonNet(0.25, norm=norm).modules()}
        for norm in ("instance", "batch")
    ]
    assert "InstanceNorm" in kinds[0] - kinds[1]
    assert "BatchNorm2d" in kinds[1] - kinds[0]
    with pytest.raises(UnknownName, match="batch, instance"):
        JohnsonNet(norm="layer")


def test_instance_norm_survives_half_precision():
    """In float16 the variance of values in the thousands overflows."""
    x = (torch.rand(1, 2, 32, 32) * 2000).half()
    y = InstanceNorm(2)(x)
    assert y.dtype == torch.float16
    assert y.isfinite().all()
    assert y.float().std().item() == pytest.approx(1, abs=0.05)


def test_the_binomial_removes_a_grid_of_two_and_keeps_a_constant():
    grid = torch.zeros(1, 1, 16, 16)
    grid[..., ::2, :] = 1.0
    blurred = Binomial(1)(grid)
    assert torch.allclose(blurred, torch.full_like(blurred, 0.5))


@torch.no_grad()
def test_nearest_conv_is_nearest_neighbour_and_convolution():
    torch.manual_seed(0)
    layer, x = NearestConv(5, 3), torch.rand(2, 5, 7, 6)
    doubled = torch.nn.functional.interpolate(x, scale_factor=2, mode="nearest")
    padded = torch.nn.functional.pad(doubled, (1,) * 4, mode="reflect")
    wanted = torch.nn.functional.conv2d(padded, layer.weight, layer.bias)
    assert torch.allclose(layer(x), wanted, atol=1e-5)
    assert torch.allclose(layer.plain()(x), wanted, atol=1e-5)


@pytest.mark.parametrize("side", [2, 4, 8])
def test_a_fold_as_a_convolution_is_the_same(side):
    x = torch.rand(2, 3, 3 * side, 5 * side)
    fold = Fold(side)
    assert torch.equal(fold.plain()(x), fold(x))
