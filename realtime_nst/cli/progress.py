"""How far a long work is: a bar on a terminal, a few lines in a log, events with ``--json``."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task
from rich.text import Text

from realtime_nst.cli import console, interrupt
from realtime_nst.pipeline import Report

_PERCENT = (1, 2, 5, *range(10, 100, 10))
"""Shares at which a log gets a line."""

_APART, _SILENT = 10.0, 600.0
"""Seconds between two lines of a log: at least, and at most if the work goes on."""

_EVENTS_APART = 1.0
"""Seconds."""

_PAINTING = 0.9
"""The share that painting a picture has of its time, before it is written."""


class Gauge:
    """``done`` of ``total`` (None: nobody knows) of ``unit``, the first ``before`` of which an
    earlier run did. Call it with what is done so far, and which ``part`` of the next one, below 1;
    ``more`` is text for the end of the line, ``fields`` are for the event alone. ``clock`` gives
    seconds. Without ``logs`` a log gets no lines of it."""

    def __init__(
        self,
        title: str,
        unit: str,
        total: int | None,
        *,
        before: int = 0,
        clock: Callable[[], float] = time.monotonic,
        bar: Progress | None = None,
        logs: bool = True,
    ) -> None:
        self.total = total
        self._unit, self._clock, self.bar, self._logs = unit, clock, bar, logs
        self.begin(title, before)
        if bar:
            self._task = bar.add_task("", total=total, completed=before, gauge=self, more="")

    def begin(self, title: str, before: int = 0) -> None:
        """Once more from ``before`` on, with another ``title``."""
        self.title = console.visible(title)
        self.done = self._before = before
        self._part = 0.0
        self._began = self._line = self._clock()
        self._event = float("-inf")
        self._mark = self._passed(before)

    def remove(self) -> None:
        """From a bar in which others are shown."""
        if self.bar:
            self.bar.remove_task(self._task)

    def __call__(self, done: int, more: str = "", part: float = 0.0, **fields: Any) -> None:
        self.done, self._part = done, part
        now = self._clock()
        if self.bar:
            self.bar.update(self._task, completed=self._so_far, total=self.total, more=more)
        elif self._logs and self._due(now):
            self._line, self._mark = now, self._passed(self._so_far)
            console.say_progress(f"{self.title}: {self.line()}{', ' * bool(more)}{more}")
        if now - self._event >= _EVENTS_APART or done == self.total:
            self._event = now
            console.event(
                "progress", title=self.title, unit=self._unit, done=done, total=self.total,
                seconds_left=self.seconds_left, **fields,
            )  # fmt: skip

    @property
    def rate(self) -> float:
        """Units a second since this run began."""
        seconds = self._clock() - self._began
        return (self._so_far - self._before) / seconds if seconds > 0 else 0.0

    @property
    def _so_far(self) -> float:
        return self.done + self._part

    @property
    def seconds_left(self) -> float | None:
        """None if nobody knows."""
        if self.total is None or not self.rate:
            return None
        return max(self.total - self._so_far, 0) / self.rate

    def line(self) -> str:
        counted = f"{self.done}" if self.total is None else f"{self.done} of {self.total}"
        counted += f" {self._unit}s"
        if self._unit == "byte":
            whole = "" if self.total is None else f" of {self.total / 1e6:.1f}"
            counted = f"{self.done / 1e6:.1f}{whole} MB"
        share = f" ({int(100 * self._so_far / self.total)} %)" if self.total else ""
        return f"{counted}{share}{self._left()}"

    def _left(self) -> str:
        left = self.seconds_left
        return "" if left is None else f", {timedelta(seconds=round(left))} left"

    def _due(self, now: float) -> bool:
        silent = now - self._line
        marked = console.manner.verbose or self._passed(self._so_far) > self._mark
        return (silent >= _APART and marked) or silent >= _SILENT

    def _passed(self, done: float) -> int:
        """How many of the shares are reached."""
        return sum(100 * done >= mark * self.total for mark in _PERCENT) if self.total else 0


class FilmsGauge(Gauge):
    """How many of ``films`` are done (None: nobody knows how many there are), by the share of their
    ``frames``, of which nobody knows the exact number before."""

    def __init__(
        self,
        films: int | None,
        frames: int,
        bar: Progress | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._frames, self._behind, self._within, self._painted = frames, 0, 0, 0
        super().__init__("in all", "film", films, bar=bar, clock=clock)

    def within(self, painted: int, before: int) -> None:
        """So many frames of the film that is being painted are there, ``before`` by earlier
        runs."""
        self._painted += max(painted + before - max(self._within, before), 0)
        self._within = painted + before
        self(self.done)

    def film(self, frames: int) -> None:
        """The film is done; it was taken to have so many ``frames``."""
        self._behind, self._within = self._behind + frames, 0
        self(self.done + 1)

    @property
    def _so_far(self) -> float:
        if not (self.total and self._frames):
            return self.done
        share = min((self._behind + self._within) / self._frames, 1.0)
        return min(max(share * self.total, self.done), self.done + 1)

    @property
    def seconds_left(self) -> float | None:
        if self.total is None or not self._painted:
            return None
        left = max(self._frames - self._behind - self._within, 0)
        return left * (self._clock() - self._began) / self._painted


class _Line(ProgressColumn):
    def render(self, task: Task) -> Text:
        """What is behind the time left is cut where the terminal ends."""
        gauge, more = task.fields["gauge"], task.fields["more"]
        return Text(f"{gauge.line()}  {gauge.title}  {more}", no_wrap=True, overflow="ellipsis")


@contextmanager
def progress(
    title: str, unit: str, total: int | None, *, before: int = 0, logs: bool = True
) -> Iterator[Gauge]:
    """A :class:`Gauge`, with a bar if there is a terminal for one."""
    with _bar() as bar:
        gauge = Gauge(title, unit, total, before=before, bar=bar, logs=logs and not _films)
        try:
            yield gauge
        finally:
            if _films:
                gauge.remove()


@contextmanager
def films_progress(films: int | None, frames: int) -> Iterator[FilmsGauge]:
    """Above the bars of single films; a log has lines of this one alone."""
    with _bar() as bar:
        gauge = FilmsGauge(films, frames, bar)
        _films.append(gauge)
        try:
            yield gauge
        finally:
            _films.remove(gauge)


_films: list[FilmsGauge] = []
"""The queue that films are painted in now, if they are."""


@contextmanager
def _bar() -> Iterator[Progress | None]:
    """None where there is no terminal for one."""
    if _films or not console.err.is_terminal or console.manner.quiet:
        yield _films[-1].bar if _films else None
        return
    columns = SpinnerColumn(), BarColumn(16), _Line()
    with Progress(*columns, console=console.err, transient=True) as bar:
        yield bar


class FrameGauge:
    """Shows in ``gauge`` how many frames are done, ``before`` of them by an earlier run. A signal
    stops the run between two frames, or two parts of a large one."""

    def __init__(self, gauge: Gauge, unit: str, before: int) -> None:
        self._gauge, self._unit, self._done = gauge, unit, before
        self._before, self._speed = before, ""

    def __call__(self, report: Report) -> None:
        self._done, fps = self._before + report.frames, report.fps
        self._speed = f"{fps:.1f} fps" if self._unit == "frame" else f"{fps:.1f} a second"
        self._gauge(self._done, self._speed, fps=round(fps, 2))
        for films in _films:
            films.within(report.frames, self._before)
        interrupt.check()

    def painting(self, share: float) -> None:
        """``share`` of a large frame is painted; what is left then is to write it."""
        self._gauge(self._done, self._speed, share * _PAINTING)
        interrupt.check()


@contextmanager
def frame_progress(
    title: str, total: int | None, *, unit: str = "frame", before: int = 0
) -> Iterator[FrameGauge]:
    """To be handed to ``pipeline.run``, which a signal stops between two frames."""
    interrupt.check()
    with progress(title, unit, total, before=before) as gauge, interrupt.deferred():
        yield FrameGauge(gauge, unit, before)


@contextmanager
def byte_progress(title: str) -> Iterator[Callable[[int], None]]:
    """How much has come; hand it the number of bytes so far."""
    interrupt.check()
    with progress(title, "byte", None) as gauge:
        yield gauge


def shares(report: Report) -> str:
    """How many milliseconds each part worked on a frame; the parts run on threads of their own."""
    names = {"source": "read", "sink": "write"}
    parts = (
        f"{names.get(name, 'paint')} {1000 * seconds / max(report.frames, 1):.1f}"
        for name, seconds in report.busy.items()
    )
    return f"{', '.join(parts)} ms a frame, at the same time"
