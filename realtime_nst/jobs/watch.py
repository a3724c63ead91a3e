"""Films that appear in folders, once they are complete."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from realtime_nst.errors import UsageError
from realtime_nst.jobs.gather import Found

LOOK_EVERY = 2.0
"""Seconds. Folders are looked at: network drives do not tell what happens on them."""

STILL = 5.0
"""Seconds for which size and time of a file have not changed when it is taken for complete."""

_State = tuple[int, int, int]


@dataclass
class _Seen:
    state: _State
    since: float
    is_told: bool = False


class Watch:
    """Iterates without end over the films that ``look`` finds, the oldest first, each when it is
    complete: size and time have not changed for a while, and no other program is known to have it
    open for writing. A film that is changed later comes again.

    ``idle`` is called when there is none for now; what it or ``sleep`` raises ends the iteration.
    ``unseen`` is called with the error where ``look`` begins to fail, as while a network drive is
    gone: then there is none for now.
    """

    def __init__(
        self,
        look: Callable[[], list[Found]],
        idle: Callable[[], None],
        unseen: Callable[[Exception], None],
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._look, self._idle, self._unseen = look, idle, unseen
        self._sleep, self._clock = sleep, clock
        self._seen: dict[Path, _Seen] = {}
        self._fails = False

    def leave_out(self, path: Path) -> None:
        """The film is not told as long as it stays as it is."""
        self._seen[path] = _Seen(_state(path), self._clock(), is_told=True)

    def __iter__(self) -> Iterator[Found]:
        while True:
            complete = [film for film in self._found() if self._is_complete(film.path)]
            if complete:
                film = min(complete, key=_modified)
                self._seen[film.path].is_told = True
                yield film
            else:
                self._idle()
                self._sleep(LOOK_EVERY)

    def _found(self) -> list[Found]:
        try:
            found = self._look()
        except (UsageError, OSError) as error:
            if not self._fails:
                self._unseen(error)
            self._fails = True
            return []
        self._fails = False
        return found

    def _is_complete(self, path: Path) -> bool:
        state = _state(path)
        seen = self._seen.get(path)
        if seen is None or seen.state != state:
            self._seen[path] = _Seen(state, self._clock())
            return False
        still = self._clock() - seen.since >= STILL
        return still and not seen.is_told and bool(state[0]) and not is_being_written(path)


def _state(path: Path) -> _State:
    with suppress(OSError):
        facts = path.stat()
        return facts.st_size, facts.st_mtime_ns, facts.st_ino
    return 0, 0, 0


def _modified(film: Found) -> int:
    return _state(film.path)[1]


def is_being_written(path: Path) -> bool:
    """Whether a program of the same user has the file open for writing; where the system does not
    tell (it is Linux that does), False."""
    with suppress(OSError):
        wanted = path.stat()
        for entry in Path("/proc").glob("[0-9]*/fd/*"):
            with suppress(OSError, ValueError):
                if os.path.samestat(entry.stat(), wanted) and _is_for_writing(entry):
                    return True
    return False


def _is_for_writing(entry: Path) -> bool:
    told = (entry.parent.with_name("fdinfo") / entry.name).read_text()
    flags = next(line.split()[1] for line in told.splitlines() if line.startswith("flags:"))
    return bool(int(flags, 8) & (os.O_WRONLY | os.O_RDWR))
