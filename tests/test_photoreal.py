"""The matting Laplacian and closed-form smoothing, beside the matrices of their papers."""

from functools import partial

import numpy as np
import pytest
from learning_factory import write_photos

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from realtime_nst.learning.data.pictures import read_image  # noqa: E402
from realtime_nst.learning.losses.matting import LocalColours  # noqa: E402
from realtime_nst.learning.networks.wavelet import (  # noqa: E402
    from_haar,
    haar,
    wavelet_light,
    wavelet_vgg,
)
from realtime_nst.learning.optimise.smoothing import smoothed  # noqa: E402

HEIGHT, WIDTH = 6, 7


def picture(seed, height=HEIGHT, width=WIDTH):
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed))


def laplacian(photo, epsilon=1e-7):
    """Levin et al. 2008, equation 12, entry by entry."""
    colours = photo[0].permute(1, 2, 0).double().numpy()
    height, width = colours.shape[:2]
    matrix = np.zeros((height * width,) * 2)
    for top in range(height - 2):
        for left in range(width - 2):
            window = colours[top : top + 3, left : left + 3].reshape(9, 3)
            places = [(top + y) * width + left + x for y in range(3) for x in range(3)]
            around = window - window.mean(0)
            inverse = np.linalg.inv(around.T @ around / 9 + epsilon / 9 * np.eye(3))
            matrix[np.ix_(places, places)] += np.eye(9) - (1 + around @ inverse @ around.T) / 9
    return matrix


def flat(x):
    return x[0].double().flatten(1).numpy()


def test_what_is_unexplained_is_that_of_the_papers_matrix():
    photo, other = picture(1), picture(2)
    of = LocalColours(photo)
    wanted = np.trace(flat(other) @ laplacian(photo) @ flat(other).T)
    ratio = [of.unexplained(x).item() for x in (other, picture(3))]
    another = np.trace(flat(picture(3)) @ laplacian(photo) @ flat(picture(3)).T)
    assert ratio[0] / ratio[1] == pytest.approx(wanted / another, rel=1e-6)
    assert of.unexplained(0.5 * photo + 0.2).item() == pytest.approx(0, abs=1e-5)


def test_what_is_explained_is_the_affinity():
    photo, other = picture(1), picture(2)
    of = LocalColours(photo)
    affinity = np.diag(of.windows.flatten().numpy()) - laplacian(photo)
    found = of.explained(other.double())
    assert np.allclose(flat(found), flat(other) @ affinity, atol=1e-6)


def test_smoothing_is_the_papers_solution():
    photo, painting = picture(1), picture(2)
    padded, given = (
        torch.nn.functional.pad(x, (2,) * 4, mode="replicate") for x in (photo, painting)
    )
    scale = 1 / LocalColours(padded).windows.flatten().sqrt().numpy()
    affinity = scale[:, None] * (np.diag(scale**-2) - laplacian(padded)) * scale
    wanted = 0.1 * np.linalg.solve(np.eye(len(scale)) - 0.9 * affinity, flat(given).T)
    inner = wanted.T.reshape(3, HEIGHT + 4, -1)[:, 2:-2, 2:-2].clip(0, 1)
    assert np.allclose(smoothed(painting, photo, 0.9)[0], inner, atol=5e-3)


def test_smoothing_takes_noise_away_and_keeps_the_photos_edge():
    photo = torch.full((1, 3, 24, 24), 0.2)
    photo[..., 12:] = 0.8
    painting = 1 - photo + 0.1 * (picture(3, 24, 24) - 0.5)
    seen = []
    result = smoothed(painting, photo, on_step=lambda step, left: seen.append(left))
    sides = result[..., :11], result[..., 13:]
    assert all(side.std() < 0.3 * painting[..., :11].std() for side in sides)
    assert sides[0].mean() - sides[1].mean() > 0.5
    assert seen[-1] <= 3e-3


def test_the_command_writes_a_picture_of_the_photos_size(tmp_path, cli):
    photo = write_photos(tmp_path, 2) / "photo00.png"
    files = (tmp_path / "photo01.png", "--photo", photo, "-o", tmp_path / "out.png")
    given = ("smooth", *files, "--longest", 32)
    code, said, noticed = cli(*given)
    assert (code, said.strip()) == (0, str(tmp_path / "out.png")), noticed
    assert read_image(tmp_path / "out.png").shape == (1, 3, 26, 32)
    assert cli(*given)[0] == 2
    other = write_photos(tmp_path / "b", 1, (64, 64)) / "photo00.png"
    code, _, noticed = cli("smooth", other, "--photo", photo, "-o", tmp_path / "new.png")
    assert code == 1
    assert "another shape than its photo" in noticed


def test_the_loss_has_a_gradient_towards_the_photo():
    from types import SimpleNamespace

    from realtime_nst.learning.losses.matting import Matting
    from realtime_nst.learning.losses.terms import LossInputs

    photo = torch.cat([picture(1), picture(2)])
    result = (photo.flip(3)).requires_grad_()
    loss = Matting()(LossInputs(SimpleNamespace(image=photo), SimpleNamespace(image=result), None))
    loss.backward()
    step = result - 1e-2 * result.grad / result.grad.abs().max()
    seen = LossInputs(SimpleNamespace(image=photo), SimpleNamespace(image=step.detach()), None)
    assert 0 < Matting()(seen) < loss


def test_wavelets_are_orthonormal_and_are_inverted():
    x = torch.randn(2, 5, 6, 8)
    low, high = haar(x)
    assert torch.allclose(low, 2 * torch.nn.functional.avg_pool2d(x, 2), atol=1e-6)
    assert torch.allclose(low.square().sum() + high.square().sum(), x.square().sum(), rtol=1e-5)
    assert torch.allclose(from_haar(low, high), x, atol=1e-6)
    flat = torch.ones(1, 1, 4, 4)
    assert not haar(flat)[1].any()


@pytest.mark.parametrize("build", [wavelet_light, partial(wavelet_vgg, 4)])
@torch.no_grad()
def test_the_high_bands_go_to_the_picture_as_they_are(build):
    """With a decoder that gives nothing, what is left of the photo are its details."""
    torch.manual_seed(0)
    network, photo = build().eval(), picture(1, 16, 16)
    given, high = network._encoded(photo)
    for part in network.decode.parameters():
        part.zero_()
    dark = network._decoded(given[-1], high)
    wanted = from_haar(torch.zeros_like(photo[..., ::2, ::2]), haar(photo)[1]).clamp(0, 1)
    if build is wavelet_light:
        assert torch.allclose(dark, wanted, atol=1e-6)
    assert network.rebuild(photo)[1].shape == photo.shape
