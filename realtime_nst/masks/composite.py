"""Compositing by a mask: one stage shows where it is white, and another elsewhere."""

from functools import partial

import cv2
import numpy as np

from realtime_nst.masks.edges import Fit, SoftEdge
from realtime_nst.masks.mask import Mask, Weights
from realtime_nst.media.planes import each_plane
from realtime_nst.stream import Frame, Image, Stage


class Composite:
    """The result of ``inside`` where ``mask`` is white and of ``outside`` where it is black (None:
    the source). ``fit`` makes the edge in between (None: a soft one). A stage of which nothing
    would be seen does not run.
    """

    def __init__(
        self, mask: Mask, inside: Stage, outside: Stage | None = None, *, fit: Fit | None = None
    ) -> None:
        self._mask, self._inside, self._outside = mask, inside, outside
        self._fit = fit or SoftEdge()

    @property
    def lead_in(self) -> int | None:
        """That of the mask."""
        return self._mask.lead_in

    def __call__(self, frame: Frame) -> Frame:
        weights = self._fit(self._mask(frame), frame.picture)
        rest = self._rest(frame, weights)
        if not weights.any():
            return rest
        painted = self._inside(frame)
        mix = partial(mixed, weights)
        return painted.showing(each_plane(mix, painted.picture, rest.picture))

    def reset(self) -> None:
        for each in (self._mask, self._inside, self._outside):
            if each is not None:
                each.reset()

    def _rest(self, frame: Frame, weights: Weights) -> Frame:
        if self._outside is None or weights.min() == 255:
            return frame
        return self._outside(frame)


def mixed(weights: Weights, painted: Image, rest: Image) -> Image:
    """RGB, or planes of the size of ``weights`` or half of it. In integers, which takes half as
    long as with shares as floats, and is off by 1 at most."""
    height, width = painted.shape[:2]
    if weights.shape != (height, width):
        weights = np.asarray(cv2.resize(weights, (width, height), interpolation=cv2.INTER_AREA))
    inside = weights if painted.ndim == 2 else cv2.merge([weights, weights, weights])
    shown = cv2.multiply(painted, inside, scale=1 / 255)
    left = cv2.multiply(rest, cv2.bitwise_not(inside), scale=1 / 255)
    return np.asarray(cv2.add(shown, left), np.uint8)
