"""What a mask is, and what may be done with any of them."""

from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime_nst.stream import Frame

Weights = NDArray[np.uint8]
"""``(height, width)``, of any size: stretched over the frame, 255 is all painted, 0 not at all."""

_SOFT = 0.008
"""Standard deviation of the soft edge, over the shorter side."""


class Mask(Protocol):
    """Says for each frame, in the stream's order, where to paint."""

    def __call__(self, frame: Frame) -> Weights: ...
    def reset(self) -> None:
        """Forget earlier frames: called at a cut, a loop, a seek."""


class Inverted:
    """Paints where ``mask`` does not."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask

    def __call__(self, frame: Frame) -> Weights:
        return 255 - self._mask(frame)

    def reset(self) -> None:
        self._mask.reset()


def softened(weights: Weights, width: int, height: int) -> Weights:
    """``weights`` with soft edges at ``width`` x ``height``; all 0 or all 255 stays so."""
    smaller = weights.size < width * height
    soft = _blurred(weights) if smaller else weights
    method = cv2.INTER_LINEAR if smaller else cv2.INTER_AREA
    result: Weights = cv2.resize(soft, (width, height), interpolation=method)  # type: ignore[assignment]
    return result if smaller else _blurred(result)


def _blurred(weights: Weights) -> Weights:
    result: Weights = cv2.GaussianBlur(weights, (0, 0), _SOFT * min(weights.shape))  # type: ignore[assignment]
    return result
