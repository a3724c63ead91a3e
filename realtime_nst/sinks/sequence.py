"""Frames as numbered pictures."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from fractions import Fraction
from pathlib import Path

from av.container import InputContainer

from realtime_nst.errors import TargetExists, UsageError
from realtime_nst.media.container import VideoFile, open_input
from realtime_nst.media.numbered import Pattern
from realtime_nst.media.pixels import EIGHT_BITS, Pixels
from realtime_nst.sinks._choice import held_by
from realtime_nst.sinks._encode_picture import holds_alpha
from realtime_nst.sinks._fates import DROPPABLE, check_dropped
from realtime_nst.sinks.pictures import SUFFIXES, check_quality, make_folder, write_picture
from realtime_nst.stream import Frame, Unmanaged

_FIRST = 1
"""As FFmpeg counts."""
_UNEVEN = Fraction(1, 200)
"""Seconds; times in milliseconds differ by one."""


class SequenceSink(Unmanaged):
    """Writes frames to pictures called ``path`` with their number from 1 on, as in
    ``frame_%04d.png``; its suffix is the format.

    Each appears only when it is whole; the folder is made. ``quality`` (1 to 100) is for JPEG and
    WebP. ``written`` counts them. ``notices`` has a line for what pictures do not hold of
    ``source``, the video that the frames are of, but for the kinds in ``drop``, as ``VideoSink``
    names them; it is complete when all are written. Without a source, ``held`` is what the pixels
    of the frames hold.

    The constructor raises :class:`UsageError` for an unknown suffix, and :class:`TargetExists` if
    there are such pictures and not ``overwrite``; writing raises :class:`MediaError`.
    """

    def __init__(
        self,
        path: Path,
        *,
        source: VideoFile | None = None,
        overwrite: bool = False,
        quality: int = 95,
        drop: Collection[str] = (),
        held: Pixels = EIGHT_BITS,
    ) -> None:
        check_dropped(drop)
        if path.suffix.lower() not in SUFFIXES:
            raise UsageError(
                f"{path.name!r} does not have the suffix of a picture "
                f"(choices: {', '.join(SUFFIXES)})",
                choices=SUFFIXES,
            )
        self.path, self._pattern = path, Pattern(path)
        self._overwrite, self._quality = overwrite, check_quality(quality)
        self._before = self._pattern.existing()
        if self._before and not overwrite:
            raise TargetExists(
                f"{next(iter(self._before.values()))} already exists; replace such pictures with "
                "`overwrite`, or give the output another name"
            )
        self.written = 0
        self.notices: list[str] = []
        if source:
            with open_input(source) as container:
                self.notices += _left_out(container, source.name, drop)
                held = held_by(container)
        self.pixels = Pixels(alpha=held.alpha and holds_alpha(path))
        """What is kept of the source's pixels."""
        self._name = source.name if source else ""
        self._last: Fraction | None = None
        self._steps: list[Fraction] = []

    resume_from: Fraction | None = None
    """Frames are wanted from the beginning."""
    frames_before = 0

    @property
    def names(self) -> tuple[Path, ...]:
        """The pictures that are there already and may be replaced."""
        return tuple(self._before.values())

    def write(self, frame: Frame) -> bool:
        """Always True."""
        if not self.written:
            make_folder(self.path.parent)
        write_picture(
            self._pattern.numbered(_FIRST + self.written),
            frame.image,
            overwrite=self._overwrite,
            quality=self._quality,
            original=frame.original,
        )
        self.written += 1
        self._see(frame.pts)
        return True

    def _see(self, shown: Fraction) -> None:
        """The shortest and the longest time between two frames."""
        if self._last is not None:
            steps = [*self._steps, shown - self._last]
            self._steps = [min(steps), max(steps)]
        self._last = shown

    def _close(self) -> None:
        if self._steps and self._steps[1] - self._steps[0] > _UNEVEN:
            of_name = f" of {self._name}" if self._name else ""
            self.notices.append(
                f"frames{of_name} are shown for {_shown(self._steps[0])} to "
                f"{_shown(self._steps[1])} s each, which pictures do not hold"
            )
        older = [number for number in self._before if number >= _FIRST + self.written]
        if older:
            self.notices.append(f"{self._before[older[0]]} and what follows are of an earlier run")


def _shown(seconds: Fraction) -> str:
    return f"{float(seconds):.3f}"


def _left_out(container: InputContainer, name: str, drop: Collection[str]) -> Iterator[str]:
    there = {stream.type for stream in container.streams}
    kinds = [name for name in ("sound", "subtitles") if DROPPABLE[name] in there]
    if kinds := [name for name in kinds if name not in drop]:
        listed, verb = " and ".join(kinds), "is" if kinds == ["sound"] else "are"
        yield f"of {name}, {listed} {verb} left out: pictures hold none"
