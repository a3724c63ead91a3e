"""Means and deviations of the channels of features ``[N, C, h, w]``, always in float32."""

import torch.nn.functional as F
from torch import Tensor

_EPSILON = 1e-5
"""Added to variances."""


def statistics(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each channel, each ``[N, C, 1, 1]``."""
    x = x.float()
    mean = x.mean((2, 3), keepdim=True)
    variance = (x - mean).square().mean((2, 3), keepdim=True)
    return mean, (variance + _EPSILON).sqrt()


def normalised(x: Tensor) -> Tensor:
    """``x`` with mean 0 and deviation 1 in each channel."""
    return F.instance_norm(x.float(), eps=_EPSILON)
