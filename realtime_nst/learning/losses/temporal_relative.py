"""The temporal loss on results, told in units of the picture's own contrast."""

import torch
import torch.nn.functional as F
from torch import Tensor

from realtime_nst.learning.losses.moved import Moved
from realtime_nst.learning.losses.temporal_output import temporal_output

_STROKE = 4
"""Pixels averaged along each side before contrast is taken: what is left are strokes."""


def temporal_relative(results: Moved) -> Tensor:
    """``temporal_output`` over the mean squared gradient of both results ``[N, 3, H, W]``, of 8
    pixels a side at least, at a quarter of their size, summed over x and y.

    Paler paint changes less from frame to frame without being any steadier; here it gains nothing.
    Nor does a fine hatch that moves along: at full size it raises the contrast most cheaply, and
    long training covers the picture with it. Softer paint, within 4 pixels, does gain. Gradients
    flow through the contrast, too. 0 where both results are the same one colour.
    """
    pictures = F.avg_pool2d(torch.cat([results.earlier, results.later]), _STROKE)
    gradients = (pictures.diff(dim=axis).square().mean() for axis in (-2, -1))
    return temporal_output(results) / sum(gradients, pictures.new_tensor(1e-6))
