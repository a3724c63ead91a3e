"""Frames into a muxer, each at its time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from math import floor
from pathlib import Path

import av

from realtime_nst.errors import MediaError
from realtime_nst.sinks._form import Form
from realtime_nst.sinks._mux import Muxer
from realtime_nst.sinks.targets import why_not_written
from realtime_nst.stream import Frame

_HALF = Fraction(1, 2)
"""Rounded up: ``round`` would give one tick to 1.5 and 2.5."""


class FrameWriter:
    """Writes frames to the muxer that ``opened`` gives for the (width, height) of the first one.

    ``shown`` has the ticks of those written, ``lasting`` is how long the last one is shown, and
    ``skipped`` counts frames that were shown no later than the one before.
    """

    def __init__(self, form: Form, opened: Callable[[tuple[int, int]], Muxer]) -> None:
        self._form = form
        self._opened: Callable[[tuple[int, int]], Muxer] | None = opened
        self.muxer: Muxer | None = None
        self.shown: list[int] = []
        self.lasting: Fraction | None = None
        self.skipped = 0

    def write(self, frame: Frame) -> None:
        """Raises :class:`MediaError` if the frames' size changes, FFmpegError and OSError if the
        file cannot be written."""
        size = frame.size
        if self._opened:
            self.muxer = self._opened(size)
            self._opened = None  # a sink's own method: a cycle, which kept the encoder's threads
        assert self.muxer is not None
        if size != self.muxer.size:
            raise MediaError(
                f"a frame of {size[0]}x{size[1]} came after frames of "
                f"{self.muxer.size[0]}x{self.muxer.size[1]}; a video file holds one size"
            )
        tick = self._form.encoding.traits.time_base
        ticks = floor((frame.pts - self._form.span.start) / tick + _HALF)
        if self.shown and ticks <= self.shown[-1]:
            self.skipped += 1
            return
        self.shown.append(ticks)
        self.lasting = round(frame.duration / tick) * tick if frame.duration else None
        self.muxer.write(frame.picture, ticks * tick, self.lasting, frame.original)


@contextmanager
def errors_named(working: Path, path: Path) -> Iterator[None]:
    """FFmpeg's errors and those of the disk, met while the video ``path`` was written to
    ``working``, become :class:`MediaError` of one line."""
    try:
        yield
    except (av.FFmpegError, OSError) as error:
        raise MediaError(why_not_written(error, working, path)) from error
