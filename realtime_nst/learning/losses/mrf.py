"""A style loss on patches: each patch of the result should be like one of the painting."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from realtime_nst.errors import TrainingError

_SIDE = 3
_STORE = 2048
"""The most patches of a painting that are compared with."""
_PLACES = 1024
"""About how many patches of a result are compared, if these cover all of it."""
_CHUNK = 4096
"""Patches of a result whose similarities to the store are in memory at once."""


class MrfLoss:
    """Mean squared distance of the result's 3x3 patches of features to the painting's nearest ones.

    ``style``: the painting's features ``[1, C, h, w]``. Li and Wand 2016, meant for relu3_1 and
    relu4_1; nearest by normalised cross-correlation. Deviations: divided by the mean square of the
    painting's patches; and, as the cost is the product of both counts, at most 2,048 patches of the
    painting are drawn, once, by torch's generator, and every n-th patch of the result in each
    direction is compared. n is the smallest that gives about 1,024 patches, at most 3, so that
    every cell is covered (except a border one cell wide). The places are the same at each call, so
    the loss is one function, as L-BFGS needs.

    Raises TrainingError for features smaller than a patch.
    """

    def __init__(self, style: Tensor) -> None:
        self._store = _draw(style.detach())
        self._directions = F.normalize(self._store.float(), dim=1).to(style.dtype)
        self._norm = self._store.float().pow(2).mean().clamp_min(1e-12)

    def __call__(self, result: Tensor) -> Tensor:
        patches = _every_nth(result)
        wanted = self._store[self._nearest(patches.detach())]
        return (patches.float() - wanted.float()).pow(2).mean() / self._norm

    def _nearest(self, patches: Tensor) -> Tensor:
        """For each of ``[patches, 9 C]``, the index of the nearest stored patch."""
        chunks = patches.split(_CHUNK)
        return torch.cat([(chunk @ self._directions.T).argmax(1) for chunk in chunks])


def _draw(features: Tensor) -> Tensor:
    """``[1, C, h, w]`` to ``[patches, 9 C]``, in random order."""
    rows, columns = _places(features)
    chosen = torch.randperm(rows * columns)[:_STORE].to(features.device)
    windows = features[0].unfold(1, _SIDE, 1).unfold(2, _SIDE, 1)
    return windows[:, chosen // columns, chosen % columns].transpose(0, 1).flatten(1)


def _every_nth(features: Tensor) -> Tensor:
    """``[N, C, h, w]`` to ``[patches, 9 C]``; the remainder is divided between both borders."""
    rows, columns = _places(features)
    n = min(_SIDE, math.ceil(math.sqrt(rows * columns / _PLACES)))
    top, left = ((room - 1) % n // 2 for room in (rows, columns))
    unfolded = F.unfold(features[..., top:, left:], _SIDE, stride=n)
    return unfolded.transpose(1, 2).flatten(0, 1)


def _places(features: Tensor) -> tuple[int, int]:
    """The number of places for a patch, down and across."""
    height, width = features.shape[2:]
    if min(height, width) < _SIDE:
        raise TrainingError(
            f"features of {width}x{height} cells are smaller than the {_SIDE}x{_SIDE} patches of "
            "the style loss mrf; give larger pictures or shallower layers"
        )
    return height - _SIDE + 1, width - _SIDE + 1
