"""Smoothing of a painting along the edges of its photo."""

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor

from realtime_nst.learning.losses.matting import LocalColours

BETA = 0.9999
_MOST_STEPS = 500
_NEAR = 3e-3
"""Of the residual, which leaves half a grey level."""

_BORDER = 2


def smoothed(
    painting: Tensor,
    photo: Tensor,
    beta: float = BETA,
    on_step: Callable[[int, float], None] = lambda step, left: None,
) -> Tensor:
    """``painting``, as even as its ``photo`` and with its edges, both ``[1, 3, H, W]`` in 0..1.

    The closed form of Li Yijun et al. 2018 ("A closed-form solution to photorealistic image
    stylization", equation 7): (1 - β)(I - β S)⁻¹ painting, where S is the matting affinity of the
    photo, normalised. Solved by conjugate gradients, of which ``on_step`` is told the number and
    what is left of the residual; the paper factors the matrix. A higher ``beta``, below 1, smooths
    more. As in the authors' code, both are padded by two places, since the border, with fewer
    windows, becomes dark.
    """
    painting, photo = (F.pad(each, (_BORDER,) * 4, mode="replicate") for each in (painting, photo))
    colours = LocalColours(photo)
    roots = colours.windows.sqrt()

    def apply(x: Tensor) -> Tensor:
        return x - beta * colours.explained(x / roots) / roots

    wanted = (1 - beta) * painting.double()
    x = painting.double()
    rest = wanted - apply(x)
    direction, size = rest, rest.square().sum()
    enough = _NEAR**2 * wanted.square().sum()
    for step in range(_MOST_STEPS):
        if size <= enough:
            break
        turned = apply(direction)
        length = size / (direction * turned).sum()
        x, rest = x + length * direction, rest - length * turned
        size, before = rest.square().sum(), size
        direction = rest + size / before * direction
        on_step(step, float((size / enough).sqrt() * _NEAR))
    return x[..., _BORDER:-_BORDER, _BORDER:-_BORDER].clamp(0, 1).to(painting.dtype)
