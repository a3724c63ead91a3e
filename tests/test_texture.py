"""Texture networks: the paper's table, noise, and diversity."""

import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from realtime_nst.learning.losses.diversity import diversity  # noqa: E402
from realtime_nst.learning.losses.terms import LossInputs  # noqa: E402
from realtime_nst.learning.networks import build  # noqa: E402
from realtime_nst.learning.networks.noise import Noise  # noqa: E402
from realtime_nst.learning.networks.texture import TextureNet  # noqa: E402


def test_the_generator_has_the_papers_table():
    """Worked out by hand: at each ratio 3x3, 3x3 and 1x1 with an affine norm each, from the photo
    and three channels of noise; two norms before each join."""

    def three(inputs, outputs):
        nine = 9 * inputs * outputs + 9 * outputs**2
        return nine + outputs**2 + 3 * outputs + 6 * outputs

    joins = sum(three(8 * n, 8 * n) + 2 * 8 * n for n in range(2, 7))
    wanted = 6 * three(3 + 3, 8) + joins + 48 * 3 + 3
    assert sum(p.numel() for p in TextureNet().parameters()) == wanted


def test_the_thin_form_gives_the_size_too():
    network = build("texture-thin").eval()
    assert network.size_multiple == 32
    assert network(torch.rand(1, 3, 64, 96)).shape == (1, 3, 64, 96)


def test_noise_is_new_in_training_and_one_tile_afterwards():
    noise, like = Noise(3), torch.zeros(2, 8, 70, 130)
    first, second = noise(like), noise(like)
    assert first.shape == (2, 3, 70, 130)
    assert not torch.equal(first, second)
    noise.eval()
    fixed = noise(like)
    assert torch.equal(fixed, noise(like))
    assert torch.equal(fixed[..., 64:, :], fixed[..., :6, :])
    assert torch.equal(fixed[..., 64:128], fixed[..., :64])
    assert torch.equal(Noise(3).tile, noise.tile)


def of(pictures, paint):
    from types import SimpleNamespace

    photo = SimpleNamespace(image=pictures)
    return diversity(LossInputs(photo, SimpleNamespace(image=paint(pictures)), paint))


def test_diversity_falls_as_results_of_a_photo_differ_and_is_finite_without():
    photo = torch.rand(2, 3, 16, 16)
    strong, weak = (of(photo, lambda x, s=s: x + s * torch.rand_like(x)) for s in (1.0, 0.1))
    assert strong < weak < of(photo, lambda x: x)
    assert of(photo, lambda x: x).isfinite()


def test_diversity_has_a_gradient_that_strengthens_the_noise():
    scale = torch.tensor(0.3, requires_grad=True)
    torch.manual_seed(0)
    of(torch.rand(2, 3, 16, 16), lambda x: x + scale * torch.rand_like(x)).backward()
    assert scale.grad < 0
