"""Losses against artefacts: noise, flicker, and grids of pixels."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from realtime_nst.learning.losses.terms import LossInputs, Term

_REACH = 3
_BORDER = 16
"""Pixels at each side that do not count, because padding differs there."""

_PERIODS = (4, 8)
_EPSILON = 1e-6
"""Added to each energy, times the pixels of a line: the log is not finite for a flat picture."""


@dataclass(frozen=True)
class Sometimes:
    """``loss`` over ``share`` in that share of its calls, drawn from torch's generator, and 0 in
    the others: the same in the mean, at a part of the cost."""

    loss: Term
    share: float

    def __call__(self, inputs: LossInputs) -> Tensor:
        if self.share < 1 and torch.rand(()) >= self.share:
            return inputs.result.image.new_zeros(())
        return self.loss(inputs) / self.share


def total_variation(inputs: LossInputs) -> Tensor:
    """Mean absolute difference of neighbouring pixels of the result, both directions summed.

    Johnson et al. 2016 after Mahendran and Vedaldi 2015. Deviations: anisotropic, absolute
    differences, and a mean instead of a sum, so that it does not depend on the size.
    """
    x = inputs.result.image
    across = (x[..., :, 1:] - x[..., :, :-1]).abs().mean()
    down = (x[..., 1:, :] - x[..., :-1, :]).abs().mean()
    return across + down


def shift_equivariance(inputs: LossInputs) -> Tensor:
    """A shifted photo should give the shifted result: the mean absolute difference of the two.

    The shift is 1 to 3 whole pixels in each direction, drawn from torch's generator. Gradients flow
    through both results. Without this loss, a network that works at a quarter of the resolution is
    free to paint by the position within its 4-pixel cell (compare Zhang 2019 on shift invariance),
    which shows as a grid and as flicker.
    """
    dy, dx = (int(n) for n in torch.randint(1, _REACH + 1, (2,)))
    photo, result = inputs.photo.image, inputs.result.image
    height, width = photo.shape[-2:]
    shifted = F.pad(photo, (dx, 0, dy, 0), mode="reflect")[..., :height, :width]
    again = inputs.network(shifted)[..., dy:, dx:]
    same = result[..., : again.shape[-2], : again.shape[-1]]
    difference = (again - same)[..., _BORDER:-_BORDER, _BORDER:-_BORDER]
    return difference.abs().mean()


def grid(inputs: LossInputs) -> Tensor:
    """How much more of a grid of 4 and of 8 pixels the results show than their photos, summed.

    The measure of :func:`realtime_nst.metrics.grid.grid`, except that the log of the ratio counts
    if it is positive, rows and columns separately; the mean of both and of the batch. Equivariance
    asks something of every pixel; this loss looks for what the eye finds, the frequency that all
    blocks share, however faint. Pictures are at least 64x64.
    """
    return more_grid(inputs.result.image, inputs.photo.image, _PERIODS)


def more_grid(result: Tensor, reference: Tensor, periods: Sequence[int]) -> Tensor:
    """How much more of grids of ``periods`` pixels ``result`` shows than ``reference``, both
    ``[N, C, H, W]``; see :func:`grid`."""
    more = [(_prominence(result, n) - _prominence(reference, n)).relu().mean() for n in periods]
    return torch.stack(more).sum()


def _prominence(images: Tensor, period: int) -> Tensor:
    """The log of the energy at ``period`` over the energy beside it, ``[2, N]``: along rows, and
    along columns."""
    grey = images.mean(1)
    return torch.stack([_along_rows(grey, period), _along_rows(grey.mT, period)])


def _along_rows(grey: Tensor, period: int) -> Tensor:
    length = grey.shape[2] // (8 * period) * 8 * period
    window = torch.hann_window(length, periodic=False, device=grey.device)
    energy = torch.fft.rfft(grey[..., :length] * window).abs().square().mean(1) + _EPSILON * length
    peak = length // period
    beside = torch.cat([energy[:, peak - 6 : peak - 2], energy[:, peak + 3 : peak + 7]], 1)
    return energy[:, peak - 1 : peak + 2].amax(1).log() - beside.mean(1).log()
