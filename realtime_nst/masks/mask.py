"""Masks say where to paint; compositing by a mask shows one stage there and another elsewhere."""

from dataclasses import replace
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime_nst.stream import Frame, Image, Stage

Weights = NDArray[np.uint8]
"""Shape ``(height, width)`` of any size, stretched over the frame: 255 is painted, 0 is not."""

_SOFT = 0.008
"""Standard deviation of the soft edge, as a share of the shorter side."""


class Mask(Protocol):
    """Gives, for each frame of a stream in order, the weights to paint with."""

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


class Composite:
    """The result of ``inside`` where ``mask`` is white and of ``outside`` where it is black (None:
    the source), with a soft edge in between. A stage of which nothing would be seen does not run.
    """

    def __init__(self, mask: Mask, inside: Stage, outside: Stage | None = None) -> None:
        self._mask, self._inside, self._outside = mask, inside, outside
        self._raw: Weights | None = None
        self._soft = np.zeros((0, 0), np.uint8)

    def __call__(self, frame: Frame) -> Frame:
        weights = self._weights(frame)
        rest = self._rest(frame, weights)
        if not weights.any():
            return rest
        painted = self._inside(frame)
        return replace(painted, image=_mixed(painted.image, rest.image, weights))

    def reset(self) -> None:
        for each in (self._mask, self._inside, self._outside):
            if each is not None:
                each.reset()

    def _weights(self, frame: Frame) -> Weights:
        """The mask at the frame's size, softened. An unchanged mask is not softened again."""
        height, width = frame.image.shape[:2]
        raw = self._mask(frame)
        if raw is not self._raw or self._soft.shape != (height, width):
            self._raw, self._soft = raw, softened(raw, width, height)
        return self._soft

    def _rest(self, frame: Frame, weights: Weights) -> Frame:
        if self._outside is None or weights.min() == 255:
            return frame
        return self._outside(frame)


def _mixed(painted: Image, rest: Image, weights: Weights) -> Image:
    share = weights.astype(np.float32) / 255
    result: Image = cv2.blendLinear(painted, rest, share, 1 - share)  # type: ignore[assignment]
    return result


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
