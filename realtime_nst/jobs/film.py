"""What a job reads: a video, or pictures that make a film."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from realtime_nst.errors import UsageError

if TYPE_CHECKING:
    from realtime_nst.media.container import VideoFile
    from realtime_nst.media.frame_index import FrameIndex
    from realtime_nst.media.pixels import Pixels
    from realtime_nst.media.span import Span
    from realtime_nst.sources.animation import AnimationSource
    from realtime_nst.sources.sequence import SequenceSource
    from realtime_nst.sources.video import VideoSource

    FilmSource = VideoSource | SequenceSource | AnimationSource

_PIECES, _PIECE = 64, 16_384
"""How many pieces of a file, of so many bytes, tell it from others."""


class Film(Protocol):
    """``video`` is the file that sound and the like are in, if there is one; ``rate`` is needed
    where there is none, and so is ``held``, what the pixels hold. ``settings`` tell the film from
    others. ``path`` is what was named."""

    @property
    def path(self) -> VideoFile: ...
    @property
    def video(self) -> VideoFile | None: ...
    @property
    def rate(self) -> Fraction | None: ...
    @property
    def held(self) -> Pixels: ...
    @property
    def settings(self) -> dict[str, str]: ...
    def length(self) -> Fraction | None:
        """Seconds; None if the file does not say."""

    def part(self, span: Span) -> Span:
        """``span``, beginning with a frame. Raises :class:`UsageError` if there is none."""

    def beginning(self, span: Span) -> Fraction:
        """When the first frame of ``span`` is shown."""

    @property
    def read(self) -> Sequence[Path]:
        """The files, which must not be replaced."""

    def index(self, span: Span) -> FrameIndex | None:
        """The frames of ``span``; None if they are not known before they are read."""

    def source(
        self,
        span: Span,
        kept: Pixels,
        *,
        start: Fraction | None = None,
        end: Fraction | None = None,
        deinterlace: bool = False,
    ) -> FilmSource:
        """The frames of ``span`` at or after ``start`` and before ``end``, for an output that holds
        ``kept``."""


def film_of(path: VideoFile, rate: Fraction | None) -> Film:
    """``rate`` is for pictures, and refused for others. Raises :class:`UsageError`."""
    from realtime_nst.media.numbered import is_pattern
    from realtime_nst.sources.animation import AnimationSource, is_animation
    from realtime_nst.sources.sequence import SequenceSource

    if isinstance(path, Path) and (path.is_dir() or is_pattern(path)):
        return Pictures(partial(SequenceSource, path, rate=rate or Fraction(25)))
    if rate is not None:
        raise UsageError(f"`fps` {float(rate):g} is for numbered pictures; {path} has its own rate")
    if isinstance(path, Path) and is_animation(path):
        return Pictures(partial(AnimationSource, path))
    return Video(path)


@dataclass(frozen=True)
class Video:
    """A video file."""

    video: VideoFile
    rate: None = None

    @property
    def path(self) -> VideoFile:
        return self.video

    @property
    def held(self) -> Pixels:
        """The file says it."""
        from realtime_nst.media.pixels import EIGHT_BITS

        return EIGHT_BITS

    @property
    def settings(self) -> dict[str, str]:
        """Size and a digest of pieces from the beginning to the end, without reading it whole. The
        index has one of all packets. From the web the first piece alone is fetched."""
        from realtime_nst.media.container import size_of

        size, told = size_of(self.video), hashlib.sha256()
        with self.video.open("rb") as file:
            for number in range(_PIECES if isinstance(self.video, Path) else 1):
                file.seek(max(size - _PIECE, 0) * number // (_PIECES - 1))
                told.update(file.read(_PIECE))
        return {"source": f"{size} {told.hexdigest()}"}

    def length(self) -> Fraction | None:
        from realtime_nst.media.container import open_input

        with open_input(self.video) as container:
            return Fraction(container.duration, 1_000_000) if container.duration else None

    def part(self, span: Span) -> Span:
        from realtime_nst.sources.video import from_frame_on

        return from_frame_on(self.video, span)

    def beginning(self, span: Span) -> Fraction:
        from realtime_nst.media.container import main_video, open_input
        from realtime_nst.media.timeline import Timeline

        with open_input(self.video) as container:
            stream = main_video(container)
            start = (stream.start_time or 0) * (stream.time_base or Fraction(1))
        return max(span.start, start - Timeline.of(self.video, quick=span.quick).origin)

    @property
    def read(self) -> Sequence[Path]:
        return [self.video] if isinstance(self.video, Path) else []

    def index(self, span: Span) -> FrameIndex | None:
        from realtime_nst.media.frame_index import frame_index

        return frame_index(self.video, span) if isinstance(self.video, Path) else None

    def source(
        self,
        span: Span,
        kept: Pixels,
        *,
        start: Fraction | None = None,
        end: Fraction | None = None,
        deinterlace: bool = False,
    ) -> VideoSource:
        from realtime_nst.sources.video import VideoSource

        return VideoSource(
            self.video, start=start, end=end, span=span, kept=kept, deinterlace=deinterlace
        )


class Pictures:
    """Numbered pictures, those in a folder, or an animated picture: what ``opened`` opens."""

    video = None

    def __init__(self, opened: Callable[..., SequenceSource | AnimationSource]) -> None:
        self._opened = opened
        with opened() as self._whole:
            self.rate, self.held = self._whole.info.rate, self._whole.held

    @property
    def path(self) -> Path:
        return self._whole.path

    @property
    def settings(self) -> dict[str, str]:
        return {"source": self._whole.identity}

    def length(self) -> Fraction:
        return self._whole.length

    def part(self, span: Span) -> Span:
        return self._whole.part(span)

    def beginning(self, span: Span) -> Fraction:
        return span.start

    @property
    def read(self) -> Sequence[Path]:
        return self._whole.paths

    def index(self, span: Span) -> None:
        del span

    def source(
        self,
        span: Span,
        kept: Pixels,
        *,
        start: Fraction | None = None,
        end: Fraction | None = None,
        deinterlace: bool = False,
    ) -> SequenceSource | AnimationSource:
        del end, deinterlace
        return self._opened(start=start, span=span, kept=kept)
