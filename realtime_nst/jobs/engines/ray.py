"""The engine that is a Ray cluster, or Ray on this machine.

Tasks get the job as data and the path of its folder, never frames: source, folder and style files
must be found under the same paths on every node, as on a shared folder.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Generator, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from realtime_nst.errors import MediaError, RealtimeNstError
from realtime_nst.jobs.engines import Progress
from realtime_nst.jobs.folder import Folder
from realtime_nst.jobs.job import Job
from realtime_nst.packages import require

_LOOK_EVERY = 0.5
"""Seconds between two looks at how far the workers are."""

_PATIENCE = 3.0
"""Seconds in which tasks that are told to stop make playable what they have painted."""

_RETRIES = 5
"""How often a task runs again whose worker or node died."""


class OnRay:
    """Lets the cluster at ``address`` (None: one on this machine) paint segments of ``job`` into
    ``folder``, at most so many ``workers`` at a time (None: as many as have a core for each
    thread).

    Tasks are called after film and segment. Those whose worker or node dies run again; if this
    process dies, the same command goes on with what is finished. Raises :class:`MissingPackage`
    without Ray.
    """

    def __init__(
        self, job: Job, folder: Folder, workers: int | None = None, address: str | None = None
    ) -> None:
        require("painting on a cluster", "cluster")
        self._job, self._folder = job, folder
        self._workers, self._address = workers, address

    def map(self, numbers: Iterator[int], progress: Progress) -> Generator[int, None, None]:
        """Raises :class:`MediaError` if the cluster cannot be reached or gives a segment up."""
        import ray

        began, was_up = time.perf_counter(), ray.is_initialized()
        if not was_up:
            _connect(ray, self._address)
        task = ray.remote(_paint)
        data = self._job.to_json()
        running: dict[Any, int] = {}
        try:
            while True:
                most = self._workers or _room(ray, self._job.threads)
                for number in islice(numbers, max(0, most - len(running))):
                    running[self._submitted(task, data, number)] = number
                if not running:
                    return
                done, _ = ray.wait(list(running), timeout=_LOOK_EVERY)
                for reference in done:
                    _check(ray, reference, running[reference])
                    yield running.pop(reference)
                frames = sum(self._folder.painted(number) for number in running.values())
                progress(frames, time.perf_counter() - began)
        finally:
            self._end(ray, list(running))
            if not was_up:
                ray.shutdown()

    def _end(self, ray: Any, running: list[Any]) -> None:
        """What is running may finish the frame and make its segment playable."""
        if not running:
            return
        self._folder.stop.touch()
        try:
            _, late = ray.wait(running, num_returns=len(running), timeout=_PATIENCE)
            for reference in late:
                ray.cancel(reference, force=True)
        finally:
            self._folder.stop.unlink(missing_ok=True)

    def _submitted(self, task: Any, data: dict[str, Any], number: int) -> Any:
        name = f"{Path(self._job.source).name} segment {number + 1}"
        options = {"name": name, "num_cpus": self._job.threads, "max_retries": _RETRIES}
        return task.options(**options).remote(data, str(self._folder.path.resolve()), number)


def _room(ray: Any, threads: int) -> int:
    """How many tasks of so many ``threads`` the cluster has cores for, 1 at least."""
    nodes = (node["Resources"].get("CPU", 0) for node in ray.nodes() if node["Alive"])
    return max(1, sum(int(cores // threads) for cores in nodes))


def _connect(ray: Any, address: str | None) -> None:
    try:
        ray.init(
            address=address,
            include_dashboard=None if address else False,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
        where = address or "this machine"
        raise MediaError(
            f"there is no Ray cluster at {where} ({str(error).splitlines()[0]}); start one as "
            "jobs/README.md says"
        ) from None


def _check(ray: Any, reference: Any, number: int) -> None:
    try:
        failure = ray.get(reference)
    except ray.exceptions.RayError as error:
        raise MediaError(
            f"the cluster gave up segment {number + 1} ({type(error).__name__}); go on with "
            "the same command"
        ) from None
    if failure is not None:
        raise _error(*failure)


def _error(kind: str, message: str) -> RealtimeNstError:
    from realtime_nst.jobs.worker import Failure

    return Failure(kind, message).error()


def _paint(job: dict[str, Any], folder: str, number: int) -> tuple[str, str] | None:
    """Runs on a node. What a worker process has opened stays for the next segment of the job."""
    from realtime_nst.jobs.job import Job
    from realtime_nst.jobs.worker import worker_of

    failure = worker_of(Job.from_json(job), Path(folder)).paint(number)
    return None if failure is None else (failure.kind, failure.message)
