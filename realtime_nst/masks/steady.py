"""A mask whose edge does not flicker."""

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from realtime_nst.masks.mask import Mask, Weights
from realtime_nst.media.planes import rgb_at
from realtime_nst.motion.stabilise import follows
from realtime_nst.motion.tracking import Motion, Tracker, grid
from realtime_nst.stream import Frame, Image

_HELD = 0.8
"""Share of the last weights that remains where nothing speaks against it."""

_FORGOTTEN = 19
"""The number of frames after which what was held has less than 1/64 of the weight."""

_SAME, _OTHER = 0.3, 0.8
"""How far the new weights may be from the last ones before less remains, and from which on nothing
does: a hand that comes into the picture is a change, no flicker."""

_TRACKED = 480
"""Lines of the pictures in which motion is looked for."""


class SteadyMask:
    """The weights of ``mask``, blended with its last ones, warped along the motion of the frames.

    Where the motion is not to be trusted, and where the mask has plainly changed, the new ones are
    taken at once; so they are at a cut, a seek, a loop and a change of size.
    """

    def __init__(self, mask: Mask) -> None:
        self._mask, self._track = mask, Tracker()
        self._last: Frame | None = None
        self._shares: NDArray[np.float32] | None = None

    @property
    def lead_in(self) -> int | None:
        own = self._mask.lead_in
        return None if own is None else max(own, _FORGOTTEN)

    def __call__(self, frame: Frame) -> Weights:
        if not follows(frame, self._last):
            self.reset()
        self._last = frame
        fresh = np.float32(1 / 255) * self._mask(frame)
        motion, last = self._track(_tracked(frame)), self._shares
        if motion is not None and last is not None and last.shape == fresh.shape:
            fresh = _blended(fresh, last, motion)
        self._shares = fresh
        return np.asarray(cv2.convertScaleAbs(fresh, alpha=255), np.uint8)

    def reset(self) -> None:
        self._mask.reset()
        self._track.reset()
        self._last = self._shares = None


def _tracked(frame: Frame) -> Image:
    """Motion is found in smaller pictures anyway."""
    scale = min(1.0, _TRACKED / min(frame.size))
    width, height = (max(1, round(side * scale)) for side in frame.size)
    return rgb_at(frame.picture, (width, height))


def _blended(fresh: MatLike, last: MatLike, motion: Motion) -> NDArray[np.float32]:
    height, width = fresh.shape
    rows, columns = motion.trust.shape
    scale = np.array((width / columns, height / rows), np.float32) / motion.factor
    there = grid(height, width) + cv2.resize(motion.flow, (width, height)) * scale
    warped = cv2.remap(last, there, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]
    change = warped - fresh
    same = np.clip((_OTHER - np.abs(change)) / (_OTHER - _SAME), 0, 1)
    held = _HELD * same * cv2.resize(motion.trust, (width, height))
    return np.asarray(fresh + held * change, np.float32)
