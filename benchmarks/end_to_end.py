"""The whole program: frames a second, latency, frames dropped, processor time, memory."""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np

from realtime_nst.bench.case import Case, Figure, Row, Settings, Unit
from realtime_nst.bench.timer import Timer, around
from realtime_nst.sinks.video import VideoSink
from realtime_nst.sources.synthetic import SyntheticSource

from ._common import Size, label, usual
from ._one_run import Measured, Run
from ._process import python

_RUN = str(Path(__file__).with_name("_one_run.py"))
_RATES = (30, 60)
_SECONDS, _SHORT_SECONDS = 4, 2
_CLIP, _SHORT_CLIP, _LEAST_CLIP = 60, 30, 20
_CLIP_PIXELS = 640 * 480
"""Of larger pictures a clip has fewer frames."""

_LONG, _SHORT_LONG = 3000, 300
_REPETITIONS = 4


def _units(settings: Settings) -> list[Unit]:
    sizes = [usual(settings)] if settings.quick else settings.sizes
    return [
        Unit(f"{mode} {label(size)}", partial(_measure, mode, size))
        for size in sizes
        for mode in ("file to file", *(f"paced {rate}" for rate in _RATES))
    ] + [Unit(f"long run {label(usual(settings))}", _long)]


def _measure(mode: str, size: Size, settings: Settings, timer: Timer) -> Sequence[Row]:
    providers = settings.providers[:1] if settings.quick else settings.providers
    found: dict[str, list[Measured]] = {provider: [] for provider in providers}
    repetitions = 1 if settings.quick else min(_REPETITIONS, timer.repetitions)
    with tempfile.TemporaryDirectory() as folder:
        runs = {p: _asked(mode, size, settings, p, Path(folder, "clip.mp4")) for p in providers}
        _write_clip(next(iter(runs.values())))
        calls = {p: partial(_append, found[p], asked) for p, asked in runs.items()}
        replace(timer, warm_up=0, repetitions=repetitions, least=repetitions).in_turn(calls)
    by_use = {runs[0].provider: runs for runs in found.values()}
    return [_row(mode, size, provider, runs) for provider, runs in by_use.items()]


def _asked(mode: str, size: Size, settings: Settings, provider: str, clip: Path) -> Run:
    rate = int(mode.split()[1]) if mode.startswith("paced") else 0
    seconds = _SHORT_SECONDS if settings.quick else _SECONDS
    frames = rate * seconds if rate else _clip_frames(size, settings)
    made = "" if rate else str(clip)
    return Run(settings.styles[0], provider, *size, frames, rate, made, settings.painter)


def _clip_frames(size: Size, settings: Settings) -> int:
    most = _SHORT_CLIP if settings.quick else _CLIP
    return min(most, max(_LEAST_CLIP, most * _CLIP_PIXELS // (size[0] * size[1])))


def _write_clip(asked: Run) -> None:
    if asked.clip:
        with VideoSink(Path(asked.clip)) as sink:
            for frame in SyntheticSource(asked.width, asked.height, frames=asked.frames):
                sink.write(frame)


def _long(settings: Settings, timer: Timer) -> Sequence[Row]:
    size, frames = usual(settings), _SHORT_LONG if settings.quick else _LONG
    style, provider = settings.styles[0], settings.providers[0]
    asked = Run(style, provider, *size, frames, painter=settings.painter)
    done = _run(asked)
    row = _row("long run", size, done.provider, [done])
    return [Row(row.key, {**row.figures, "growth MiB/1000 frames": done.growth})]


def _append(found: list[Measured], asked: Run) -> None:
    found.append(_run(asked))


def _run(asked: Run) -> Measured:
    return Measured(**json.loads(python([_RUN, json.dumps(asdict(asked))])))


def _row(mode: str, size: Size, provider: str, runs: Sequence[Measured]) -> Row:
    latencies = [latency for done in runs for latency in done.latencies]
    dropped, captured = sum(done.dropped for done in runs), sum(done.captured for done in runs)
    samples = {
        "fps": [done.fps for done in runs],
        "CPU s/frame": [done.cpu_seconds for done in runs],
        "peak MiB": [done.peak for done in runs],
    }
    figures: dict[str, Figure] = {
        "fps": median(samples["fps"]),
        **around(samples["fps"], "fps"),
        "dropped %": 100 * dropped / captured if latencies else None,
        **{f"latency p{n} ms": _percentile(latencies, n) for n in (50, 95, 99)},
        "CPU s/frame": median(samples["CPU s/frame"]),
        "peak MiB": median(samples["peak MiB"]),
        "growth MiB/1000 frames": None,
    }
    if latencies:
        samples["latency ms"] = latencies
    return Row({"mode": mode, "size": label(size), "provider": provider}, figures, samples)


def _percentile(values: Sequence[float], percent: int) -> float | None:
    return float(np.percentile(values, percent)) if values else None


CASE = Case(
    name="end-to-end",
    title="The whole program",
    explains=(
        "Each run in a process of its own, the providers in turn, the first style. File to file: a "
        "clip of the synthetic scene in H.264, from opening the first file to the second one being "
        "whole. Paced: a live source at 30 or 60 frames a second into nothing, where the newest "
        "frame wins and late ones are dropped (in % of those captured); latency is from the "
        "capture of a frame to its being handed over. Long run: as fast as it goes; the growth is "
        "the slope of the memory held, after the first fifth. Processor time is that of all "
        "threads."
    ),
    omits=(
        "The camera's own delay and that of the window, the screen and the virtual camera; sound; "
        "the start of the program. The paced source's pictures are painted beforehand, so a "
        "camera's decoding is not in it. Latency percentiles of a few seconds say little of rare "
        "hiccups."
    ),
    units=_units,
)
