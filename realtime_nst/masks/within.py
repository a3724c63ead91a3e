"""The stage that paints some of the picture one way and the rest another, or not at all."""

from dataclasses import replace

import cv2
import numpy as np

from realtime_nst.masks.mask import Mask, Weights, softened
from realtime_nst.stream import Frame, Image, Stage


class Within:
    """``inside`` where ``mask`` says, ``outside`` elsewhere (None: the frame as it came), and a
    soft edge between. A stage that would not be seen at all is not called."""

    def __init__(self, mask: Mask, inside: Stage, outside: Stage | None = None) -> None:
        self._mask, self._inside, self._outside = mask, inside, outside
        self._told: Weights | None = None
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
        """What the mask says, at the frame's size; what it said before is not softened again."""
        height, width = frame.image.shape[:2]
        told = self._mask(frame)
        if told is not self._told or self._soft.shape != (height, width):
            self._told, self._soft = told, softened(told, width, height)
        return self._soft

    def _rest(self, frame: Frame, weights: Weights) -> Frame:
        if self._outside is None or weights.min() == 255:
            return frame
        return self._outside(frame)


def _mixed(painted: Image, rest: Image, weights: Weights) -> Image:
    share = weights.astype(np.float32) / 255
    result: Image = cv2.blendLinear(painted, rest, share, 1 - share)  # type: ignore[assignment]
    return result
