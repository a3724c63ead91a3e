"""Soak test of beginnings and ends: viewers of the web page one after another, and library runs in
one process.

    python tools/soak_starts.py --sessions 200 --runs 200 --style great_wave

Each viewer connects over WebRTC, sees a painted picture and leaves. Each run paints a short film
into another. Prints threads, descriptors and memory after the first tenth (of 20 and more) and at
the end; the exit code is 1 if there are more threads or descriptors, or 5 MiB more memory, which is
judged from 100 on. Needs the extras serve and dev; Linux only.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from realtime_nst import Look, Paint, SyntheticSource, VideoSink, VideoSource, run

GROWTH_MIB = 5.0
_FIRST, _JUDGED = 20, 100
_FRAMES = 8
_SETTLING = 10.0
"""Seconds in which a busy machine closes the last connection."""


def state(process):
    """Threads, descriptors, and MiB of resident memory of the process with that id."""
    folder = Path(f"/proc/{process}")
    pages = int((folder / "statm").read_text().split()[1])
    memory = pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    return len(list((folder / "task").iterdir())), len(list((folder / "fd").iterdir())), memory


class Watch:
    """What a process holds after the first repetitions, compared with what it holds at the end."""

    def __init__(self, what, number, process):
        self._what, self._number, self._process = what, number, process
        self._done, self._first = 0, (0, 0, 0.0)

    def repeated(self):
        self._done += 1
        if self._done == min(_FIRST, max(1, self._number // 2)):
            self._first = state(self._process)

    def is_flat(self):
        before, now = self._first, state(self._process)
        until = time.monotonic() + _SETTLING
        while (now[0] > before[0] or now[1] > before[1]) and time.monotonic() < until:
            time.sleep(0.05)
            now = state(self._process)
        growth = now[2] - before[2]
        print(
            f"{self._done} {self._what}: threads {before[0]} → {now[0]}, descriptors {before[1]} → "
            f"{now[1]}, memory {before[2]:.1f} → {now[2]:.1f} MiB",
            flush=True,
        )
        held = now[0] <= before[0] and now[1] <= before[1]
        return held and (growth <= GROWTH_MIB or self._number < _JUDGED)


def runs(number, style):
    watch = Watch("runs", number, os.getpid())
    with tempfile.TemporaryDirectory() as folder:
        film, painted = Path(folder, "in.mp4"), Path(folder, "out.mp4")
        with SyntheticSource(96, 64, frames=_FRAMES) as scene, VideoSink(film) as sink:
            run(scene, [], sink)
        for _ in range(number):
            with (
                VideoSource(film) as source,
                VideoSink(painted, source=film, overwrite=True) as sink,
            ):
                report = run(source, [Paint(Look(style, stabilise="strong", brush="fine"))], sink)
            assert report.frames == _FRAMES
            watch.repeated()
    return watch.is_flat()


async def one_viewer(url):
    from serve_factory import until_metric, viewing

    async with asyncio.timeout(60):
        async with viewing(url) as viewer:
            await viewer.connect()
            await viewer.picture()
        await until_metric(url, "viewers", 0)


def sessions(number, style):
    command = [sys.executable, "-m", "realtime_nst", "serve", "--port", "0", "--style", style]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            url = server.stdout.readline().removeprefix("open ").strip()
            watch = Watch("sessions", number, server.pid)
            for _ in range(number):
                asyncio.run(one_viewer(url))
                watch.repeated()
            return watch.is_flat()
        finally:
            server.terminate()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, default=200)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--style", default="great_wave")
    given = parser.parse_args()
    flat = [
        kind(number, given.style)
        for kind, number in ((sessions, given.sessions), (runs, given.runs))
        if number
    ]
    return 0 if all(flat) else 1


if __name__ == "__main__":
    sys.exit(main())
