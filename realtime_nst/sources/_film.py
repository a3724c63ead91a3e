"""A video file as a film: every good frame once, in order, from any time on."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain

from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from realtime_nst.errors import MediaError, UsageError
from realtime_nst.media.container import SEEK_MARGINS, VideoFile, clock, frame_rate
from realtime_nst.media.cut_off import is_cut_off
from realtime_nst.media.span import Span
from realtime_nst.media.stored import Stored
from realtime_nst.media.timeline import Timeline
from realtime_nst.sources._decoding import Decoding, Faults, Timed


class NoFrames(UsageError):
    """There is no frame in the part that is asked for."""


class Film:
    """The frames of the main video of the file at ``path`` that are in ``span`` (None: all) of its
    :class:`~realtime_nst.media.timeline.Timeline`.

    It is open once made: ``first`` is the first frame, as ``frames`` gives it. Raises
    :class:`UsageError` if there is no such file or no frame in ``span``, and
    :class:`MediaError` if the file cannot be read.
    """

    def __init__(self, path: VideoFile, span: Span | None = None) -> None:
        self.path, self._span = path, span
        self._start = span.start if span else Fraction(0)
        self.faults = Faults(truncated=_is_cut_off(path))
        self.timeline = Timeline.of(path, quick=span.quick if span else False)
        self.misplaced = 0
        """Frames with a wrong time, which were put between their neighbours."""
        self._decoding = self._decoded(None)
        try:
            self.first, self.frames = self._from_start(*self._found())
        except BaseException:
            self.close()
            raise

    @property
    def container(self) -> InputContainer:
        return self._decoding.container

    @property
    def stream(self) -> VideoStream:
        return self._decoding.stream

    def close(self) -> None:
        self._decoding.close()

    def _found(self) -> tuple[Timed | None, Iterator[Timed]]:
        """A frame before ``start``, or the first of all, and those that follow."""
        for margin in SEEK_MARGINS if self._start > 0 and self._seeks else (None,):
            if self._start > 0:
                self._reopen(None if margin is None else self._start - margin)
            rest = self._in_order(self._all_frames())
            first = next(rest, None)
            if margin is None or (first and first[1] <= self._start):
                break
        return first, rest

    @property
    def _seeks(self) -> bool:
        return self.timeline.seeks(self.container)

    def _decoded(self, seconds: Fraction | None) -> Decoding:
        return Decoding(self.path, self.timeline, self.faults, seconds, counted=self._span)

    def _reopen(self, seconds: Fraction | None) -> None:
        self._decoding.close()
        self._decoding = self._decoded(seconds)

    def _from_start(
        self, first: Timed | None, rest: Iterator[Timed]
    ) -> tuple[VideoFrame, Iterator[Timed]]:
        """Skip to ``start``."""
        if first is None:
            raise MediaError(self._no_frame())
        last = first[1]
        while first is not None and 0 < self._start > first[1]:
            last = max(last, first[1])
            first = next(rest, None)
        if first is None:
            raise NoFrames(
                f"{self.path} has no frame at or after {clock(self._start)}; "
                f"its last one is at {clock(last)}"
            )
        if self._span and self._span.is_past(first[1]):
            raise NoFrames(
                f"{self.path} has no frame between {clock(self._start)} and "
                f"{clock(self._span.end or self._start)}; the next one is at {clock(first[1])}"
            )
        return first[0], self._until_end(chain([first], rest))

    def _until_end(self, frames: Iterator[Timed]) -> Iterator[Timed]:
        for timed in frames:
            if self._span and self._span.is_past(timed[1]):
                self.faults.truncated = False  # further behind, if at all
                return
            yield timed

    def _no_frame(self) -> str:
        damaged = self.faults.corrupt
        why = f"all {damaged} are damaged" if damaged else "it has none"
        return f"{self.path} contains no readable frame: {why}; copy or download it again"

    def _all_frames(self) -> Iterator[Timed]:
        """All frames, including those that an error at the end would take along.

        Frame threads meet a damaged packet near the end only when they are flushed. Then FFmpeg or
        PyAV drops the frames behind it, often without an error.
        """
        reached: Fraction | None = None
        for timed in self._decoding.frames():
            reached = max(timed[1], reached or timed[1])
            yield timed
        if reached is None:
            self._decoding.close()
            self._decoding = Decoding(
                self.path, self.timeline, self.faults, threads="SLICE", counted=self._span
            )
            yield from self._decoding.frames()
        elif self._decoding.ends_after(reached):
            yield from self._tail(reached)

    def _tail(self, reached: Fraction) -> Iterator[Timed]:
        """Decode what comes after ``reached`` again, without frame threads."""
        damaged = self._decoding.damaged_before_end
        for margin in SEEK_MARGINS if self._seeks else (None,):
            self._decoding.close()
            self._decoding = Decoding(
                self.path,
                self.timeline,
                self.faults,
                None if margin is None else reached - margin,
                threads="SLICE",
                counted=self._after(reached),
            )
            frames = self._decoding.frames()
            first = next(frames, None)
            if first is None or (margin is not None and first[1] > reached):
                continue
            yield from (timed for timed in chain([first], frames) if timed[1] > reached)
            break
        self.faults.corrupt += damaged

    def _after(self, seconds: Fraction) -> Span:
        soon = seconds + (self.stream.time_base or Fraction(0)) / 2
        return Span(soon, self._span.end if self._span else None)

    def _in_order(self, timed: Iterator[Timed]) -> Iterator[Timed]:
        """A frame whose time is not between those of its neighbours, as damage leaves it, is shown
        in the middle between them, if there is room; the last one after the one before."""
        tick = self.stream.time_base or Fraction(1)
        before: Fraction | None = None
        frame, pts = next(timed, (None, Fraction(0)))
        while frame is not None:
            after, limit = next(timed, (None, None))
            if before is not None and limit is not None and not before < pts < limit:
                between = before + round((limit - before) / 2 / tick) * tick
                if before < between < limit:
                    pts = between
                    self.misplaced += 1
            elif before is not None and limit is None and pts <= before:
                pts = before + 1 / (frame_rate(self.stream) or Fraction(25))
                self.misplaced += 1
            yield frame, pts
            before = pts
            frame, pts = after, limit or Fraction(0)


def _is_cut_off(path: VideoFile) -> bool:
    return is_cut_off(path) if isinstance(path, Stored) or path.is_file() else False
