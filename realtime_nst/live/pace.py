"""Holding a frame rate by painting less: at a smaller size first, then on fewer frames."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import cast

import cv2

from realtime_nst.live.adaptive import AdaptiveRate, Level
from realtime_nst.live.background import Background
from realtime_nst.paint import Paint
from realtime_nst.stream import Frame, Image, Stage

_MULTIPLE = 8


class Scaled:
    """Runs ``stage`` on frames whose sides are ``scale`` times as long; the result has the size of
    the frame again.

    ``scale`` (up to 1) may be set from any thread; ``size`` is the width and height painted last.
    ``took`` is called with the seconds that each frame needed. A frame that ``stage`` gives back
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
        painted = self._stage(small)
        if painted.image is small.image:
            return frame
        result = replace(painted, image=_resized(painted.image, self._whole))
        self._took(time.perf_counter() - began)
        return result

    def reset(self) -> None:
        self._stage.reset()

    def size_at(self, scale: float) -> tuple[int, int]:
        """The width and height painted at ``scale``; below 1 they are multiples of eight."""
        if scale == 1:
            return self._whole
        width, height = (max(1, round(side * scale / _MULTIPLE)) for side in self._whole)
        return width * _MULTIPLE, height * _MULTIPLE


class Pace:
    """Holds ``fps`` by the size that ``painting`` works at, and then by how often its network runs.
    With 0 everything is painted in full. Frames go through ``stage``.

    A new size is prepared in ``background`` before it is used. ``say`` is told of each change.
    """

    def __init__(
        self, painting: Paint, fps: float, background: Background, say: Callable[[str], None]
    ) -> None:
        self.stage = Scaled(painting, self._took)
        self._painting, self._fps = painting, fps
        self._rate = AdaptiveRate(fps) if fps else None
        self._background, self._say = background, say

    def _took(self, seconds: float) -> None:
        rate = self._rate  # given up on another thread
        if rate is None or self._background.busy:
            return
        if rate.update(time.monotonic(), seconds):
            level = rate.level
            self._background.do("size", lambda: self._use(level))

    def _use(self, level: Level) -> None:
        size = self.stage.size_at(level.scale)
        try:
            self._painting.prepare(*size)
        except Exception as error:  # shown on the picture, whatever it is: the size stays
            self._rate = None
            self._say(f"the frame rate is no longer held: {error}")
            return
        self.stage.scale = level.scale
        self._painting.run_network_every(level.every)
        self._say(f"{self._described(size)}, to hold {self._fps:g} fps")

    def _described(self, size: tuple[int, int]) -> str:
        every = self._painting.network_every
        often = f", the network on every {_ordinal(every)} frame" if every > 1 else ""
        return f"painting {size[0]}x{size[1]}{often}"


def _ordinal(number: int) -> str:
    return {2: "2nd", 3: "3rd"}.get(number, f"{number}th")


def _resized(image: Image, size: tuple[int, int]) -> Image:
    if (image.shape[1], image.shape[0]) == size:
        return image
    method = cv2.INTER_AREA if size[0] < image.shape[1] else cv2.INTER_LINEAR
    return cast(Image, cv2.resize(image, size, interpolation=method))
