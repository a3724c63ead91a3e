"""CFSD, the content feature structural distance: whether places that were alike still are."""

import torch
from torch import Tensor

LAYER = "relu3_1"

_ROWS = 512
"""Places whose similarities to all others are in memory at a time."""

_LARGEST = 80.0
"""Beyond it a float32 exponential overflows."""


@torch.no_grad()
def cfsd(photo: Tensor, result: Tensor) -> float:
    """Chung et al. 2024, "Style Injection in Diffusion" (StyleID), appendix, as in their code:
    features ``[1, C, h, w]`` at :data:`LAYER` of one size; 0 is best.

    Each place's features are multiplied by those of all places over C², which a softmax makes a
    distribution; the divergence KL(photo ‖ result) is summed over the places, so it grows with the
    picture. Deviation: both are divided by the root mean square of the photo's features. The
    exponent depends on their scale, and VGG-19's weights of Oxford, those of torchvision and
    students differ in it.
    """
    scale = photo.float().square().mean().sqrt().clamp_min(1e-12) * photo.shape[1]
    seen, made = (x.float().flatten(2)[0].T / scale for x in (photo, result))
    total = 0.0
    for start in range(0, len(seen), _ROWS):
        rows = slice(start, start + _ROWS)
        similar = seen[rows] @ seen.T
        change = similar - made[rows] @ made.T
        share = torch.softmax(similar, dim=1)
        change -= (share * change).sum(1, keepdim=True)
        # log E[exp(-change)] is the divergence. A place's is some 1e-5, the error of a difference
        # of two logarithms in float32 some 1e-6.
        total += float((share * (-change).clamp(max=_LARGEST).expm1()).sum(1).log1p().sum())
    return total
