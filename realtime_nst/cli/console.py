"""What commands say: results on standard output, everything else on standard error."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TransferSpeedColumn,
)
from rich.progress import TimeRemainingColumn as TimeLeft
from rich.table import Table
from rich.text import Text

from realtime_nst.cli import interrupt
from realtime_nst.pipeline import Report

out = Console()
err = Console(stderr=True)

_ARGUMENT = re.compile(r"`([a-z][a-z0-9_]*)`")


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """Plain text in columns; the first is never cut, because it is what people type. Nothing in a
    cell is taken for markup."""
    drawn = Table(box=None, pad_edge=False)
    for number, heading in enumerate(headings):
        drawn.add_column(heading, no_wrap=number == 0)
    for row in rows:
        drawn.add_row(*(Text(_visible(cell)) for cell in row))
    return drawn


def counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def say(text: str) -> None:
    out.print(_visible(text), markup=False, highlight=False, soft_wrap=True)


def say_error(text: str) -> None:
    err.print(
        _visible(_in_options(f"error: {text}")), markup=False, highlight=False, soft_wrap=True
    )


def say_notice(text: str) -> None:
    err.print(_visible(_in_options(f"note: {text}")), markup=False, highlight=False, soft_wrap=True)


def _in_options(text: str) -> str:
    """What the library calls an argument, `keep_colour`, is here an option, --keep-colour."""
    return _ARGUMENT.sub(lambda match: "--" + match[1].replace("_", "-"), text)


def _visible(text: str) -> str:
    """Control characters, which names of files may hold, are written out: they could clear the
    terminal, retitle it, or hide what is said."""
    return "".join(c if c == "\n" or c.isprintable() else repr(c)[1:-1] for c in text)


class FrameProgress:
    """A bar of frames with the frames a second and the time left; hand it to ``pipeline.run``."""

    def __init__(self, progress: Progress, total: int | None) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=total, fps=0.0)

    def __call__(self, report: Report) -> None:
        self._progress.update(self._task, completed=report.frames, fps=report.fps)


@contextmanager
def frame_progress(title: str, total: int | None) -> Iterator[FrameProgress]:
    columns = (
        SpinnerColumn(),
        TextColumn(title, markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[fps]:.1f} fps"),
        TextColumn("time left"),
        TimeLeft(),
    )
    interrupt.check()
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        yield FrameProgress(progress, total)


@contextmanager
def byte_progress(title: str) -> Iterator[Callable[[int], None]]:
    """How much has come; hand it the number of bytes so far."""
    named = TextColumn(title, markup=False)
    columns = SpinnerColumn(), named, DownloadColumn(), TransferSpeedColumn()
    interrupt.check()
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task("", total=None)
        yield lambda size: progress.update(task, completed=size)


def shares(report: Report) -> str:
    """How many milliseconds each part worked on a frame; the parts run on threads of their own."""
    names = {"source": "read", "sink": "write"}
    parts = (
        f"{names.get(name, 'paint')} {1000 * seconds / max(report.frames, 1):.1f}"
        for name, seconds in report.busy.items()
    )
    return f"{', '.join(parts)} ms a frame, at the same time"
