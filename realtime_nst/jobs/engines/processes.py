"""The engine that is several processes on this machine."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import connection
from multiprocessing.connection import Connection
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

_PATIENCE = 5.0
"""Seconds in which a worker that is told to stop makes playable what it has painted."""


_SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGHUP", "SIGTERM") if hasattr(signal, name)
]


class Processes:
    """Lets so many ``workers`` paint segments of ``job`` into ``folder``.

    A segment whose worker dies is painted again by another; the rest go on. Whatever ends this
    process ends them too.
    """

    def __init__(self, job: Job, folder: Folder, workers: int) -> None:
        self._job, self._folder, self._workers = job, folder, workers
        self._busy: list[_Worker] = []
        self._idle: list[_Worker] = []

    def map(self, numbers: Iterator[int], progress: Progress) -> Generator[int, None, None]:
        """Raises :class:`MediaError` if workers die again and again, as for want of memory."""
        began, deaths = time.perf_counter(), 0
        lost: list[int] = []
        try:
            while self._fill(numbers, lost):
                for worker in self._ready():
                    self._busy.remove(worker)
                    try:
                        failure = worker.result()
                    except (EOFError, OSError):
                        worker.end()
                        lost.append(worker.number)
                        deaths += 1
                        _check_deaths(deaths)
                        continue
                    self._idle.append(worker)
                    if failure is not None:
                        raise failure.error()
                    deaths = 0
                    yield worker.number
                frames = sum(self._folder.painted(worker.number) for worker in self._busy)
                progress(frames, time.perf_counter() - began)
        finally:
            self._end()

    def _fill(self, numbers: Iterator[int], lost: list[int]) -> bool:
        """Give every worker that has nothing to do a segment: one that was lost, or the next of
        ``numbers``. False if nobody has one."""
        while len(self._busy) < self._workers:
            number = lost.pop() if lost else next(numbers, None)
            if number is None:
                break
            worker = self._idle.pop() if self._idle else _Worker(self._job, self._folder.path)
            self._busy.append(worker)
            worker.paint(number)
        return bool(self._busy)

    def _ready(self) -> list[_Worker]:
        """Those that have something to say, soon."""
        found = connection.wait([worker.connection for worker in self._busy], _LOOK_EVERY)
        return [worker for worker in self._busy if worker.connection in found]

    def _end(self) -> None:
        """Those that paint may finish the frame and make their segment playable."""
        try:
            if self._busy:
                self._folder.stop.touch()
                until = time.monotonic() + _PATIENCE
                for worker in self._busy:
                    worker.connection.poll(max(0.0, until - time.monotonic()))
        finally:
            for worker in [*self._idle, *self._busy]:
                worker.end()
            self._idle, self._busy = [], []
            self._folder.stop.unlink(missing_ok=True)


def _check_deaths(deaths: int) -> None:
    if deaths == _DEATHS:
        raise MediaError(
            f"{_DEATHS} worker processes died one after the other, as for want of memory; go on "
            "with the same command and fewer `workers`"
        )


class _Worker:
    """A process that paints one segment of ``job`` at a time: ``number``."""

    def __init__(self, job: Job, folder: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, far = context.Pipe()
        self.number = -1
        self._process = context.Process(target=_work, args=(far, job.to_json(), folder))
        with _signals_blocked():
            self._process.start()
        far.close()  # so that the end of the process is the end of the pipe

    def paint(self, number: int) -> None:
        self.number = number
        with suppress(OSError):  # it is dead, as its result will say
            self.connection.send(number)

    def result(self) -> Failure | None:
        """Raises EOFError or OSError if the process has died."""
        failure: Failure | None = self.connection.recv()
        return failure

    def end(self) -> None:
        self._process.kill()  # nothing that it writes is half-written
        self._process.join()
        self.connection.close()


@contextmanager
def _signals_blocked() -> Iterator[None]:
    """A process that is started within never sees them: signals reach the whole group of processes,
    and what they mean is decided by the parent. This thread gets them afterwards."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(connection: Connection, job: dict[str, Any], folder: Path) -> None:
    for number in _SIGNALS:  # once more, for systems that block none
        signal.signal(number, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    threading.Thread(target=_follow, args=(parent,), daemon=True).start()
    worker = Worker(Job.from_json(job), folder)
    while True:
        connection.send(worker.paint(connection.recv()))


def _follow(parent: Any) -> None:
    parent.join()
    os._exit(1)
