"""Files for nodes of a cluster that do not see those of the command: sent in pieces, through Ray's
object store, by an actor beside the command."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import stat
import tempfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from realtime_nst.errors import UsageError
from realtime_nst.files import write_whole
from realtime_nst.jobs.folder import Folder, is_ours, progress_file, segment_file, stop_file
from realtime_nst.jobs.job import Job
from realtime_nst.references import files_of, renamed
from realtime_nst.runtime.companions import encoder_path, int8_path

if TYPE_CHECKING:
    from realtime_nst.jobs.worker import Failure

_PIECE = 8 * 2**20
"""Bytes; a worker has one at a time."""

_PLAIN = str.maketrans("-.", "__")

_SWEPT_WITHIN = 10.0
"""Seconds."""

_PLACE = "{place}"
"""Stands for the folder that a node keeps the files in."""


class Shipment:
    """What nodes need that do not see ``folder``: ``job`` as JSON whose paths are theirs, and a
    ``desk`` that gives and takes files, on the node of this process."""

    def __init__(self, ray: Any, job: Job, folder: Folder) -> None:
        self._ray = ray
        files = _files(job)
        names = {path: name for name, path in files.items()}

        def there(path: str) -> str:
            return f"{_PLACE}/{names[Path(path)]}"

        moved = replace(job, source=there(job.source), look=renamed(job.look, there))
        self.job = json.dumps(moved.to_json())
        here = self._on(ray.get_runtime_context().get_node_id())
        desk = ray.remote(Desk).options(num_cpus=0, scheduling_strategy=here)
        self.desk = desk.remote(folder.path.resolve(), Path(job.target).suffix, files)
        self._name, self._digest = f"{Path(job.source).name} files", job.digest

    def sweep(self) -> None:
        """Delete on every node what was sent there."""
        ray = self._ray
        sweep, how = ray.remote(_sweep), {"num_cpus": 0, "name": f"{self._name} deleted"}
        tasks = [
            sweep.options(scheduling_strategy=self._on(node["NodeID"]), **how).remote(self._digest)
            for node in ray.nodes()
            if node["Alive"]
        ]
        ray.wait(tasks, num_returns=len(tasks), timeout=_SWEPT_WITHIN)

    def _on(self, node: str) -> Any:
        strategies = self._ray.util.scheduling_strategies
        return strategies.NodeAffinitySchedulingStrategy(node, soft=False)


def _files(job: Job) -> dict[str, Path]:
    """The files that ``job`` reads, by their names on a node: those of one folder stay together."""
    read = [Path(job.source), *files_of(job.look)]
    beside = [find(path) for path in read for find in (encoder_path, int8_path)]
    found = {}
    for path in [*read, *(path for path in beside if path.is_file())]:
        where = hashlib.sha256(os.fsencode(path.parent)).hexdigest()[:16]
        found[f"{where}/{path.name}"] = path
    return found


class Desk:
    """Runs beside the command: gives its ``files``, and takes segments into ``folder``."""

    def __init__(self, folder: Path, suffix: str, files: dict[str, Path]) -> None:
        self._folder, self._suffix, self._files = folder, suffix, files

    def files(self) -> list[str]:
        return list(self._files)

    def read(self, name: str, offset: int) -> bytes:
        """A piece; empty at the end."""
        with self._files[name].open("rb") as file:
            file.seek(offset)
            return file.read(_PIECE)

    def take(self, name: str, offset: int, piece: bytes, last: bool) -> None:
        """With the ``last`` piece the file gets its name."""
        if not is_ours(name):
            raise ValueError(f"unexpected name {name}")
        sent = self._folder / f".realtime_nst-{name.translate(_PLAIN)}.part"
        with sent.open("r+b" if offset else "wb") as file:
            file.seek(offset)
            file.write(piece)
        if last:
            sent.replace(self._folder / name)

    def told(self, number: int, frames: int) -> bool:
        """How many are painted of a segment; whether to go on."""
        segment = segment_file(self._folder, self._suffix, number)
        progress_file(segment).write_text(str(frames))
        return not stop_file(self._folder).exists()


def paint_shipped(told: str, desk: Any, number: int) -> Failure | None:
    """Runs on a node: paint the segment ``number`` of the job ``told`` with files from ``desk``,
    and send it there; what went wrong."""
    import ray

    from realtime_nst.jobs.worker import Failure, worker_of

    try:
        place = _own_place(json.loads(told)["digest"])
    except UsageError as error:
        return Failure.of(error)
    _fetch(ray, desk, place)
    job = Job.from_json(json.loads(told.replace(_PLACE, place.as_posix())))

    def tell(frames: int) -> bool:
        return bool(ray.get(desk.told.remote(number, frames)))

    failure = worker_of(job, place).paint(number, tell)
    made = segment_file(place, Path(job.target).suffix, number)
    for path in sorted(place.glob(f"{made.stem}*"), key=lambda path: path.suffix == ".json"):
        _send(ray, desk, path)
        path.unlink()
    return failure


def _place(digest: str) -> Path:
    """Where a node keeps the files of the job with that digest."""
    return Path(tempfile.gettempdir(), f"realtime_nst-ray-{digest[:16]}")


def _own_place(digest: str) -> Path:
    """Created if it is not there. Raises :class:`UsageError` where somebody else has put anything
    of that name: folders for temporary files are open to every user."""
    place = _place(digest)
    with suppress(FileExistsError):
        place.mkdir(mode=0o700)
    facts = place.lstat()
    is_own = not hasattr(os, "getuid") or facts.st_uid == os.getuid()
    if not (stat.S_ISDIR(facts.st_mode) and is_own):
        raise UsageError(f"{place} on {platform.node()} is somebody else's; delete it there")
    return place


def _fetch(ray: Any, desk: Any, place: Path) -> None:
    """What is not there yet; tasks of one node wait for one another."""
    from filelock import FileLock  # Ray needs it too

    with FileLock(place / "fetching"):
        for name in ray.get(desk.files.remote()):
            path = place / name
            path.parent.mkdir(exist_ok=True)
            if not path.exists():
                with write_whole(path) as part, part.open("wb") as file:
                    while piece := ray.get(desk.read.remote(name, file.tell())):
                        file.write(piece)


def _send(ray: Any, desk: Any, path: Path) -> None:
    size, offset = path.stat().st_size, 0
    with path.open("rb") as file:
        while offset < size:
            piece = file.read(_PIECE)
            last = offset + len(piece) == size
            ray.get(desk.take.remote(path.name, offset, piece, last))
            offset += len(piece)


def _sweep(digest: str) -> None:
    shutil.rmtree(_place(digest), ignore_errors=True)
