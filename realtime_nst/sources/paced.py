"""A source that is read as fast as possible, given out at its own pace."""

import time
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Self

from realtime_nst.sources._fitted import fitted
from realtime_nst.stream import Frame, Managed, Source, StreamInfo

_REPEAT_SECONDS = 0.1


class PacedSource(Managed):
    """``source`` as if it were live: each frame comes when its time has come.

    A picture that stands for longer is repeated ten times a second, the last one until its end, so
    that who shows it can go on answering. Pictures of another size than the first are fitted into
    it with black bars. Raises what ``source`` raises.
    """

    def __init__(self, source: Source) -> None:
        self._source = source

    @property
    def info(self) -> StreamInfo:
        return replace(self._source.info, live=True, frames=None)

    def __enter__(self) -> Self:
        self._source.__enter__()
        return self

    def _close(self) -> None:
        self._source.__exit__(None, None, None)

    def __iter__(self) -> Iterator[Frame]:
        width, height = self.info.width, self.info.height
        for index, (frame, pts) in enumerate(self._shown()):
            yield Frame(fitted(frame.image, width, height), index, pts, time.monotonic())

    def _shown(self) -> Iterator[tuple[Frame, Fraction]]:
        """Every frame at its time, and again while it stands."""
        shown: Frame | None = None
        start, began = Fraction(0), time.monotonic()
        for frame in self._source:
            if shown is None:
                start, began = frame.pts, time.monotonic()
            else:
                yield from _standing(shown, began - float(start), frame.pts)
            yield frame, frame.pts
            shown = frame
        if shown is not None and self._source.info.rate:
            yield from _standing(
                shown, began - float(start), shown.pts + 1 / self._source.info.rate
            )


def _standing(frame: Frame, origin: float, until: Fraction) -> Iterator[tuple[Frame, Fraction]]:
    """Waits until the clock reads ``origin + until``."""
    while (left := origin + float(until) - time.monotonic()) > 0:
        time.sleep(min(left, _REPEAT_SECONDS))
        if left > _REPEAT_SECONDS:
            yield frame, until - Fraction(left - _REPEAT_SECONDS).limit_denominator(90_000)
