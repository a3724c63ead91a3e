"""Style by region (Gatys et al. 2017, on controlling perceptual factors)."""

from torch import Tensor

from realtime_nst.learning.losses.style import GramLoss
from realtime_nst.learning.optimise.resize import resized


class GuidedGram:
    """The Gram loss between a region of the result and a region of the painting.

    ``style``: the painting's features ``[1, C, h, w]``; masks ``[1, 1, H, W]`` in 0..1, None for
    all of the picture. Equations 2 and 3: features are multiplied by the mask, scaled to the layer
    and divided by the root of its mass, so that small regions count like large ones.
    """

    def __init__(
        self, style: Tensor, painting_mask: Tensor | None, content_mask: Tensor | None
    ) -> None:
        self._mask = content_mask
        self._loss = GramLoss(guided(style, painting_mask))

    def __call__(self, result: Tensor) -> Tensor:
        return self._loss(guided(result, self._mask))


def guided(features: Tensor, mask: Tensor | None) -> Tensor:
    """``features`` times ``mask``, whose mean square over the places is made 1."""
    if mask is None:
        return features
    weights = resized(mask, (features.shape[-2], features.shape[-1]))
    mass = weights.pow(2).mean().sqrt().clamp_min(1e-6)
    return features * (weights / mass).to(features.dtype)
