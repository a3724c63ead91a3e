"""The folder beside an output in which a job and its finished segments are kept."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

from realtime_nst.errors import MediaError, TargetExists
from realtime_nst.files import LockedFile, beside, write_whole
from realtime_nst.jobs.job import Job
from realtime_nst.jobs.result import Result, read_part
from realtime_nst.sinks.segments import Part

_JOB, _LOCK, _STOP = "job.json", "lock", "stop"
_EARLY = re.compile(r"stop|lock|\.realtime_nst-\w+\.part")
"""Names of files that there are before the job is written."""

_OWN = re.compile(r"\d{5}(-unfinished)?\.\w+|stop|job\.json|lock|\.realtime_nst-\w+\.part")


class Folder:
    """``NAME.SUFFIX.segments`` beside the output ``target``; with a number if that name is taken,
    by ``source`` in it or by what is not ours.

    What an earlier run has finished of the same job is gone on with. Nothing is created or deleted
    before ``lock``. From then on it is locked, until ``close`` or ``remove``.
    """

    def __init__(self, target: Path, source: Path | None) -> None:
        self.path = _free_name(target, source)
        self._suffix = target.suffix
        self.earlier = Job.read(self.path / _JOB)
        self._lock: LockedFile | None = None
        self._results: dict[int, Result] = {}

    @property
    def has_results(self) -> bool:
        """Whether there are finished segments, of whatever job."""
        return any(path.stem.isdigit() and path.suffix == ".json" for path in self._files())

    @property
    def results(self) -> dict[int, Result]:
        """The finished segments, by number."""
        return self._results

    def file(self, number: int) -> Path:
        """Of a segment."""
        return segment_file(self.path, self._suffix, number)

    def lock(self) -> None:
        """Raises :class:`TargetExists` if another run is writing there."""
        self.path.mkdir(exist_ok=True)
        self._lock = _locked(self.path / _LOCK)
        self.earlier = Job.read(self.path / _JOB)

    def begin(self, job: Job) -> None:
        """Find what is finished of ``job``; everything else is deleted."""
        self._results = dict(self._verified(job))
        self.tidy()
        with write_whole(self.path / _JOB) as part:
            part.write_text(json.dumps(job.to_json(), indent=1), encoding="utf-8")

    @property
    def stop(self) -> Path:
        """While this file is there, other processes paint no further."""
        return stop_file(self.path)

    def painted(self, number: int) -> int:
        """How many frames another process has painted of a segment that is not finished."""
        with suppress(OSError, ValueError):
            return int(progress_file(self.file(number)).read_text())
        return 0

    def unfinished(self, number: int) -> Part | None:
        """What plays of a segment at which the work ended."""
        return read_part(unfinished_file(self.file(number)))

    def tidy(self) -> None:
        """Delete what is not finished."""
        wanted = {self.file(number).stem for number in self._results}
        for path in self._files():
            if path.name not in (_LOCK, _JOB) and path.stem not in wanted:
                path.unlink(missing_ok=True)

    def verify(self, job: Job, number: int) -> Result:
        """The segment that was just painted. Raises :class:`MediaError` if it is not as it
        should be."""
        result = Result.read(self.file(number), job.digest)
        if result is None:
            raise MediaError(
                f"{self.file(number)} is not as it was written; check the disk, then run the same "
                "command again"
            )
        self._results[number] = result
        return result

    def close(self) -> None:
        if self._lock:
            self._lock.release()
            self._lock = None

    def remove(self) -> None:
        """Delete all that is ours, and the folder if nothing else is in it."""
        for path in self._files():
            path.unlink(missing_ok=True)
        self.close()
        with suppress(OSError):
            self.path.rmdir()

    def _verified(self, job: Job) -> Iterator[tuple[int, Result]]:
        for number in range(len(job.segments)):
            result = Result.read(self.file(number), job.digest)
            if result is not None:
                yield number, result

    def _files(self) -> list[Path]:
        with suppress(OSError):
            return [path for path in self.path.iterdir() if is_ours(path.name)]
        return []


def earlier_job(target: Path) -> Job | None:
    """What an earlier run was painting into the video ``target``, if it is not finished."""
    return Job.read(_free_name(target, None) / _JOB)


def is_job(path: Path) -> bool:
    """Whether the folder ``path`` holds the finished segments of a film."""
    return ".segments" in path.name and (path / _JOB).is_file()


def progress_file(segment: Path) -> Path:
    return segment.with_suffix(".progress")


def holds(folder: Path, job: Job) -> bool:
    """Whether ``folder`` is seen here, and is that of ``job``."""
    there = Job.read(folder / _JOB)
    return there is not None and there.digest == job.digest


def is_ours(name: str) -> bool:
    """Whether a file of that name belongs to a job."""
    return bool(_OWN.fullmatch(name))


def stop_file(folder: Path) -> Path:
    return folder / _STOP


def unfinished_file(segment: Path) -> Path:
    return segment.with_stem(f"{segment.stem}-unfinished")


def segment_file(folder: Path, suffix: str, number: int) -> Path:
    return folder / f"{number:05d}{suffix}"


def _free_name(target: Path, source: Path | None) -> Path:
    for number in count(1):
        ending = f"-{number}" if number > 1 else ""
        path = beside(target, f"{target.suffix}.segments{ending}")
        if not os.path.lexists(path):
            break
        ours = path.is_dir() and not path.is_symlink() and _is_of_job(path)
        if ours and not (source and path.resolve() in source.resolve().parents):
            break
    return path


def _is_of_job(path: Path) -> bool:
    """Whether a job is in it, or a run was killed before it wrote one."""
    with suppress(OSError):
        return (path / _JOB).is_file() or all(_EARLY.fullmatch(p.name) for p in path.iterdir())
    return False


def _locked(path: Path) -> LockedFile:
    busy = (
        f"another run is writing {path.parent}; wait for it to end, or give the output another name"
    )
    try:
        with suppress(FileExistsError):
            return LockedFile(path, create=True)
        return LockedFile(path)
    except (BlockingIOError, FileNotFoundError):
        raise TargetExists(busy) from None
