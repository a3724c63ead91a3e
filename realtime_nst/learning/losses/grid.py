"""The grid that a network working on blocks of pixels may leave, as a loss."""

import torch
from torch import Tensor

from realtime_nst.learning.losses.compose import Views

_PERIODS = (4, 8)
_EPSILON = 1e-6
"""Times the pixels of a line, added to each energy: without it the log of a flat picture's is not
finite. Greys are in 0..1."""


def grid(views: Views) -> Tensor:
    """How much more of a grid of 4 and of 8 pixels the results show than their photos; their sum.

    As :func:`realtime_nst.metrics.grid.grid` measures it, but the log of the quotient where that is
    over 0, along rows and along columns by themselves; mean of both and of the batch. Equivariance
    asks all of every pixel; this asks of what the eye finds, the frequency that all blocks share,
    however faint. Pictures are at least 64x64.
    """
    return torch.stack(
        [
            (_prominence(views.result.image, n) - _prominence(views.photo.image, n)).relu().mean()
            for n in _PERIODS
        ]
    ).sum()


def _prominence(images: Tensor, period: int) -> Tensor:
    """The log of the energy at ``period`` over that beside it, along rows and along columns:
    ``[2, N]``."""
    grey = images.mean(1)
    return torch.stack([_along_rows(grey, period), _along_rows(grey.mT, period)])


def _along_rows(grey: Tensor, period: int) -> Tensor:
    length = grey.shape[2] // (8 * period) * 8 * period
    window = torch.hann_window(length, periodic=False, device=grey.device)
    energy = torch.fft.rfft(grey[..., :length] * window).abs().square().mean(1) + _EPSILON * length
    peak = length // period
    beside = torch.cat([energy[:, peak - 6 : peak - 2], energy[:, peak + 3 : peak + 7]], 1)
    return energy[:, peak - 1 : peak + 2].amax(1).log() - beside.mean(1).log()
