"""A film in segments: each a file of pictures alone, joined to one with everything else of the
source."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Self

from realtime_nst.errors import MediaError
from realtime_nst.media.container import check
from realtime_nst.sinks._changes import changes, left_out
from realtime_nst.sinks._form import Form
from realtime_nst.sinks._mux import Muxer
from realtime_nst.sinks._part import Part
from realtime_nst.sinks._unfinished import MARK, UnfinishedFile, last_shown, mark_of
from realtime_nst.sinks._writer import FrameWriter, errors_named
from realtime_nst.stream import Frame

__all__ = [
    "Form",
    "Joined",
    "Part",
    "SegmentSink",
    "UnfinishedFile",
    "errors_named",
    "join",
    "mark_of",
    "marked",
]


def marked(form: Form, mark: str) -> Form:
    """``form`` for a video that says ``mark`` of itself, which :func:`mark_of` reads: 18 letters at
    most, as QuickTime files hold no more."""
    return replace(form, encoding=replace(form.encoding, mark=f"{MARK} {mark}"))


class SegmentSink:
    """Writes frames from ``start`` seconds on (None: all) to ``path``, as pictures of a film of
    ``form``; frames before only lead in, and are passed over.

    It begins with a closed group of pictures, so that segments can be joined. ``part`` is what was
    written, once the sink is left: also after an error, if something plays; None if nothing does.
    ``notices`` and errors are as those of ``VideoSink``.
    """

    def __init__(self, path: Path, form: Form, start: Fraction | None = None) -> None:
        self._path, self._form, self._start = path, form, start
        self._writer = FrameWriter(form, self._open)
        self.part: Part | None = None
        self.notices: list[str] = []

    @property
    def written(self) -> int:
        """The number of frames."""
        return len(self._writer.shown)

    @property
    def skipped(self) -> int:
        return self._writer.skipped

    def __enter__(self) -> Self:
        return self

    def write(self, frame: Frame) -> bool:
        """Always True."""
        if self._start is None or frame.pts >= self._start:
            with errors_named(self._path.parent, self._form.path):
                self._writer.write(frame)
        return True

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        muxer = self._writer.muxer
        if muxer is None:
            return
        if kind is None:
            with errors_named(self._path.parent, self._form.path):
                muxer.finish()
        else:
            muxer.salvage()
            if last_shown(self._path) is None:
                return
        written = self._writer
        self.part = Part(self._path, tuple(written.shown), written.lasting, muxer.size)

    def _open(self, size: tuple[int, int]) -> Muxer:
        self.notices += changes(self._form, size)
        return Muxer(self._path, self._form.kind, self._form.encoding, size, None)


class Joined:
    """What came of :func:`join`: a line in ``notices`` for each thing that could not be kept, and
    the time of the last frame, ``written_until``, in seconds."""

    def __init__(self, notices: Sequence[str], written_until: Fraction | None) -> None:
        self.notices, self.written_until = notices, written_until


def join(form: Form, parts: Sequence[Part], file: UnfinishedFile, *, whole: bool) -> Joined:
    """Copy the pictures of ``parts``, in their order, and everything else of the source up to their
    end to ``file``. If they are ``whole``, it takes its name; else it stays the finished part.

    Raises :class:`MediaError` if parts do not fit one another or a file cannot be written,
    :class:`TargetExists` if the output has appeared meanwhile; the parts stay whatever happens.
    """
    _check(parts)
    with errors_named(file.partial, form.path):
        path = file.create()
        try:
            muxer = Muxer(
                path, form.kind, form.encoding, parts[0].size, form.source, form.fates, form.span
            )
        except BaseException:
            file.discard()
            raise
        try:
            file.check_in_place()
            muxer.copy(parts)
            if whole:
                muxer.finish()
                if form.source:
                    check(form.source)
                file.commit()
            else:
                muxer.salvage()
                file.keep()
        except BaseException:
            with suppress(Exception):
                muxer.close()
            file.discard()
            raise
    return Joined(list(left_out(muxer.damaged, 0)), muxer.written_until)


def _check(parts: Sequence[Part]) -> None:
    last: int | None = None
    for part in parts:
        if part.size != parts[0].size:
            raise MediaError(
                "{} has pictures of {}x{}, unlike {}x{} before; a video file holds one size".format(
                    part.path, *part.size, *parts[0].size
                )
            )
        for ticks in part.shown:
            if last is not None and ticks <= last:
                raise MediaError(
                    f"{part.path} begins before the segment before it ends; start anew with "
                    "`overwrite`"
                )
            last = ticks
