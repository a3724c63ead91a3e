"""Style as the mean and the standard deviation of each channel."""

import torch
from torch import Tensor

_EPSILON = 1e-5
"""Added to variances, as batch norm does: the root's slope at 0 is not finite."""


class BatchNormLoss:
    """Squared differences of the channels' means and standard deviations, mean over the batch.

    ``style``: the painting's features ``[1, C, h, w]``. Li et al. 2017, "Demystifying Neural Style
    Transfer". Deviation: divided by the sum of squares of the painting's statistics.
    """

    def __init__(self, style: Tensor) -> None:
        self._target = _statistics(style.detach())
        self._norm = self._target.pow(2).sum()

    def __call__(self, result: Tensor) -> Tensor:
        return (_statistics(result) - self._target).pow(2).sum(1).mean() / self._norm


def _statistics(features: Tensor) -> Tensor:
    """``[N, C, h, w]`` to ``[N, 2 C]``."""
    variance, mean = torch.var_mean(features.flatten(2).float(), dim=2, correction=0)
    return torch.cat((mean, (variance + _EPSILON).sqrt()), dim=1)
