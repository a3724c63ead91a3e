"""Painting at the rate that is wished, by painting less."""

import time
from collections.abc import Callable, Sequence

from realtime_nst.live.adaptive import AdaptiveRate, Level
from realtime_nst.live.background import Background
from realtime_nst.live.working import Working
from realtime_nst.motion.stabilise import Stabilise
from realtime_nst.stream import Stage


class Pace:
    """Holds ``fps`` (0: leaves everything as it is) by the size ``painting`` works at, and then by
    how often the network runs in ``stabilisers``; ``stage`` is what frames go through.

    ``prepare`` is called with a new size beside the running one, before it is taken. ``say`` is
    told of each change.
    """

    def __init__(
        self,
        painting: Stage,
        stabilisers: Sequence[Stabilise],
        prepare: Callable[[int, int], None],
        fps: float,
        background: Background,
        say: Callable[[str], None],
    ) -> None:
        self.stage = Working(painting, self._took)
        self._prepare, self._stabilisers = prepare, stabilisers
        self._every, self._fps = stabilisers[0].network_every, fps
        self._rate = AdaptiveRate(fps) if fps else None
        self._background, self._say = background, say

    def _took(self, seconds: float) -> None:
        rate = self._rate  # given up on another thread
        if rate is None or self._background.busy:
            return
        if rate.update(time.monotonic(), seconds):
            level = rate.level
            self._background.do("size", lambda: self._take(level))

    def _take(self, level: Level) -> None:
        size = self.stage.size_at(level.scale)
        try:
            self._prepare(*size)
        except Exception as error:  # on the picture, whatever it is: the size before stays
            self._rate = None
            self._say(f"the rate is no longer held: {error}")
            return
        self.stage.scale = level.scale
        for stabilise in self._stabilisers:
            stabilise.network_every = max(self._every, level.every)
        self._say(f"{self._described(size)}, to hold {self._fps:g} fps")

    def _described(self, size: tuple[int, int]) -> str:
        every = self._stabilisers[0].network_every
        often = f", the network on every {_ordinal(every)} frame" if every > 1 else ""
        return f"painting {size[0]}x{size[1]}{often}"


def _ordinal(number: int) -> str:
    return {2: "2nd", 3: "3rd"}.get(number, f"{number}th")
