"""Frames of a video file, upright, in RGB, at their exact times."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Self

from av.video.frame import VideoFrame

from realtime_nst.errors import MediaError
from realtime_nst.media.container import VideoFile, check, frame_rate
from realtime_nst.media.orientation import Orientation, pixel_shape
from realtime_nst.media.pixels import EIGHT_BITS, Pixels
from realtime_nst.media.span import WHOLE, Span
from realtime_nst.sources._decoding import Faults
from realtime_nst.sources._deinterlace import deinterlaced
from realtime_nst.sources._film import Film
from realtime_nst.sources._lost import lost_of_film, lost_of_frame
from realtime_nst.sources._upright import Upright
from realtime_nst.stream import Frame, Managed, StreamInfo

_SEARCHED_FOR_EXTRAS = 100
"""Frames from the beginning."""


class VideoSource(Managed):
    """The frames of the video file at ``path`` in ``span``: those at or after ``start`` and before
    ``end`` seconds.

    Times are those of the file's :class:`~realtime_nst.media.timeline.Timeline`, as are ``span``,
    ``start`` and ``end``. From wherever they are read, pictures are like the first one of ``span``:
    of its size, and turned as it is. The display matrix is applied, YUV is converted with the
    file's own matrix and range, and HDR and BT.2020 are mapped to BT.709. What the output holds
    beyond that, ``kept``, is in the ``original`` of each frame. ``deinterlace`` makes whole
    pictures of fields, one a frame. ``notices`` has a line for each property that is lost; it is
    complete once all frames have been read. Damaged frames are skipped, and a file that is cut off
    delivers all its good frames: then iteration ends as usual and ``faults`` says what was wrong.

    Entering raises :class:`UsageError` if there is no such file or no frame there, and
    :class:`MediaError` if the file cannot be read.
    """

    def __init__(
        self,
        path: VideoFile | str,
        *,
        start: Fraction | None = None,
        end: Fraction | None = None,
        span: Span = WHOLE,
        kept: Pixels = EIGHT_BITS,
        deinterlace: bool = False,
    ) -> None:
        self.path = Path(path) if isinstance(path, str) else path
        self.notices: list[str] = []
        self.faults = Faults()
        self._span = span
        self._read = replace(span, start=max(span.start, start or Fraction(0)), end=end or span.end)
        self._kept, self._deinterlace = kept, deinterlace
        self._film: Film | None = None
        self._info: StreamInfo | None = None

    def __enter__(self) -> Self:
        self._film = film = _film(self.path, self._read)
        self.faults = film.faults
        try:
            with self._beginning(film) as head:
                self._upright = Upright(head.first, head.stream, self._kept)
                self._info = self._described(film, head)
                self._note(self._lost(head))
            self._note(film.timeline.notices(self.path.name))
        except BaseException:
            self._close()
            raise
        return self

    @contextmanager
    def _beginning(self, film: Film) -> Iterator[Film]:
        """The film from the beginning of the span on: ``film``, or another one."""
        if self._read.start == self._span.start:
            yield film
        else:
            with closing(_film(self.path, self._span)) as head:
                yield head

    @property
    def info(self) -> StreamInfo:
        if self._info is None:
            raise self._not_open()
        return self._info

    def __iter__(self) -> Iterator[Frame]:
        film = self._film
        if film is None:
            raise self._not_open()
        frames = deinterlaced(film.frames) if self._deinterlace else film.frames
        for index, (picture, pts) in enumerate(frames):
            self.faults.reached = pts
            if index < _SEARCHED_FOR_EXTRAS:
                self._note(lost_of_frame(self.path.name, picture))
            shown, original = self._upright.picture(picture, film.stream)
            lasting = self._lasting(film, picture, pts)
            yield Frame.of(shown, index, pts, time.monotonic(), lasting, original)
        check(self.path)
        self._note(self._mended(film))

    def _lost(self, film: Film) -> Iterator[str]:
        name, deinterlaced = self.path.name, self._deinterlace
        return lost_of_film(name, film.first, film.stream, self._kept, deinterlaced)

    def _lasting(self, film: Film, frame: VideoFrame, pts: Fraction) -> Fraction | None:
        """Until the end of the span at most, but a whole frame at the nominal rate."""
        lasting = (frame.duration or 0) * (film.stream.time_base or Fraction(0))
        if self._span.end is not None:
            nominal = 1 / (self.info.rate or Fraction(25))
            lasting = min(lasting, max(self._span.end - pts, nominal))
        return lasting or None

    def _not_open(self) -> MediaError:
        return MediaError(f"{self.path} is not open yet; enter the source first")

    def _described(self, film: Film, head: Film) -> StreamInfo:
        rate = frame_rate(film.stream)
        aspect = pixel_shape(head.stream, Orientation.of(head.first) or Orientation())
        frames = self._expected_frames(film, rate)
        return StreamInfo(*self._upright.size, rate, frames, aspect=aspect)

    def _expected_frames(self, film: Film, rate: Fraction | None) -> int | None:
        if film.timeline.joins:
            return None
        total: Fraction | None = Fraction(film.stream.frames) if film.stream.frames else None
        if total is None and rate and film.container.duration:
            total = Fraction(film.container.duration, 1_000_000) * rate
        if total is None:
            return None
        if rate and self._read.end is not None:
            total = min(total, Fraction(self._read.end * rate))
        done = self._read.start * (rate or 0)
        return max(1, round(total - done))

    def _note(self, notices: Iterable[str]) -> None:
        self.notices += [notice for notice in notices if notice not in self.notices]

    def _mended(self, film: Film) -> Iterator[str]:
        name = self.path.name
        if film.misplaced:
            plural = "s" * (film.misplaced > 1)
            yield (
                f"{film.misplaced} frame{plural} of {name} had a wrong time and was put beside the "
                "one before"
            )
        if resized := self._upright.resized:
            width, height = self._upright.stored
            yield (
                f"{name} changes its size to {resized[0]}x{resized[1]}: fitted into "
                f"{width}x{height} with bars"
            )

    def _close(self) -> None:
        if self._film is not None:
            self._film.close()
            self._film = None


def _film(path: VideoFile, span: Span) -> Film:
    """All of a film includes frames that the file hides before its beginning."""
    return Film(path, None if span.is_whole else span)


def from_frame_on(path: VideoFile, span: Span) -> Span:
    """``span`` of the video file at ``path``; if it does not begin with the film, then with its
    first frame.

    Raises as :class:`VideoSource`.
    """
    film = Film(path, span)
    try:
        return replace(span, start=next(film.frames)[1]) if span.start else span
    finally:
        film.close()
