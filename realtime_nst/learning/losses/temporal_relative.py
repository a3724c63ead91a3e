"""The temporal loss on results, told in units of the picture's own contrast."""

import torch
from torch import Tensor

from realtime_nst.learning.losses.moved import Moved
from realtime_nst.learning.losses.temporal_output import temporal_output


def temporal_relative(results: Moved) -> Tensor:
    """``temporal_output`` over the mean squared gradient of both results, summed over x and y.

    A paler or softer picture changes less from frame to frame without being any steadier; here it
    gains nothing. Gradients flow through the contrast, too. 0 for results of one colour.
    """
    pictures = torch.cat([results.earlier, results.later])
    gradients = (pictures.diff(dim=axis).square().mean() for axis in (-2, -1))
    return temporal_output(results) / sum(gradients, pictures.new_tensor(1e-6))
