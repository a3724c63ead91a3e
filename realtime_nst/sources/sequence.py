"""Pictures, one after the other, as a film."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Self

from realtime_nst.errors import UsageError
from realtime_nst.files import nearest
from realtime_nst.media.container import clock
from realtime_nst.media.numbered import Pattern, is_pattern, missing, numbers_of
from realtime_nst.media.pixels import EIGHT_BITS, Pixels
from realtime_nst.media.span import WHOLE, Span
from realtime_nst.sources._decoding import Faults
from realtime_nst.sources._lost import KEEPING
from realtime_nst.sources.paced import fitted
from realtime_nst.sources.pictures import PictureSource, list_pictures
from realtime_nst.stream import Frame, Managed, StreamInfo, is_transparent


class SequenceSource(Managed):
    """The pictures called ``path`` with a number, as in ``frame_%04d.png``, or in the folder
    ``path`` by name, ``rate`` a second: those in ``span``, from the first one at or after
    ``start`` seconds. ``paths`` are all; ``kept`` is what the output holds of them.

    Pictures of another size than the first are fitted into
    it with bars. One that cannot be read is left out, the one before stays, and ``faults`` counts
    it. ``notices`` is complete once all have been read. The constructor raises
    :class:`UsageError` if there is no picture, entering :class:`MediaError` if none can be read.
    """

    def __init__(
        self,
        path: Path,
        *,
        rate: Fraction = Fraction(25),
        start: Fraction | None = None,
        span: Span = WHOLE,
        kept: Pixels = EIGHT_BITS,
    ) -> None:
        self.path, self._rate, self._kept = path, rate, kept
        self.notices: list[str] = []
        self.faults = Faults()
        self.paths = self._in_folder() if path.is_dir() else self._of_pattern()
        self._begin = math.ceil(max(span.start, start or 0) * rate)
        end = None if span.end is None else math.ceil(span.end * rate)
        wanted = self.paths[self._begin : end]
        self._pictures = PictureSource(wanted, rate=rate, skip_unreadable=True)

    def _of_pattern(self) -> list[Path]:
        found = Pattern(self.path).existing() if is_pattern(self.path) else {}
        if not found:
            raise UsageError(f"no picture is called {self.path}{nearest(self.path)}")
        self._note_gaps(list(found))
        return list(found.values())

    def _in_folder(self) -> list[Path]:
        passed_over: dict[Path, str] = {}
        try:
            found = list_pictures(self.path, passed_over)
        except UsageError:
            raise UsageError(
                f"{self.path} is a folder without pictures; name a video file in it, or a folder "
                "of numbered pictures"
            ) from None
        self._note_gaps(numbers_of(found))
        if passed_over:
            kinds = ", ".join(sorted(set(passed_over.values())))
            self.notices.append(f"of {self.path}, {len(passed_over)} left out ({kinds})")
        return found

    def _note_gaps(self, numbers: Sequence[int]) -> None:
        if gaps := missing(numbers):
            self.notices.append(f"{self.path} has no number {gaps}; the film goes on without")

    @property
    def length(self) -> Fraction:
        """Seconds of all pictures."""
        return len(self.paths) / self._rate

    @property
    def held(self) -> Pixels:
        """What the first picture holds."""
        return Pixels(alpha=is_transparent(next(iter(self._pictures)).original))

    @property
    def identity(self) -> str:
        """What tells all pictures from others, without reading them."""
        stats = [(path.name, path.stat()) for path in self.paths]
        facts = [(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats]
        return hashlib.sha256(repr((facts, self._rate)).encode()).hexdigest()

    def part(self, span: Span) -> Span:
        """``span`` of all pictures, beginning with one. Raises :class:`UsageError` if there is
        none."""
        start = math.ceil(span.start * self._rate) / self._rate
        if start >= self.length or span.is_past(start):
            raise UsageError(
                f"{self.path} has no picture there: {len(self.paths)} at {float(self._rate):g} a "
                f"second end at {clock(self.length)}"
            )
        return Span(start, span.end)

    def __enter__(self) -> Self:
        self._pictures.__enter__()
        return self

    def _close(self) -> None:
        self._pictures.__exit__(None, None, None)

    @property
    def info(self) -> StreamInfo:
        return self._pictures.info

    def __iter__(self) -> Iterator[Frame]:
        size = self.info.width, self.info.height
        for number, frame in enumerate(self._pictures):
            shown = (self._begin + frame.index) / self._rate
            self._note_losses(frame, size)
            image = fitted(frame.image, *size)
            self.faults.reached = shown
            original = frame.original if image is frame.image else None
            yield Frame(image, number, shown, time.monotonic(), 1 / self._rate, original)
            if self._pictures.paths[frame.index] in self._pictures.unreadable:
                self.faults.doubtful.add(number)  # cut off: what is there is shown
        self.faults.corrupt = len(self._pictures.unreadable) - len(self.faults.doubtful)

    def _note_losses(self, frame: Frame, size: tuple[int, int]) -> None:
        height, width = frame.image.shape[:2]
        if (width, height) != size and not any("fitted into" in n for n in self.notices):
            self.notices.append(
                f"{self._pictures.paths[frame.index].name} is {width}x{height}: this and others of "
                f"another size are fitted into {size[0]}x{size[1]} with bars"
            )
        transparency = (
            f"{self.path} has transparency, which is lost; {KEEPING} if the first picture has it"
        )
        lost = not self._kept.alpha and is_transparent(frame.original)
        if lost and transparency not in self.notices:
            self.notices.append(transparency)
