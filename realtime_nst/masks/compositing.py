"""Compositing: a mask decides which of two stages each part of the picture comes from."""

from dataclasses import replace

import cv2
import numpy as np

from realtime_nst.masks.mask import Mask, Weights, softened
from realtime_nst.stream import Frame, Image, Stage


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
