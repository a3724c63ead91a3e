"""Painting at a smaller size than is shown."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import cast

import cv2

from realtime_nst.stream import Frame, Image, Stage

_MULTIPLE = 8


class Working:
    """``stage`` on pictures whose sides are ``scale`` times as long; what comes out has the size
    of what went in.

    ``scale`` (up to 1) may be set from any thread; ``size`` is the width and height painted last.
    ``took`` is called with the seconds each frame needed. A frame that ``stage`` gives back
    untouched stays so, and is not counted.
    """

    def __init__(self, stage: Stage, took: Callable[[float], None] = lambda seconds: None) -> None:
        self._stage, self._took = stage, took
        self.scale = 1.0
        self.size = self._whole = (0, 0)

    def __call__(self, frame: Frame) -> Frame:
        began = time.perf_counter()
        self._whole = frame.image.shape[1], frame.image.shape[0]
        self.size = self.size_at(self.scale)
        small = replace(frame, image=_resized(frame.image, self.size))
        made = self._stage(small)
        if made.image is small.image:
            return frame
        result = replace(made, image=_resized(made.image, self._whole))
        self._took(time.perf_counter() - began)
        return result

    def reset(self) -> None:
        self._stage.reset()

    def size_at(self, scale: float) -> tuple[int, int]:
        """The width and height painted at ``scale``: multiples of eight below 1."""
        if scale == 1:
            return self._whole
        width, height = (max(1, round(side * scale / _MULTIPLE)) for side in self._whole)
        return width * _MULTIPLE, height * _MULTIPLE


def _resized(image: Image, size: tuple[int, int]) -> Image:
    if (image.shape[1], image.shape[0]) == size:
        return image
    method = cv2.INTER_AREA if size[0] < image.shape[1] else cv2.INTER_LINEAR
    return cast(Image, cv2.resize(image, size, interpolation=method))
