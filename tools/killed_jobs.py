"""kill -9 at random moments of `video` painted by several workers: of a worker, of a Ray node, of
the command itself. The result must be, to the byte, that of one process.

    python tools/killed_jobs.py --moments 20 --seed 0 processes ray

After a worker or node the command must end well by itself; after the command, the same one with
--resume must, and paint nothing twice that was finished. Prints a line for each moment; the exit
code is 1 if one of these fails.
"""

import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil

TESTS = Path(__file__).parent.parent / "tests"
FRAMES = 3200


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
        children = [p for p in command.children() if "spawn_main" in " ".join(p.cmdline())]
        return random.choice(children) if children else None


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
    command = ["video", film, "-o", output, "--style", "great_wave", "--threads", "1", *more]
    return subprocess.Popen(
        [sys.executable, "-m", "realtime_nst", *map(str, command)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
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
        process = started(film, output, *engine.options, "--resume")
        said = process.communicate()[1]
        kept = re.search(r"going on after the (\d+) frame", said)
        if before != int(kept[1] if kept else 0):
            return victim, f"{before} frames were finished; {said}"
        return f"{victim}, after {before} frames", "" if process.returncode == 0 else said
    said = process.communicate()[1]
    return victim, "" if process.returncode == 0 else said


def trials(name: str, moments: int, seed: int, folder: Path) -> Iterator[tuple[float, str, str]]:
    import media_factory

    film = media_factory.clip(folder / "film.mp4", count=FRAMES, size=(96, 64), group=50)
    whole = folder / "whole.mp4"
    began = time.perf_counter()
    process = started(film, whole)
    if process.communicate() and process.returncode:
        raise SystemExit("the undisturbed run failed")
    seconds = time.perf_counter() - began
    chosen = random.Random(seed)
    with ExitStack() as opened:
        engine = ENGINES[name]()
        opened.callback(engine.close)
        for number in range(moments):
            moment = chosen.uniform(number, number + 1) / moments * seconds
            output = folder / f"{number}.mp4"
            victim = engine.victims[number % len(engine.victims)]
            came, wrong = tried(engine, victim, film, output, moment)
            if not wrong and output.read_bytes() != whole.read_bytes():
                wrong = "other bytes"
            yield moment, came, wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("engines", nargs="*", default=list(ENGINES), choices=list(ENGINES))
    parser.add_argument("--moments", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    sys.path.insert(0, str(TESTS))  # its factories make the media
    bad = 0
    for name in asked.engines:
        with tempfile.TemporaryDirectory() as folder:
            for moment, came, wrong in trials(name, asked.moments, asked.seed, Path(folder)):
                bad += bool(wrong)
                print(f"{name} {moment:6.2f} s  {'WRONG: ' + wrong if wrong else 'same'}  {came}")
                sys.stdout.flush()
    print(f"{bad} wrong of {asked.moments * len(asked.engines)}")
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
