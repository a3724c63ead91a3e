"""What commands say: results on standard output, everything else on standard error.

With ``--json`` standard output has events instead, one object a line; ``events.schema.json`` says
what is in them.
"""

import errno
import json
import math
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn

from rich.console import Console
from rich.table import Table
from rich.text import Text

from realtime_nst.errors import RealtimeNstError, one_line


@dataclass
class Manner:
    """How the command that runs speaks. ``reader_gone`` is called when nobody reads the results any
    more; it raises."""

    command: str = ""
    quiet: bool = False
    verbose: bool = False
    json: bool = False
    reader_gone: Callable[[], NoReturn] | None = None


manner = Manner()

_UNLIMITED = 10_000
"""Columns."""


class _StandardError:
    """What it cannot write is lost: that is no reason to lose the work as well."""

    def write(self, text: str) -> int:
        with suppress(OSError):
            if self._stream:
                self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            if self._stream:
                self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @property
    def _stream(self) -> Any:
        """While a bar is shown, ``sys.stderr`` is a proxy that writes above the bar."""
        return getattr(sys.stderr, "rich_proxied_file", sys.stderr)


class _Results(Console):
    def on_broken_pipe(self) -> None:
        _lose_output()


out = _Results()
err = Console(file=_StandardError())  # type: ignore[arg-type]

_ARGUMENT = re.compile(r"`([a-z][a-z0-9_]*)`")


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """Plain text in columns; the first is never cut, because it is what people type. Nothing in a
    cell is taken for markup."""
    drawn = Table(box=None, pad_edge=False)
    for number, heading in enumerate(headings):
        drawn.add_column(heading, no_wrap=number == 0)
    for row in rows:
        drawn.add_row(*(Text(visible(_in_options(cell))) for cell in row))
    return drawn


def show(drawn: Table) -> None:
    """A table. In a pipe or a file each row is one line, however long: programs read it."""
    if out.is_terminal:
        out.print(drawn)
    else:
        width = Console(width=_UNLIMITED).measure(drawn).maximum
        _Results(width=width).print(drawn)


def counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def sides(size: Sequence[int]) -> str:
    """A width and height, as ``640x480``."""
    return "x".join(map(str, size))


def say(text: str) -> None:
    """A result without fields of its own."""
    if manner.json:
        event("notice", message=text)
    else:
        _print(out, text, lines=True)


def say_result(text: str, **fields: Any) -> None:
    """What the command has made or found, as text, or as an event with ``fields``."""
    if manner.json:
        event("result", **fields)
    else:
        say(text)


def say_error(text: str, **fields: Any) -> None:
    """``fields``: what the event says beside the message."""
    text = _in_options(text)
    event("error", message=text, **fields)
    _print(err, f"error: {text}")


_REMEDIES = {
    errno.ENOSPC: "; free some space",
    errno.EDQUOT: "; free some space",
    errno.EACCES: "; check its permissions",
    errno.EPERM: "; check its permissions",
    errno.EROFS: "; write elsewhere",
}


def message_of(error: Exception) -> str:
    """One line."""
    if isinstance(error, MemoryError):
        return "there is not enough memory for this; choose a smaller picture, film or --size"
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror or error}{_REMEDIES.get(error.errno or 0, '')}"
    if isinstance(error, RealtimeNstError):
        return str(error)
    return f"{type(error).__name__}: {one_line(error)}"


def say_stopped(text: str, exit_code: int) -> None:
    """A signal ended the command; said even if it was to be quiet."""
    event("error", message=text, kind="Stopped", exit_code=exit_code)
    _print(err, f"note: {text}")


def say_notice(text: str) -> None:
    text = _in_options(text)
    event("notice", message=text)
    if not manner.quiet:
        _print(err, f"note: {text}")


def say_detail(text: str) -> None:
    """For ``--verbose`` alone."""
    if manner.verbose:
        _print(err, f"detail: {text}")


def say_origin(error: BaseException | None) -> None:
    """For ``--verbose``: which of our lines raised it, and what was behind it."""
    while error is not None:
        say_detail(f"{type(error).__name__}: {error}")
        for frame in traceback.extract_tb(error.__traceback__):
            if f"{os.sep}realtime_nst{os.sep}" in frame.filename:
                say_detail(f"  {frame.filename}:{frame.lineno}, in {frame.name}")
        error = error.__cause__


def say_progress(text: str) -> None:
    if not manner.quiet:
        _print(err, f"note: {text}")


def event(name: str, /, **fields: Any) -> None:
    """One line of ``--json``; nothing without it."""
    if not manner.json or sys.stdout is None:
        return
    told = {"event": name, "command": manner.command, **_plain(fields)}
    # While a bar is shown, sys.stdout is a proxy that writes above the bar.
    stream = getattr(sys.stdout, "rich_proxied_file", sys.stdout)
    try:
        stream.write(f"{json.dumps(told, default=str)}\n")
        stream.flush()
    except BrokenPipeError:
        _lose_output()


def _in_options(text: str) -> str:
    """What the library calls an argument, `keep_colour`, is here an option, --keep-colour."""
    return _ARGUMENT.sub(lambda match: "--" + match[1].replace("_", "-"), text)


def _plain(value: Any) -> Any:
    """JSON has no word for numbers that are not finite."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def visible(text: str, *, lines: bool = False) -> str:
    """Control characters, which names of files may hold, are written out: they could clear the
    terminal, retitle it, or hide what is said. With ``lines``, line breaks stay."""
    return "".join(c if c.isprintable() or (lines and c == "\n") else repr(c)[1:-1] for c in text)


def _print(console: Console, text: str, *, lines: bool = False) -> None:
    if hasattr(sys.stdout, "rich_proxied_file") and console.is_terminal:
        console = err  # that shows a bar now, and writes above it
    console.print(visible(text, lines=lines), markup=False, highlight=False, soft_wrap=True)


def _lose_output() -> NoReturn:
    """Python writes what is left once more when it ends: let that succeed."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if manner.reader_gone is None:
        raise BrokenPipeError
    manner.reader_gone()
