"""Style as the histogram of each channel."""

import torch
import torch.nn.functional as F
from torch import Tensor


class HistogramLoss:
    """Mean squared distance of the features to themselves remapped to a painting's histograms.

    ``style``: the painting's features ``[1, C, h, w]``. Risser et al. 2017; the remapped features
    get no gradient, as there. Deviations: exact matching by sorting (the i-th smallest of a channel
    becomes the painting's i-th smallest, read between its values where the counts differ) instead
    of 256 bins; divided by the painting's mean square.
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
