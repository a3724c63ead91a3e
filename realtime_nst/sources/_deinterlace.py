"""Whole pictures of interlaced ones, by FFmpeg's filter bwdif."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import count

import av
from av.filter import Graph
from av.video.frame import VideoFrame

from realtime_nst.errors import MediaError
from realtime_nst.sources._decoding import Timed

_TICK = Fraction(1, 1000)


def deinterlaced(frames: Iterator[Timed]) -> Iterator[Timed]:
    """One picture a frame, at the frame's time.

    All frames are taken for interlaced, as many files forget to say so; without a field order in
    the file, the upper field is the earlier one. Raises :class:`MediaError` for pictures that the
    filter does not take.
    """
    bwdif: _Bwdif | None = None
    for frame, pts in frames:
        if bwdif is not None and not bwdif.takes(frame):
            yield from bwdif.flushed()
            bwdif = None
        bwdif = bwdif or _Bwdif(frame)
        yield from bwdif.added(frame, pts)
    if bwdif is not None:
        yield from bwdif.flushed()


class _Bwdif:
    """The filter for frames of the size and format of ``first``. It gives each one once it has the
    next."""

    def __init__(self, first: VideoFrame) -> None:
        self._form = _form(first)
        self._graph = Graph()
        width, height, _ = self._form
        buffer = self._graph.add_buffer(
            width=width, height=height, format=first.format, time_base=_TICK
        )
        bwdif = self._graph.add("bwdif", "mode=send_frame:deint=all")
        self._graph.link_nodes(buffer, bwdif, self._graph.add("buffersink"))
        try:
            self._graph.configure()
        except av.FFmpegError as error:
            raise MediaError(
                f"pictures of {width}x{height} cannot be deinterlaced ({error.strerror}); leave "
                "out `deinterlace`"
            ) from None
        self._waiting: deque[tuple[Fraction, int]] = deque()
        self._count = count()

    def takes(self, frame: VideoFrame) -> bool:
        return self._form == _form(frame)

    def added(self, frame: VideoFrame, pts: Fraction) -> Iterator[Timed]:
        self._waiting.append((pts, frame.duration))
        frame.pts, frame.time_base = next(self._count), _TICK
        self._graph.vpush(frame)
        yield from self._ready()

    def flushed(self) -> Iterator[Timed]:
        self._graph.vpush(None)
        yield from self._ready()

    def _ready(self) -> Iterator[Timed]:
        with suppress(BlockingIOError, EOFError):  # until the next frame, and at the end
            while True:
                frame = self._graph.vpull()
                pts, frame.duration = self._waiting.popleft()
                yield frame, pts


def _form(frame: VideoFrame) -> tuple[int, int, str]:
    return frame.width, frame.height, frame.format.name
