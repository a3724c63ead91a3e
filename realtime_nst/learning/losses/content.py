"""Losses that keep the photo: its features, and its edges."""

import torch.nn.functional as F
from torch import Tensor

from realtime_nst.learning.losses.terms import AtLayer, LossInputs, Sum, Term

_POOL = 4
_LEAST_SQUARE = 1e-4
"""A photo without edges counts as one whose Laplacian is 0.01 everywhere."""


def content_loss(result: Tensor, photo: Tensor) -> Tensor:
    """Mean squared difference of features over the mean square of the photo's; 0 is best.

    Johnson et al. 2016, equation 2. Deviation: divided by the photo's mean square, so that the
    layer's scale does not matter; 1 is as far as no features at all.
    """
    wanted = photo.detach().float()
    return (result.float() - wanted).pow(2).mean() / wanted.pow(2).mean().clamp_min(1e-12)


def content_terms(layers: tuple[str, ...]) -> Term:
    """The content loss summed over ``layers``."""
    return Sum(tuple(AtLayer(layer, content_loss) for layer in layers))


def laplacian(inputs: LossInputs) -> Tensor:
    """Squared difference of the Laplacians of result and photo, in cells of 4 x 4 pixels.

    Li S. et al. 2017, "Laplacian-Steered Neural Style Transfer": each cell is averaged, and the
    Laplacians of the colours are summed. Deviations: a mean over the photo's mean square instead of
    a sum; the outermost cells do not count.
    """
    wanted = _laplacian(inputs.photo.image).detach()
    difference = _laplacian(inputs.result.image) - wanted
    return difference.pow(2).mean() / wanted.pow(2).mean().clamp_min(_LEAST_SQUARE)


def _laplacian(image: Tensor) -> Tensor:
    x = F.avg_pool2d(image, _POOL).sum(1)
    around = x[:, 1:-1, :-2] + x[:, 1:-1, 2:] + x[:, :-2, 1:-1] + x[:, 2:, 1:-1]
    return 4 * x[:, 1:-1, 1:-1] - around
