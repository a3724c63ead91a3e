"""Holding a frame rate by painting less: at a smaller size first, then on fewer frames."""

import time
from collections.abc import Callable

from realtime_nst.live.adaptive import AdaptiveRate, Level
from realtime_nst.live.background import Background
from realtime_nst.paint import Paint
from realtime_nst.stream import Frame


class Pace:
    """A stage that runs ``painting`` and holds ``fps``: by the size that it works at, and then by
    how often its network runs. With 0 everything is painted in full.

    A new size is prepared in ``background`` before it is used. ``say`` is told of each change.
    """

    def __init__(
        self, painting: Paint, fps: float, background: Background, say: Callable[[str], None]
    ) -> None:
        self._painting, self._fps = painting, fps
        self._rate = AdaptiveRate(fps) if fps else None
        self._background, self._say = background, say

    def __call__(self, frame: Frame) -> Frame:
        began = time.perf_counter()
        painted = self._painting(frame)
        if painted.picture is not frame.picture:
            self._took(time.perf_counter() - began)
        return painted

    def reset(self) -> None:
        self._painting.reset()

    def _took(self, seconds: float) -> None:
        rate = self._rate  # given up on another thread
        if rate is None or self._background.busy:
            return
        if rate.update(time.monotonic(), seconds):
            level = rate.level
            self._background.do("size", lambda: self._use(level))

    def _use(self, level: Level) -> None:
        try:
            width, height = self._painting.work_at(level.scale, level.every)
        except Exception as error:  # shown on the picture, whatever it is: the size stays
            self._rate = None
            self._say(f"the frame rate is no longer held: {error}")
            return
        every = self._painting.network_every
        often = f", the network on every {_ordinal(every)} frame" if every > 1 else ""
        self._say(f"painting {width}x{height}{often}, to hold {self._fps:g} fps")


def _ordinal(number: int) -> str:
    return {2: "2nd", 3: "3rd"}.get(number, f"{number}th")
