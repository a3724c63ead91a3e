"""An animated picture as a film."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Self

from realtime_nst.errors import MediaError, UsageError
from realtime_nst.files import digest
from realtime_nst.media.container import clock
from realtime_nst.media.pictures import count_pictures, read_animation
from realtime_nst.media.pixels import EIGHT_BITS, Pixels
from realtime_nst.media.span import WHOLE, Span
from realtime_nst.sources._decoding import Faults
from realtime_nst.sources._lost import KEEPING
from realtime_nst.stream import Frame, Image, Managed, Original, StreamInfo, is_transparent

KINDS = ("WebP",)
"""Those that FFmpeg does not read."""

_SHORTEST, _DEFAULT = 10, 100
"""Milliseconds. Browsers show a picture for the default whose delay is not above the shortest."""

_Timed = tuple[Image, Original, Fraction, Fraction]


def is_animation(path: Path) -> bool:
    """Whether ``path`` is an animated picture of one of ``KINDS``."""
    return path.is_file() and count_pictures(path, *KINDS) > 1


class AnimationSource(Managed):
    """The pictures of the animated picture file ``path`` in ``span``, from the first one at or
    after ``start`` seconds, each shown for its own delay.

    ``kept`` is what the output holds of them. ``notices`` is complete once all have been read.
    Where the file is damaged, iteration ends and ``faults`` says so. Entering raises
    :class:`MediaError` if it cannot be read.
    """

    def __init__(
        self,
        path: Path,
        *,
        start: Fraction | None = None,
        span: Span = WHOLE,
        kept: Pixels = EIGHT_BITS,
    ) -> None:
        self.path, self._span, self._kept = path, span, kept
        self._start = max(span.start, start or Fraction(0))
        self.notices: list[str] = []
        self.faults = Faults()
        self._info: StreamInfo | None = None

    def __enter__(self) -> Self:
        image, _, _, lasting = next(self._timed())
        size = image.shape[1], image.shape[0]
        whole = self._span.end is None and not self._start
        frames = count_pictures(self.path, *KINDS) if whole else None
        self._info = StreamInfo(*size, 1 / lasting, frames)
        return self

    def _close(self) -> None:
        pass

    @property
    def info(self) -> StreamInfo:
        if self._info is None:
            raise MediaError(f"{self.path} is not open yet; enter the source first")
        return self._info

    def __iter__(self) -> Iterator[Frame]:
        index = 0
        try:
            for image, original, pts, lasting in self._timed():
                if self._span.is_past(pts):
                    return
                if pts < self._start:
                    continue
                self._note_transparency(original)
                self.faults.reached = pts
                original = replace(original, animated=None)
                yield Frame(image, index, pts, time.monotonic(), lasting, original)
                index += 1
        except MediaError:
            self.faults.truncated = True

    def _timed(self) -> Iterator[_Timed]:
        pts = Fraction(0)
        for image, original in read_animation(self.path, longest=None):
            delay = original.animated.delay if original.animated else _DEFAULT
            lasting = Fraction(delay if delay > _SHORTEST else _DEFAULT, 1000)
            yield image, original, pts, lasting
            pts += lasting

    def _note_transparency(self, original: Original) -> None:
        notice = f"{self.path.name} has transparency, which is lost; {KEEPING}"
        if not self._kept.alpha and is_transparent(original):
            self.notices += [] if notice in self.notices else [notice]

    @property
    def held(self) -> Pixels:
        """What the first picture holds."""
        return Pixels(alpha=is_transparent(next(self._timed())[1]))

    @property
    def paths(self) -> list[Path]:
        """The file."""
        return [self.path]

    @property
    def length(self) -> Fraction:
        """Seconds of all pictures, which are read for it."""
        return sum((lasting for _, _, _, lasting in self._timed()), Fraction(0))

    @property
    def identity(self) -> str:
        """What tells this file from others."""
        return digest(self.path)

    def part(self, span: Span) -> Span:
        """``span`` beginning with a picture. Raises :class:`UsageError` if there is none."""
        last = Fraction(0)
        for _, _, last, _ in self._timed():
            if last >= span.start and not span.is_past(last):
                return Span(last, span.end)
        raise UsageError(f"{self.path} has no picture there; its last one is at {clock(last)}")
