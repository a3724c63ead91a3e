"""The mask of whatever moves in front of a still background."""

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime_nst.masks.mask import Weights
from realtime_nst.media.planes import rgb_at
from realtime_nst.stream import Frame, Image

_SHORTER = 180
"""The shorter side, in pixels, of the pictures that the background is learnt from."""

_HISTORY, _STAYS, _DIFFERS = 1000, 0.5, 24
"""Number of frames that the background is learnt over; share of them after which an object that
stays belongs to it; squared deviation from which on a pixel is foreground."""

_SPECK = 0.002
"""Share of the picture below which a moving region is taken for noise."""

_FADES, _CLEARS = 0.75, 0.25
"""How much of the last frame's weight remains, so that no place blinks; and how much where the
background is plainly seen again, so that nothing trails a halo."""

_PLAIN = 8
"""Mean difference from the background, in grey levels, below which it is plainly seen."""


class MovingMask:
    """Background subtraction by a mixture of Gaussians for each pixel (Zivkovic 2004), with specks
    removed and holes filled.

    The first frame counts as background, and so does, after some 700 frames, an object that no
    longer moves. The camera must stand still.
    """

    lead_in = None

    def __init__(self) -> None:
        self._before: Weights | None = None
        self.reset()

    def __call__(self, frame: Frame) -> Weights:
        scale = min(1.0, _SHORTER / min(frame.size))
        width, height = (round(side * scale) for side in frame.size)
        small = rgb_at(frame.picture, (width, height))
        smooth: Image = cv2.GaussianBlur(small, (3, 3), 0)  # type: ignore[assignment]
        moving: Weights = self._background.apply(smooth, None, 1 / _HISTORY)  # type: ignore[assignment]
        if self._before is None or self._before.shape != moving.shape:
            self._before = np.zeros_like(moving)
        else:
            remains = np.where(self._shows(smooth), _CLEARS, _FADES)
            fading = (self._before * remains).astype(np.uint8)
            self._before = np.maximum(_cleaned(moving), fading)
        return self._before

    def _shows(self, picture: Image) -> NDArray[np.bool_]:
        """Where the background is plainly seen."""
        away = cv2.absdiff(picture, self._background.getBackgroundImage())
        return np.asarray(cv2.blur(cv2.cvtColor(away, cv2.COLOR_RGB2GRAY), (5, 5)) < _PLAIN)

    def reset(self) -> None:
        self._background = cv2.createBackgroundSubtractorMOG2(_HISTORY, _DIFFERS, False)
        self._background.setBackgroundRatio(_STAYS)
        self._before = None


def _cleaned(moving: Weights) -> Weights:
    """``moving`` without specks, its outlines filled."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
    closed = cv2.morphologyEx(cv2.medianBlur(moving, 5), cv2.MORPH_CLOSE, disc)
    outlines, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    large = [line for line in outlines if cv2.contourArea(line) >= _SPECK * moving.size]
    result: Weights = cv2.drawContours(np.zeros_like(moving), large, -1, 255, cv2.FILLED)  # type: ignore[assignment]
    return result
