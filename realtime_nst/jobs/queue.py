"""One film after the other: what is painted, what was before, and what cannot be."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from realtime_nst.errors import RealtimeNstError, TargetExists, UsageError
from realtime_nst.look import Look
from realtime_nst.media.span import Span
from realtime_nst.references import fingerprint
from realtime_nst.sinks.segments import mark_of

if TYPE_CHECKING:
    from realtime_nst.jobs.film import Film

_MARK = 16
"""Letters."""

_NAMED = 5

State = Literal["painted", "finished", "failed"]


@dataclass(frozen=True)
class Task:
    """The film ``source`` is to become the video ``target``. It has about so many ``frames`` in so
    many ``seconds``."""

    source: Path
    target: Path
    frames: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """``finished`` is what an earlier run has painted the same way. ``error`` is why a film failed,
    or what of it could not be read although the rest is painted."""

    task: Task
    state: State
    error: Exception | None = None


def mark_for(
    film: Film, look: Look, coding: Mapping[str, Any], span: Span, *, deinterlace: bool
) -> str:
    """What the result says of itself: the same for the same part of the same source, painted and
    written in the same way, whoever does it and with whatever version. Raises the errors of
    :func:`~realtime_nst.references.fingerprint`."""
    how = {name: coding[name] for name in sorted(coding) if name != "strict"}
    told = (film.settings, _prints(look), how, (span.start, span.end), film.rate, deinterlace)
    return hashlib.sha256(repr(told).encode()).hexdigest()[:_MARK]


_prints = lru_cache(maxsize=8)(fingerprint)


class Queue:
    """Paints films by ``paint``, which returns what it could not read of one. ``marks`` is what the
    result of a task will say of itself: where its target says that already, it is finished."""

    def __init__(
        self, marks: Callable[[Task], str], paint: Callable[[Task], Exception | None]
    ) -> None:
        self._marks, self._paint = marks, paint
        self._sources: set[str] = set()
        self._taken: dict[str, Task] = {}

    def keep(self, sources: Iterable[Path]) -> None:
        """No result replaces one of ``sources`` from now on."""
        self._sources.update(map(_one_name, sources))

    def left(self, tasks: Sequence[Task], *, overwrite: bool) -> list[Task]:
        """Those that are not finished. Raises :class:`UsageError` before any work where two films
        would get one name, or one would replace another; :class:`TargetExists` where something else
        is there, unless ``overwrite``."""
        self.keep(task.source for task in tasks)
        for task in tasks:
            self._check_name(task)
        left = [task for task in tasks if not self.is_finished(task)]
        there = [str(task.target) for task in left if os.path.lexists(task.target)]
        if there and not overwrite:
            are = "is" if len(there) == 1 else "are"
            raise TargetExists(
                f"{named(there)} {are} there already, painted otherwise or by something else; "
                "replace with `overwrite`, or give another folder"
            )
        return left

    def is_finished(self, task: Task) -> bool:
        """Whether an earlier run has painted it the same way."""
        if mark := mark_of(task.target):
            with suppress(RealtimeNstError, OSError):  # of a source that cannot be read
                return mark == self._marks(task)
        return False

    def run(self, tasks: Iterable[Task]) -> Iterator[Outcome]:
        """A film that cannot be painted stops nobody but itself, whatever is wrong: the others may
        take the night. A full disk ends the queue: of what follows nothing could be written."""
        for task in tasks:
            if self.is_finished(task):
                yield Outcome(task, "finished")
                continue
            try:
                self._check_name(task)  # it may have come after the others
                error = self._paint(task)
            except Exception as raised:
                yield Outcome(task, "failed", raised)
                if is_full(raised):
                    return
            else:
                yield Outcome(task, "painted", error)

    def _check_name(self, task: Task) -> None:
        self.keep([task.source])
        name = _one_name(task.target)
        other = self._taken.setdefault(name, task)
        if other.source != task.source:
            raise UsageError(
                f"{other.source} and {task.source} would both become {task.target}; rename one, or "
                "paint them into two folders"
            )
        if name in self._sources:
            raise UsageError(
                f"{task.source} would become {task.target}, which is to be painted itself; give "
                "another folder"
            )


def is_full(error: BaseException | None) -> bool:
    """Whether it came of a full disk."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        error = error.__cause__ or error.__context__
    return False


def _one_name(path: Path) -> str:
    """Some file systems do not tell capitals from small letters."""
    return str(path.resolve()).casefold()


def named(names: Sequence[str]) -> str:
    """A few of them, and how many more."""
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
