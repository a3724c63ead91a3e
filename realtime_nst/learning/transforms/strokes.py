"""Style swap with strokes of several sizes, the finer the more a place stands out."""

import torch
import torch.nn.functional as F
from torch import Tensor

from realtime_nst.learning.tensors import normalised
from realtime_nst.learning.transforms.attention import Attention
from realtime_nst.learning.transforms.swap import StyleSwap
from realtime_nst.learning.transforms.transform import Transform

_SCALES = (1.0, 2**-0.5, 0.5)
"""From coarse strokes to fine ones."""
_SHARPNESS = 50.0
_ROUNDS = 4
_PLACES = 64
"""A side of the features whose means attention looks at."""

_STAY = 1e-3
"""Holds the centre of an empty cluster."""


class MultiStroke(Transform):
    """Style swaps with the painting's features at scales 1, 1/√2 and 1/2, mixed by how salient each
    place of the frame is (attention-aware multi-stroke style transfer, Yao et al. 2019).

    The map of attention A is how much self-attention adds to a place. It is clustered to three
    values c, and a swap counts with softmax(50 (1 - |A - c|)), equation 9: coarse strokes where
    little stands out. Deviations: attention looks at 16x16 places, not at all; A is scaled by its
    deviation and a sigmoid; k-means begins at the same values and takes four rounds, so a frame is
    painted alike each time; patches are 3x3, 256 of each scale, not 5x5.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.attention, self._swap = Attention(channels), StyleSwap(channels)
        self.code_size = len(_SCALES) * self._swap.code_size

    def code(self, style: Tensor) -> Tensor:
        return torch.cat([self._swap.code(_scaled(style, scale)) for scale in _SCALES], 1)

    def forward(self, content: Tensor, code: Tensor) -> Tensor:
        places = F.interpolate(content, (_PLACES, _PLACES), mode="bilinear")
        seen = self.attention(content, self.attention.code(places))
        salience = (seen - content).abs().mean(1, keepdim=True)
        weights = _membership(torch.sigmoid(normalised(salience))).to(content.dtype)
        swapped = [self._swap(seen, part) for part in code.chunk(len(_SCALES), 1)]
        return sum(
            (part * weight for part, weight in zip(swapped, weights.split(1, 1), strict=True)),
            torch.zeros_like(content),
        )


def _membership(values: Tensor) -> Tensor:
    """``values`` ``[N, 1, h, w]`` in 0..1 to the share of each of the clusters, ``[N, 3, h, w]``.
    From low to high values, as the first centres."""
    centres = values.new_tensor([0.25, 0.5, 0.75]).view(1, -1, 1, 1)
    for _ in range(_ROUNDS):
        shares = _shares(values, centres)
        total, found = (x.mean((2, 3), keepdim=True) for x in (shares, shares * values))
        centres = (found + _STAY * centres) / (total + _STAY)
    return _shares(values, centres)


def _shares(values: Tensor, centres: Tensor) -> Tensor:
    return (_SHARPNESS * (1 - (values - centres).abs())).softmax(1)


def _scaled(x: Tensor, scale: float) -> Tensor:
    return x if scale == 1 else F.interpolate(x, scale_factor=scale, mode="bilinear")
