"""How fast this computer paints a film by one worker and by several, measured."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

from realtime_nst import pipeline
from realtime_nst.look import Look
from realtime_nst.paint import Paint
from realtime_nst.runtime.host import usual_threads
from realtime_nst.runtime.networks import Networks
from realtime_nst.sinks.segments import Form, SegmentSink
from realtime_nst.stream import Frame, StreamInfo, Unmanaged

SIZE = 640, 480
_FRAMES = 12
_MOST = 4
"""Workers: each has a network of its own in memory."""


@dataclass(frozen=True)
class Rate:
    """So many frames a second by all ``workers``, of so many ``threads`` each."""

    workers: int
    threads: int
    fps: float


def measure(style: str) -> list[Rate]:
    """Paint, steady and encode a few frames of ``SIZE``; the fastest first. Threads stand for
    processes: what takes time does not hold Python's lock.

    Raises the errors of :class:`~realtime_nst.paint.Paint`.
    """
    cores = usual_threads()
    rates = [_measured(style, workers, cores // workers) for workers in {1, min(cores, _MOST)}]
    return sorted(rates, key=lambda rate: -rate.fps)


def _measured(style: str, workers: int, threads: int) -> Rate:
    paints = [Paint(Look(style), Networks("auto", threads)) for _ in range(workers)]
    for paint in paints:
        paint.prepare(*SIZE)
    with TemporaryDirectory() as folder, ThreadPoolExecutor(workers) as pool:
        names = [Path(folder, f"{number}.mp4") for number in range(workers)]
        began = time.perf_counter()
        for _ in pool.map(_painted, paints, names, [threads] * workers):
            pass
        seconds = time.perf_counter() - began
    return Rate(workers, threads, workers * _FRAMES / seconds)


def _painted(paint: Paint, path: Path, threads: int) -> None:
    with SegmentSink(path, Form.of(path, threads=threads)) as sink:
        pipeline.run(_Moving(), [paint], sink)


class _Moving(Unmanaged):
    """A source of noise that moves to the side."""

    info = StreamInfo(*SIZE, rate=Fraction(25), frames=_FRAMES)

    def __iter__(self) -> Iterator[Frame]:
        noise = np.random.default_rng(0).integers(0, 256, (*SIZE[::-1], 3), np.uint8)
        smooth = cv2.GaussianBlur(noise, (0, 0), 4)
        for index in range(_FRAMES):
            yield Frame(np.roll(smooth, 3 * index, 1), index, Fraction(index, 25), 0.0)
