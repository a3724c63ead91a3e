"""Soak test of live mode: many frames at full speed, while styles are switched and the source is
unplugged again and again; then the latency behind a slow stage.

    python tools/soak.py --frames 108000 --size 320x240 great_wave starry_night

Prints the growth of memory after the first tenth, the longest stall, and threads that are left. The
exit code is 1 if one of these is over its limit.
"""

import argparse
import sys
import threading
import time
from fractions import Fraction
from pathlib import Path

import numpy as np

from realtime_nst.errors import SourceStalled
from realtime_nst.live import Live
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.sizes import parse_size
from realtime_nst.sources.reconnecting import ReconnectingSource
from realtime_nst.sources.synthetic import SyntheticSource
from realtime_nst.stream import Frame, StreamInfo, Unmanaged

GROWTH_MIB, STALL_SECONDS, LATENCY_STAGES = 30, 0.2, 2
_MIB = 2**20


class Feed(Unmanaged):
    """The same pictures in a loop, until ``unplugged`` is set."""

    def __init__(self, pictures, unplugged, interval):
        height, width = pictures[0].shape[:2]
        self.info = StreamInfo(width, height, Fraction(30), live=True)
        self._pictures, self._unplugged, self._interval = pictures, unplugged, interval

    def __iter__(self):
        index = 0
        while not self._unplugged.is_set():
            image = self._pictures[index % len(self._pictures)]
            yield Frame(image, index, Fraction(index, 30), time.monotonic())
            index += 1
            time.sleep(self._interval)
        self._unplugged.clear()
        raise SourceStalled("unplugged")


class Watch(Unmanaged):
    """Ends after ``frames``, calls ``at[n]`` at frame n, and records the longest wait for a
    frame."""

    def __init__(self, frames, at):
        self._frames, self._at = frames, at
        self.shown, self.longest, self.after, self.memory = 0, 0.0, 0, 0
        self._last = time.monotonic()

    def write(self, frame):
        now = time.monotonic()
        if self.shown > self._frames // 10 and now - self._last > self.longest:
            self.longest, self.after = now - self._last, self.shown
        self._last = now
        self.shown += 1
        if self.shown == self._frames // 10:
            self.memory = resident()
        self._at.get(self.shown, lambda: None)()
        return self.shown < self._frames


class Sleeper:
    """A network that takes ``seconds`` a frame."""

    provider = digest = "sleeper"

    def __init__(self, seconds):
        self._seconds = seconds

    def __call__(self, image):
        time.sleep(self._seconds)
        return 255 - image

    def reset(self):
        pass


def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def soak(options):
    width, height = parse_size(options.size).of(640, 480)
    scene = SyntheticSource(width, height)
    unplugged = threading.Event()
    pictures = [scene.picture(index) for index in range(60)]
    stylizer = Stylizer(options.styles[0])
    live = Live(stylizer, options.styles, stabilise=options.stabilise)
    step = options.frames // options.switches
    at = {step * n: lambda: live.on_key("n") for n in range(1, options.switches)}
    apart = options.frames // options.unplugs
    at |= {apart * n + step // 2: unplugged.set for n in range(options.unplugs)}
    watch = Watch(options.frames, at)
    stylizer.warm_up(width, height)
    threads = set(threading.enumerate())
    with ReconnectingSource(
        lambda: Feed(pictures, unplugged, options.interval), "feed", back_off=(0.02,)
    ) as source:
        report = live.run(source, watch, state=lambda: source.state)
    left = set(threading.enumerate()) - threads
    growth = (resident() - watch.memory) / _MIB
    print(
        f"{report.frames} frames, {report.fps:.0f} fps, latency p95 "
        f"{1000 * report.latency(95):.0f} ms; {len(at)} switches and unpluggings; memory "
        f"{watch.memory / _MIB:.0f} MiB {growth:+.1f}; longest stall {1000 * watch.longest:.0f} ms "
        f"before frame {watch.after}; threads left: {[thread.name for thread in left]}"
    )
    return growth <= GROWTH_MIB and watch.longest <= STALL_SECONDS and not left


def slow_stage(seconds=0.05):
    """A source of 60 fps, and a stage that manages 20."""
    pictures = [np.full((480, 640, 3), 90, np.uint8)]
    live = Live(Sleeper(seconds), ["sleeper"])
    report = live.run(Feed(pictures, threading.Event(), 1 / 60), Watch(100, {}))
    latency = report.latency(95)
    print(
        f"60 fps before a stage of {1000 * seconds:.0f} ms: {report.fps:.1f} fps, latency p50 "
        f"{1000 * report.latency(50):.0f} ms, p95 {1000 * latency:.0f} ms, "
        f"{report.dropped} dropped"
    )
    return latency < LATENCY_STAGES * seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("styles", nargs="*", default=["great_wave", "starry_night"])
    parser.add_argument("--frames", type=int, default=108_000)
    parser.add_argument("--size", default="320x240")
    parser.add_argument("--switches", type=int, default=100)
    parser.add_argument("--unplugs", type=int, default=20)
    parser.add_argument("--interval", type=float, default=0.002, help="seconds between pictures")
    parser.add_argument("--stabilise", default="strong")
    sound = [soak(parser.parse_args()), slow_stage()]
    return 0 if all(sound) else 1


if __name__ == "__main__":
    sys.exit(main())
