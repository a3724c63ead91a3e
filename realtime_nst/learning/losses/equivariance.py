"""Shift equivariance: a moved photo gives the moved picture. Against grid and flicker at once."""

import torch
import torch.nn.functional as F
from torch import Tensor

from realtime_nst.learning.losses.compose import Views


class ShiftEquivariance:
    """Mean absolute difference between the result and the moved-back result of the moved photo.

    The photo moves by 1 to ``reach`` whole pixels in each direction (random, from torch's
    generator); a border of 16 pixels, where padding differs, does not count. Gradients flow through
    both results. A network that works at a quarter of the resolution is otherwise free to draw
    by the position within its 4-pixel cell (compare Zhang 2019 on shift invariance).
    """

    border = 16

    def __init__(self, reach: int = 3) -> None:
        self._reach = reach

    def __call__(self, views: Views) -> Tensor:
        dy, dx = (int(n) for n in torch.randint(1, self._reach + 1, (2,)))
        photo, result = views.photo.image, views.result.image
        moved = F.pad(photo, (dx, 0, dy, 0), mode="reflect")[
            ..., : photo.shape[-2], : photo.shape[-1]
        ]
        again = views.network(moved)[..., dy:, dx:]
        same = result[..., : again.shape[-2], : again.shape[-1]]
        b = self.border
        return (again - same)[..., b:-b, b:-b].abs().mean()
