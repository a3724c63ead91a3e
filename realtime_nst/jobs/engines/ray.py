"""The engine that is a Ray cluster, or Ray on this machine.

Tasks get the job as data and the path of its folder, never frames. Nodes that do not see the folder
get source and style files in pieces, and send segments back so: :mod:`.shipping`.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import tempfile
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from realtime_nst.errors import MediaError, RealtimeNstError
from realtime_nst.jobs.engines import Progress
from realtime_nst.jobs.engines.shipping import Shipment
from realtime_nst.jobs.folder import Folder, holds
from realtime_nst.jobs.job import Job
from realtime_nst.packages import require

_LOOK_EVERY = 0.5
"""Seconds between two looks at how far the workers are."""

_PATIENCE = 3.0
"""Seconds in which tasks that are told to stop make playable what they have painted."""

_RETRIES = 5
"""How often a task runs again whose worker or node died."""

_UNSEEN = "unseen", ""
"""What a task gives on a node that does not see the job's folder."""


class OnRay:
    """Lets the cluster at ``address`` (None: one on this machine) paint segments of ``job`` into
    ``folder``, at most so many ``workers`` at a time (None: as many as have a core for each
    thread).

    Each node looks whether it sees the folder. Tasks are called after film and segment. Those whose
    worker or node dies run again; if this process dies, the same command goes on with what is
    finished. Raises :class:`MissingPackage` without Ray.
    """

    def __init__(
        self,
        job: Job,
        folder: Folder,
        workers: int | None = None,
        address: str | None = None,
    ) -> None:
        require("painting on a cluster", "cluster")
        self._job, self._folder = job, folder
        self._workers, self._address = workers, address
        self._shipment: Shipment | None = None

    def map(self, numbers: Iterator[int], progress: Progress) -> Generator[int, None, None]:
        """Raises :class:`MediaError` if the cluster cannot be reached or gives a segment up."""
        began = time.perf_counter()
        running: dict[Any, int] = {}
        with _connected(self._address) as ray:
            try:
                while True:
                    most = self._workers or _room(ray, self._job.threads)
                    for number in islice(numbers, max(0, most - len(running))):
                        running[self._submitted(ray, number)] = number
                    if not running:
                        return
                    yield from self._finished(ray, running)
                    frames = sum(self._folder.painted(number) for number in running.values())
                    progress(frames, time.perf_counter() - began)
            finally:
                self._end(ray, list(running))

    def _finished(self, ray: Any, running: dict[Any, int]) -> Iterator[int]:
        done, _ = ray.wait(list(running), timeout=_LOOK_EVERY)
        for reference in done:
            failure = _result(ray, reference, running[reference])
            number = running.pop(reference)
            if failure == _UNSEEN:
                self._shipment = self._shipment or Shipment(ray, self._job, self._folder)
                running[self._submitted(ray, number)] = number
            elif failure is not None:
                raise _error(*failure)
            else:
                yield number

    def _submitted(self, ray: Any, number: int) -> Any:
        name = f"{Path(self._job.source).name} segment {number + 1}"
        options = {"name": name, "num_cpus": self._job.threads, "max_retries": _RETRIES}
        folder = str(self._folder.path.resolve())
        shipped = self._shipment and (self._shipment.job, self._shipment.desk)
        task = ray.remote(_paint).options(**options)
        return task.remote(json.dumps(self._job.to_json()), folder, number, shipped)

    def _end(self, ray: Any, running: list[Any]) -> None:
        """What is running may finish the frame and make its segment playable."""
        try:
            if running:
                self._folder.stop.touch()
                _, late = ray.wait(running, num_returns=len(running), timeout=_PATIENCE)
                for reference in late:
                    ray.cancel(reference, force=True)
            if self._shipment:
                self._shipment.sweep()
        finally:
            self._folder.stop.unlink(missing_ok=True)


def _room(ray: Any, threads: int) -> int:
    """How many tasks of so many ``threads`` the cluster has cores for, 1 at least."""
    nodes = (node["Resources"].get("CPU", 0) for node in ray.nodes() if node["Alive"])
    return max(1, sum(int(cores // threads) for cores in nodes))


@contextmanager
def _connected(address: str | None) -> Iterator[Any]:
    """Ray, connected for the block unless it was before; one of this machine leaves no files."""
    import ray

    if ray.is_initialized():
        yield ray
        return
    with ExitStack() as opened:
        more: dict[str, Any] = {}
        if address is None:
            short = "/tmp" if os.path.isdir("/tmp") else None  # paths of sockets have a limit
            folder = tempfile.TemporaryDirectory(
                prefix="ray-", dir=short, ignore_cleanup_errors=True
            )
            more = {"include_dashboard": False, "_temp_dir": opened.enter_context(folder)}
        opened.callback(ray.shutdown)
        with _same_signals():
            _connect(ray, address or "local", **more)
        yield ray


@contextmanager
def _same_signals() -> Iterator[None]:
    """Ray has handlers of its own for SIGTERM, which would end this process with a trace."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _connect(ray: Any, address: str, **more: Any) -> None:
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, **more)
    except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
        where = "this computer" if address == "local" else address
        raise MediaError(
            f"there is no Ray cluster at {where} ({str(error).splitlines()[0]}); start one as "
            "jobs/README.md says"
        ) from None


def _result(ray: Any, reference: Any, number: int) -> tuple[str, str] | None:
    try:
        failure: tuple[str, str] | None = ray.get(reference)
    except ray.exceptions.RayError as error:
        raise MediaError(
            f"the cluster gave up segment {number + 1} ({type(error).__name__}); go on with "
            "the same command"
        ) from None
    return failure


def _error(kind: str, message: str) -> RealtimeNstError:
    from realtime_nst.jobs.worker import Failure

    return Failure(kind, message).error()


def _paint(
    told: str, folder: str, number: int, shipped: tuple[str, Any] | None
) -> tuple[str, str] | None:
    """Runs on a node. What a worker process has opened stays for the next segment of the job."""
    from realtime_nst.jobs.engines.shipping import paint_shipped
    from realtime_nst.jobs.worker import worker_of

    job = Job.from_json(json.loads(told))
    if holds(Path(folder), job):
        failure = worker_of(job, Path(folder)).paint(number)
    elif shipped:
        failure = paint_shipped(*shipped, number)
    else:
        return _UNSEEN
    return None if failure is None else (failure.kind, failure.message)
