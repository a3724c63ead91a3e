"""The engine that is several processes on this machine."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from realtime_nst.errors import MediaError
from realtime_nst.jobs.engines import Progress
from realtime_nst.jobs.folder import Folder
from realtime_nst.jobs.job import Job
from realtime_nst.jobs.worker import Failure, Worker

_LOOK_EVERY = 0.2
"""Seconds between two looks at how far the workers are."""

_DEATHS = 3
"""Workers that may die in a row without a segment being finished in between."""


class Processes:
    """Lets so many ``workers`` paint segments of ``job`` into ``folder``.

    What dies with a worker is painted again. Whatever ends this process ends them too.
    """

    unfinished = None

    def __init__(self, job: Job, folder: Folder, workers: int) -> None:
        self._job, self._folder, self._workers = job, folder, workers

    def map(self, numbers: Sequence[int], progress: Progress) -> Iterator[int]:
        """Raises :class:`MediaError` if workers die again and again, as for want of memory."""
        began, missing, deaths = time.perf_counter(), list(numbers), 0
        while missing:
            try:
                for number in self._painted(missing, progress, began):
                    missing.remove(number)
                    deaths = 0
                    yield number
            except BrokenProcessPool:
                deaths += 1
                if deaths == _DEATHS:
                    raise MediaError(
                        f"{_DEATHS} worker processes died one after the other, as for want of "
                        "memory; go on with `resume` and fewer `workers`"
                    ) from None

    def _painted(self, numbers: Sequence[int], progress: Progress, began: float) -> Iterator[int]:
        pool = ProcessPoolExecutor(
            min(self._workers, len(numbers)),
            multiprocessing.get_context("spawn"),
            _begin,
            (self._job.to_json(), self._folder.path),
        )
        try:
            waiting = {pool.submit(_paint, number): number for number in numbers}
            while waiting:
                done, _ = wait(waiting, _LOOK_EVERY, FIRST_COMPLETED)
                for future in done:
                    number = waiting.pop(future)
                    _check(future)
                    yield number
                frames = sum(self._folder.painted(number) for number in waiting.values())
                progress(frames, time.perf_counter() - began)
        except BaseException:
            self._folder.stop.touch()
            raise
        finally:
            pool.shutdown(cancel_futures=True)
            self._folder.stop.unlink(missing_ok=True)


def _check(future: Future[Failure | None]) -> None:
    failure = future.result()
    if failure is not None:
        raise failure.error()


_worker: Worker | None = None
"""That of this process, if it is one."""


def _begin(job: dict[str, Any], folder: Path) -> None:
    """Signals reach the whole group of processes; what they mean is decided by the parent."""
    global _worker
    for name in ("SIGINT", "SIGHUP", "SIGTERM"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_follow, args=(parent,), daemon=True).start()
    _worker = Worker(Job.from_json(job), folder)


def _follow(parent: Any) -> None:
    parent.join()
    os._exit(1)


def _paint(number: int) -> Failure | None:
    assert _worker is not None
    return _worker.paint(number)
