"""kill -9 at random moments of `video` painted by several workers: of a worker, of a Ray node, of
the command itself. The result must be, to the byte, that of one process.

    python tools/killed_jobs.py --moments 20 --seed 0 processes ray

After a worker or node the command must end well by itself; after the command, the same one must,
and paint nothing twice that was finished. Prints a line for each moment; the exit code is 1 if one
of these fails.
"""

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import moments
import psutil

FRAMES = 300
PROGRAM = """
import jobs_factory
from realtime_nst.cli import program
with jobs_factory.short_segments(40, 60):
    program()
"""


class Engine:
    """``options`` of the command, and whom of its ``victims`` to kill."""

    options: tuple[str, ...] = ()
    victims: tuple[str, ...] = ("command", "worker")

    def worker(self, command: psutil.Process) -> psutil.Process | None:
        raise NotImplementedError

    def lose_node(self) -> None:
        raise NotImplementedError

    def close(self) -> None:
        pass


class Processes(Engine):
    options = ("--workers", "2")

    def worker(self, command: psutil.Process) -> psutil.Process | None:
        with suppress(psutil.Error):
            children = [p for p in command.children() if "spawn_main" in " ".join(p.cmdline())]
            return random.choice(children) if children else None
        return None


class Ray(Engine):
    victims = ("command", "worker", "node")

    def __init__(self) -> None:
        from ray.cluster_utils import Cluster

        self._node = {
            "num_cpus": 1, "object_store_memory": 100 * 2**20, "node_ip_address": "127.0.0.2"
        }  # fmt: skip
        head = {**self._node, "include_dashboard": False}
        self._cluster = Cluster(initialize_head=True, head_node_args=head)
        self._other = self._cluster.add_node(**self._node)
        self.options = ("--engine", "ray", "--address", self._cluster.address)

    def worker(self, command: psutil.Process) -> psutil.Process | None:
        painting = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.cmdline()[:1] and "ray::film.mp4" in process.cmdline()[0]:
                    painting.append(process)
        return random.choice(painting) if painting else None

    def lose_node(self) -> None:
        self._cluster.remove_node(self._other, allow_graceful=False)
        self._other = self._cluster.add_node(**self._node)

    def close(self) -> None:
        self._cluster.shutdown()


ENGINES: dict[str, Callable[[], Engine]] = {"processes": Processes, "ray": Ray}


def started(film: Path, output: Path, *more: str) -> subprocess.Popen[str]:
    """The command, in short segments so that there are several of a short film."""
    style = film.with_name("tiny.onnx")
    command = ["video", film, "-o", output, "--style", style, "--threads", "1"]
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *map(str, command), "--provider", "cpu", *more],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def finished(output: Path) -> int:
    """How many frames are in finished segments."""
    found = 0
    for path in output.with_name(f"{output.name}.segments").glob("0*.json"):
        with suppress(OSError, ValueError):
            found += len(json.loads(path.read_text())["shown"])
    return found


def tried(engine: Engine, victim: str, film: Path, output: Path, moment: float) -> tuple[str, str]:
    """What came of it, and what is wrong."""
    process = started(film, output, *engine.options)
    time.sleep(moment)
    if process.poll() is not None:
        return "done before", "" if process.returncode == 0 else process.communicate()[1]
    if victim == "node":
        engine.lose_node()
    elif victim == "worker":
        worker = engine.worker(psutil.Process(process.pid))
        if worker is None:
            victim = "nobody yet"
        else:
            worker.kill()
    else:
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        time.sleep(1)  # orphans end
        before = finished(output)
        process = started(film, output, *engine.options)
        said = process.communicate()[1]
        kept = re.search(r"going on after the (\d+) frame", said)
        if before != int(kept[1] if kept else 0):
            return victim, f"{before} frames were finished; {said}"
        return f"{victim}, after {before} frames", "" if process.returncode == 0 else said
    said = process.communicate()[1]
    return victim, "" if process.returncode == 0 else said


def differs(one: Path, two: Path) -> str:
    return "" if one.read_bytes() == two.read_bytes() else "other bytes"


def trials(name: str, count: int, seed: int, folder: Path) -> Iterator[moments.Trial]:
    import media_factory
    import model_factory

    film = media_factory.clip(folder / "film.mp4", count=FRAMES, size=(160, 120), group=10)
    model_factory.write_style(folder / "tiny.onnx", card=model_factory.card())
    whole, timed = folder / "whole.mp4", folder / "timed.mp4"
    with ExitStack() as opened:
        engine = ENGINES[name]()
        opened.callback(engine.close)
        for output, options in ((whole, ()), (timed, engine.options)):
            began = time.perf_counter()
            process = started(film, output, *options)
            said = process.communicate()[1]
            if process.returncode:
                raise SystemExit(f"the undisturbed run failed: {said}")
        seconds = time.perf_counter() - began
        yield seconds, "undisturbed", differs(whole, timed)
        for number, moment in enumerate(moments.spread(count, seed, seconds)):
            output = folder / f"{number}.mp4"
            victim = engine.victims[number % len(engine.victims)]
            came, wrong = tried(engine, victim, film, output, moment)
            yield moment, came, wrong or differs(whole, output)


if __name__ == "__main__":
    sys.exit(moments.main(__doc__, ENGINES, trials))
