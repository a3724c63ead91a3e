"""The Laplacian loss: content as the edges of the picture itself."""

import torch.nn.functional as F
from torch import Tensor

from realtime_nst.learning.losses.compose import Views

_POOL = 4
_LEAST_SQUARE = 1e-4
"""A photo without edges counts as one whose Laplacian is 0.01 all over."""


class Laplacian:
    """Squared difference of the Laplacians of result and photo, in cells of 4 x 4 pixels.

    Li S. et al. 2017, "Laplacian-Steered Neural Style Transfer": the pixels of a cell are averaged,
    the colours' Laplacians summed. Deviations: a mean over the photo's mean square instead of a
    sum; the outermost cells do not count.
    """

    def __call__(self, views: Views) -> Tensor:
        wanted = self._filter(views.photo.image).detach()
        difference = self._filter(views.result.image) - wanted
        return difference.pow(2).mean() / wanted.pow(2).mean().clamp_min(_LEAST_SQUARE)

    def _filter(self, image: Tensor) -> Tensor:
        x = F.avg_pool2d(image, _POOL).sum(1)
        around = x[:, 1:-1, :-2] + x[:, 1:-1, 2:] + x[:, :-2, 1:-1] + x[:, 2:, 1:-1]
        return 4 * x[:, 1:-1, 1:-1] - around
