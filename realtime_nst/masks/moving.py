"""The mask of what moves before a background that stands still."""

import cv2
import numpy as np

from realtime_nst.masks.mask import Weights
from realtime_nst.stream import Frame

_SHORTER = 180
"""Pixels of the shorter side the background is kept at."""

_HISTORY, _STAYS, _DIFFERS = 1000, 0.5, 24
"""Frames the background is learnt over; the share of them after which what stays belongs to it;
squared deviations from which on a pixel is another thing."""

_SPECK = 0.002
"""Share of the picture below which what moves is taken for noise."""

_FADES = 0.75
"""Of a place that moved one frame ago, what remains painted, so that nothing blinks."""


class MovingMask:
    """Background subtraction (a mixture of Gaussians a pixel: Zivkovic 2004), cleaned of specks
    and holes. The first frame is taken for background, and so is, after some 700 frames, what no
    longer moves. It needs a camera that stands still."""

    def __init__(self) -> None:
        self._before: Weights | None = None
        self.reset()

    def __call__(self, frame: Frame) -> Weights:
        height, width = frame.image.shape[:2]
        scale = min(1.0, _SHORTER / min(height, width))
        small = cv2.resize(frame.image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        moving: Weights = self._background.apply(
            cv2.GaussianBlur(small, (3, 3), 0), None, 1 / _HISTORY
        )  # type: ignore[assignment]
        if self._before is None or self._before.shape != moving.shape:
            self._before = np.zeros_like(moving)
        else:
            fading = (self._before * _FADES).astype(np.uint8)
            self._before = np.maximum(_cleaned(moving), fading)
        return self._before

    def reset(self) -> None:
        self._background = cv2.createBackgroundSubtractorMOG2(_HISTORY, _DIFFERS, False)
        self._background.setBackgroundRatio(_STAYS)
        self._before = None


def _cleaned(moving: Weights) -> Weights:
    """Without specks, and with what they enclose filled."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
    closed = cv2.morphologyEx(cv2.medianBlur(moving, 5), cv2.MORPH_CLOSE, disc)
    outlines, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    large = [line for line in outlines if cv2.contourArea(line) >= _SPECK * moving.size]
    result: Weights = cv2.drawContours(np.zeros_like(moving), large, -1, 255, cv2.FILLED)  # type: ignore[assignment]
    return result
