"""The paintings of an optimisation, and their regions (Gatys et al. 2017, on controlling
perceptual factors)."""

from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from realtime_nst.errors import UsageError
from realtime_nst.learning.data.pictures import read_image
from realtime_nst.learning.losses.style import GramLoss
from realtime_nst.learning.tensors import resized

_LEAST_MASS = 1e-3
_ASPECT = 1.05


@dataclass(frozen=True)
class Style:
    """``painting``: ``[1, 3, H, W]`` in 0..1. ``share``: its weight in a blend of styles.

    Masks ``[1, 1, H, W]`` in 0..1, of any size, pair a region of the content with a region of the
    painting. None is the whole picture.
    """

    painting: Tensor
    share: float = 1.0
    content_mask: Tensor | None = None
    painting_mask: Tensor | None = None

    @property
    def masked(self) -> bool:
        return self.content_mask is not None or self.painting_mask is not None

    def to(self, device: str) -> "Style":
        masks = (self.content_mask, self.painting_mask)
        moved = (None if mask is None else mask.to(device) for mask in masks)
        return Style(self.painting.to(device), self.share, *moved)


class GuidedGram:
    """The Gram loss between a region of the result and a region of the painting.

    ``style``: the painting's features ``[1, C, h, w]``. Masks are as in :class:`Style`. Equations 2
    and 3 of the paper: features are multiplied by the mask at the layer's size, divided by its
    root mean square, so that small regions count as much as large ones.
    """

    def __init__(
        self, style: Tensor, painting_mask: Tensor | None, content_mask: Tensor | None
    ) -> None:
        self._mask = content_mask
        self._loss = GramLoss(guided(style, painting_mask))

    def __call__(self, result: Tensor) -> Tensor:
        return self._loss(guided(result, self._mask))


def guided(features: Tensor, mask: Tensor | None) -> Tensor:
    """``features`` times ``mask``, which is scaled to a mean square of 1."""
    if mask is None:
        return features
    weights = resized(mask, (features.shape[-2], features.shape[-1]))
    mass = weights.pow(2).mean().sqrt().clamp_min(1e-6)
    return features * (weights / mass).to(features.dtype)


def read_mask(path: Path, of: Path | None = None) -> Tensor:
    """The mask ``[1, 1, H, W]`` in 0..1 for the picture ``of``; the region is white.

    Raises UsageError if it is missing, nearly black everywhere, or has another aspect ratio than
    ``of``, MediaError if it is no picture.
    """
    mask = read_image(path).mean(1, keepdim=True)
    if mask.mean() < _LEAST_MASS:
        raise UsageError(
            f"the mask {str(path)!r} is (nearly) black everywhere; paint its region white"
        )
    if of is not None:
        _check_shape(path, mask, of, read_image(of))
    return mask


def _check_shape(path: Path, mask: Tensor, of: Path, picture: Tensor) -> None:
    ratio = (mask.shape[-1] * picture.shape[-2]) / (mask.shape[-2] * picture.shape[-1])
    if not 1 / _ASPECT < ratio < _ASPECT:
        raise UsageError(
            f"the mask {str(path)!r} ({mask.shape[-1]}x{mask.shape[-2]}) has another shape than "
            f"its picture {str(of)!r} ({picture.shape[-1]}x{picture.shape[-2]}); draw it over that"
        )
