"""What a process paints that has nothing but the job as data and its folder."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

from realtime_nst.errors import (
    MediaError,
    ModelError,
    ProviderError,
    RealtimeNstError,
    UsageError,
)
from realtime_nst.jobs.film import film_of
from realtime_nst.jobs.folder import progress_file, segment_file, stop_file
from realtime_nst.jobs.job import Job, form_of, identity_of
from realtime_nst.jobs.painter import Painter
from realtime_nst.jobs.result import Result
from realtime_nst.media.numbered import is_pattern
from realtime_nst.paint import Paint
from realtime_nst.pipeline import Report
from realtime_nst.runtime.networks import Networks

Tell = Callable[[int], bool]

_TOLD_EVERY = 0.5
"""Seconds."""


@dataclass(frozen=True)
class Failure:
    """An error as any process can read it: the name of its ``kind``, and its ``message``."""

    kind: str
    message: str

    @classmethod
    def of(cls, error: RealtimeNstError) -> Failure:
        kind = next(kind for kind in _KINDS if isinstance(error, kind))
        return cls(kind.__name__, str(error))

    def error(self) -> RealtimeNstError:
        return next(kind for kind in _KINDS if kind.__name__ == self.kind)(self.message)


_KINDS = (UsageError, MediaError, ModelError, ProviderError, RealtimeNstError)


class Worker:
    """Paints segments of ``job`` into ``folder``, which other processes see as well. What it needs
    is opened with the first one."""

    def __init__(self, job: Job, folder: Path) -> None:
        self._job, self._folder = job, folder
        self._painter: Painter | None = None

    def paint(self, number: int, tell: Tell | None = None) -> Failure | None:
        """Paint the segment ``number``, unless it is finished; what went wrong. ``tell`` gets the
        number of frames painted now and then, and says whether to go on (default: by files in
        the folder)."""
        path = segment_file(self._folder, Path(self._job.target).suffix, number)
        try:
            if Result.read(path, self._job.digest) is None:
                self._painter = self._painter or _opened(self._job)
                self._painter.paint(number, path, _Told(tell or partial(_by_files, path)))
        except RealtimeNstError as error:
            return Failure.of(error)
        finally:
            progress_file(path).unlink(missing_ok=True)
        return None


@lru_cache(maxsize=1)
def worker_of(job: Job, folder: Path) -> Worker:
    """That of this process; what it has opened stays for the next segment of the same job."""
    return Worker(job, folder)


def _opened(job: Job) -> Painter:
    """Raises :class:`ProviderError` where the job's provider cannot be used or other versions are
    installed, :class:`UsageError` where source or look are not what they were."""
    film = film_of(Path(job.source), job.rate if _is_numbered(job) else None)
    networks = Networks(job.asked, job.threads)
    painting = Paint(job.look, networks, begin=job.begin)
    form = form_of(film, Path(job.target), job.span, job.coding, job.threads)
    here = identity_of(film, form, painting, deinterlace=job.deinterlace)
    if names := [name for name in here if here[name] != job.identity.get(name)]:
        raise UsageError(
            f"a worker on {platform.node()} has another {' or '.join(names).replace('_', '-')}; "
            "install the same versions and files everywhere"
        )
    painter = Painter(job, film, form, painting)
    painter.prepare()
    return painter


def _is_numbered(job: Job) -> bool:
    source = Path(job.source)
    return source.is_dir() or is_pattern(source)


def _by_files(segment: Path, frames: int) -> bool:
    with suppress(OSError):
        progress_file(segment).write_text(str(frames))
    return not stop_file(segment.parent).exists()


class _Told:
    """Lets ``tell`` know now and then; raises :class:`Stopped` where nobody waits for the rest."""

    def __init__(self, tell: Tell) -> None:
        self._tell, self._last = tell, float("-inf")

    def __call__(self, report: Report, written: int) -> None:
        now = time.monotonic()
        if now - self._last >= _TOLD_EVERY:
            self._last = now
            if not self._tell(written):
                raise Stopped("the work was stopped")


class Stopped(RealtimeNstError):
    """Nobody waits for the segment any more."""
