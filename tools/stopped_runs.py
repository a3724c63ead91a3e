"""SIGTERM at random moments of `video`, `image` and `train`, then the command that is advised: the
result must be that of an undisturbed run.

    python tools/stopped_runs.py --moments 20 --seed 0 video image train

Moments are spread evenly over the processor time that an undisturbed run takes, so that other work
on the computer does not move them. Every other signal goes to the whole group of processes, as
`timeout` and service managers send it. Prints a line for each moment; the exit code is 1 if one
result differs or one line of advice is missing.
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import moments
import numpy as np
import psutil

from realtime_nst import VideoSource
from realtime_nst.stream import Image

FRAMES, PICTURES, STEPS = 800, 150, 20


class Task:
    """A command without its output, and what compares two outputs: it gives what differs."""

    output = "out"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.command: tuple[object, ...] = ()

    def differs(self, one: Path, two: Path) -> str:
        raise NotImplementedError


class Video(Task):
    output = "out.mp4"

    def __init__(self, folder: Path) -> None:
        import media_factory

        super().__init__(folder)
        film = media_factory.clip(folder / "film.mp4", count=FRAMES, size=(160, 120), sound="aac")
        self.command = ("video", film, "--style", "great_wave", "--stabilise", "off")

    def differs(self, one: Path, two: Path) -> str:
        import media_factory

        if media_factory.times(one) != media_factory.times(two):
            return "times"
        if media_factory.packets(one, "audio") != media_factory.packets(two, "audio"):
            return "sound"
        with VideoSource(one) as first, VideoSource(two) as second:
            before = None  # groups of pictures begin elsewhere: frames are alike, not the same
            for a, b in zip(first, second, strict=True):
                if before is not None and apart(a.image, b.image) >= apart(a.image, before):
                    return f"frame {a.index}"
                before = b.image
        return ""


def apart(one: Image, two: Image) -> float:
    return float(np.abs(one.astype(float) - two).mean())


class Pictures(Task):
    def __init__(self, folder: Path) -> None:
        import learning_factory

        super().__init__(folder)
        photos = learning_factory.write_photos(folder / "photos", PICTURES, (120, 160))
        self.command = ("image", photos, "--style", "great_wave")

    def differs(self, one: Path, two: Path) -> str:
        found = [{path.name: path.read_bytes() for path in each.iterdir()} for each in (one, two)]
        return "" if found[0] == found[1] else "files"


class Training(Task):
    output = "out.onnx"

    def __init__(self, folder: Path) -> None:
        import learning_factory as factory

        super().__init__(folder)
        self.command = (
            "train", "--style", factory.write_painting(folder / "painting.png"),
            "--content", factory.write_photos(folder / "photos"),
            "--loss-weights", factory.write_vgg19(folder / "vgg.safetensors"), "--steps", STEPS,
            "--batch", 1, "--crop", 48, "--held-out", 1, "--workers", 1, "--checkpoint-every", 8,
            "--style-scales", "1", "--network", "fast:width=8,blocks=1", "--name", "stripes",
        )  # fmt: skip

    def differs(self, one: Path, two: Path) -> str:
        import torch

        from realtime_nst.learning.training.checkpoint import load

        a, b = (load(path.with_suffix(".train") / "checkpoint.pt") for path in (one, two))
        if a.step != b.step or a.history != b.history:
            return f"steps or losses ({a.step}, {b.step})"
        if not all(torch.equal(a.averaged[name], b.averaged[name]) for name in a.averaged):
            return "weights"
        return "" if two.exists() else "no style file"


TASKS: dict[str, Callable[[Path], Task]] = {"video": Video, "image": Pictures, "train": Training}


def started(task: Task, output: Path, *more: str) -> subprocess.Popen[str]:
    command = [*task.command, "-o", output, *more]
    return subprocess.Popen(
        [sys.executable, "-m", "realtime_nst", *map(str, command)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={"OMP_NUM_THREADS": "1", **os.environ},  # several spin where other work goes on
    )


def run_until(process: subprocess.Popen[str], seconds: float) -> float:
    """Waits until the process has used ``seconds`` of processor time, or ends; gives what it has
    used."""
    used = 0.0
    while process.poll() is None and used < seconds:
        with suppress(psutil.Error):
            times = psutil.Process(process.pid).cpu_times()
            used = max(used, times.user + times.system)
        time.sleep(0.005)
    return used


def finished(task: Task, output: Path, *more: str) -> str:
    """What is wrong with a run to the end."""
    process = started(task, output, *more)
    said = process.communicate()[1]
    return "" if process.returncode == 0 else f"exit code {process.returncode}: {said.strip()}"


def tried(
    task: Task, whole: Path, output: Path, moment: float, whole_group: bool
) -> tuple[str, str]:
    """What came of a signal after ``moment`` seconds, and what is wrong."""
    process = started(task, output)
    run_until(process, moment)
    if process.poll() is None:
        (os.killpg if whole_group else os.kill)(process.pid, signal.SIGTERM)
    said = process.communicate()[1]
    if process.returncode == 0:
        return "done before", task.differs(whole, output)
    advice = re.findall("^note: (stopped.*)$", said, re.MULTILINE)
    if process.returncode == -signal.SIGTERM and not said:
        advice = ["the interpreter was still starting"]
    elif process.returncode != 128 + signal.SIGTERM or len(advice) != 1:
        return "stopped", f"exit code {process.returncode}, said: {said.strip()}"
    more = re.findall("--skip-existing", advice[0])
    return advice[0], finished(task, output, *more) or task.differs(whole, output)


def trials(name: str, count: int, seed: int, folder: Path) -> Iterator[moments.Trial]:
    task = TASKS[name](folder)
    whole = folder / f"whole{Path(task.output).suffix}"
    finished(task, folder / f"first{Path(task.output).suffix}")  # fills caches
    process = started(task, whole)
    seconds = run_until(process, float("inf"))
    if process.returncode:
        raise SystemExit(process.communicate()[1])
    for number, moment in enumerate(moments.spread(count, seed, seconds)):
        (folder / str(number)).mkdir()
        output = folder / str(number) / task.output
        yield moment, *tried(task, whole, output, moment, number % 2 == 1)


if __name__ == "__main__":
    sys.exit(moments.main(__doc__, TASKS, trials))
