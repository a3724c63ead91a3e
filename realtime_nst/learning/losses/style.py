"""Style losses on statistics of features: Gram matrices, moments and histograms.

Each is built from the features ``style`` ``[1, C, h, w]`` of a painting, and called with features
``[N, C, ?, ?]`` of results. The loss is the mean over the batch.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from realtime_nst.learning.tensors import gram, statistics

_OFFSETS = (1, 4, 16)


def moments(features: Tensor) -> Tensor:
    """``[N, C, h, w]`` to float32 ``[N, 2 C]``: the channels' means, then their deviations."""
    return torch.cat(statistics(features), 1).flatten(1)


class GramLoss:
    """Squared Frobenius distance of the result's Gram matrix to the painting's.

    Johnson et al. 2016, equation 4. Deviation: divided by the squared norm of the painting's Gram
    matrix, so that every layer has the same scale.
    """

    def __init__(self, style: Tensor) -> None:
        self._target = gram(style.detach())

    def __call__(self, result: Tensor) -> Tensor:
        return _distance(gram(result), self._target)


class ShiftedGramLoss:
    """The Gram loss between features and their copies shifted in x and in y, mean over the shifts.

    Berger and Memisevic 2017, with shifts of 0 (the plain Gram matrix), 1, 4 and 16 cells of the
    layer, as far as both pictures are large enough. Deviation: each distance is divided by the
    squared norm of the painting's matrix, as in GramLoss.
    """

    def __init__(self, style: Tensor) -> None:
        self._targets = _shifted_grams(style.detach())

    def __call__(self, result: Tensor) -> Tensor:
        grams = _shifted_grams(result)
        shared = [shift for shift in grams if shift in self._targets]
        distances = [_distance(grams[shift], self._targets[shift]) for shift in shared]
        return torch.stack(distances).mean()


class BatchNormLoss:
    """Squared differences of the channels' means and standard deviations.

    Li et al. 2017, "Demystifying Neural Style Transfer". Deviation: divided by the sum of squares
    of the painting's statistics.
    """

    def __init__(self, style: Tensor) -> None:
        self._target = moments(style.detach())
        self._norm = self._target.pow(2).sum()

    def __call__(self, result: Tensor) -> Tensor:
        return (moments(result) - self._target).pow(2).sum(1).mean() / self._norm


class HistogramLoss:
    """Mean squared distance of the features to themselves remapped to the painting's histograms.

    Risser et al. 2017; as there, the remapped features get no gradient. Deviations: exact matching
    by sorting instead of 256 bins (the i-th smallest value of a channel becomes the painting's i-th
    smallest, interpolated if the counts differ); divided by the painting's mean square.
    """

    def __init__(self, style: Tensor) -> None:
        self._sorted = style.detach().flatten(2).float().sort(dim=2).values
        self._norm = self._sorted.pow(2).mean().clamp_min(1e-12)

    def __call__(self, result: Tensor) -> Tensor:
        values = result.float().flatten(2).contiguous()
        return (values - self._remap(values)).pow(2).mean() / self._norm

    @torch.no_grad()
    def _remap(self, values: Tensor) -> Tensor:
        wanted = F.interpolate(self._sorted, size=values.shape[2], mode="linear")
        return torch.empty_like(values).scatter_(2, values.argsort(dim=2), wanted.expand_as(values))


def _distance(result: Tensor, target: Tensor) -> Tensor:
    norm = target.pow(2).sum().clamp_min(torch.finfo(torch.float32).tiny)
    return (result - target).pow(2).sum(dim=(1, 2)).mean() / norm


def _shifted_grams(features: Tensor) -> dict[tuple[int, int], Tensor]:
    """By shift (down, across): float32 ``[N, C, C]``, averaged over the places both copies cover.

    Rows are separated by zeros, so that a shift of the flat features is one of the picture.
    """
    _, channels, height, width = features.shape
    shifts = [(0, 0)] + [(n, 0) for n in _OFFSETS if n < height]
    shifts += [(0, n) for n in _OFFSETS if n < width]
    pitch = width + max(across for _, across in shifts)
    flat = F.pad(features, (0, pitch - width)).permute(0, 2, 3, 1).flatten(1, 2)
    grams = {}
    for down, across in shifts:
        offset = down * pitch + across
        products = flat[:, : flat.shape[1] - offset].transpose(1, 2) @ flat[:, offset:]
        places = (height - down) * (width - across)
        grams[down, across] = products.float() / (channels * places)
    return grams
