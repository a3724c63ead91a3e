"""The whole program: frames a second, latency, dropped frames, processor time, memory."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
from matplotlib.figure import Figure as Drawing

from realtime_nst.bench.case import Case, Figure, Headline, Plot, Row, Unit
from realtime_nst.bench.cases._common import Sides, label, usual
from realtime_nst.bench.cases._one_run import Run, RunResult, append_run, run_apart
from realtime_nst.bench.plots import INK, SERIES, WIDTH, legend, svg
from realtime_nst.bench.rows import best, grouped, number, pixels, preferred
from realtime_nst.bench.settings import Settings
from realtime_nst.bench.timer import Timer, around
from realtime_nst.sinks.video import VideoSink
from realtime_nst.sources.synthetic import SyntheticSource

_RATES = (30, 60)
_SECONDS, _SHORT_SECONDS = 4, 2
_CLIP, _SHORT_CLIP, _LEAST_CLIP = 60, 30, 20
_CLIP_PIXELS = 640 * 480
"""A clip of larger pictures has fewer frames."""

_LONG, _SHORT_LONG = 3000, 300
_REPETITIONS = 4


def _units(settings: Settings) -> list[Unit]:
    sizes = [usual(settings)] if settings.quick else settings.sizes
    return [
        Unit(f"{mode} {label(size)}", partial(_measure, mode, size))
        for size in sizes
        for mode in ("file to file", *(f"paced {rate}" for rate in _RATES))
    ] + [Unit(f"long run {label(usual(settings))}", _long)]


def _measure(mode: str, size: Sides, settings: Settings, timer: Timer) -> Sequence[Row]:
    providers = settings.providers[:1] if settings.quick else settings.providers
    found: dict[str, list[RunResult]] = {provider: [] for provider in providers}
    repetitions = 1 if settings.quick else min(_REPETITIONS, timer.repetitions)
    with tempfile.TemporaryDirectory() as folder:
        runs = {p: _asked(mode, size, settings, p, Path(folder, "clip.mp4")) for p in providers}
        _write_clip(next(iter(runs.values())))
        calls = {p: partial(append_run, found[p], asked) for p, asked in runs.items()}
        replace(timer, warm_up=0, repetitions=repetitions, least=repetitions).in_turn(calls)
    by_use = {runs[0].provider: runs for runs in found.values()}
    return [_row(mode, size, provider, runs) for provider, runs in by_use.items()]


def _asked(mode: str, size: Sides, settings: Settings, provider: str, clip: Path) -> Run:
    rate = int(mode.split()[1]) if mode.startswith("paced") else 0
    seconds = _SHORT_SECONDS if settings.quick else _SECONDS
    frames = rate * seconds if rate else _clip_frames(size, settings)
    made = "" if rate else str(clip)
    return Run(settings.styles[0], provider, *size, frames, rate, made, settings.painter)


def _clip_frames(size: Sides, settings: Settings) -> int:
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
    done = run_apart(asked)
    row = _row("long run", size, done.provider, [done])
    return [Row(row.key, {**row.figures, "growth MiB/1000 frames": done.growth})]


def _row(mode: str, size: Sides, provider: str, runs: Sequence[RunResult]) -> Row:
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


def _headlines(rows: Sequence[Row]) -> Iterator[Headline]:
    paced = [row for row in rows if row.key.get("mode") == "paced 30"]
    for row in best(preferred(paced, "size", "640x480"), "latency p95 ms", min):
        text = f"from capture to shown for 95 % of frames, {row.key.get('size')} at 30 a second"
        yield Headline(f"{number(row.figures['latency p95 ms'])} ms", text)


def _plot(rows: Sequence[Row]) -> Plot | None:
    rows = [row for row in rows if len(row.samples.get("latency ms", ())) > 1]
    if not rows:
        return None
    provider = rows[0].key.get("provider")
    rows = [row for row in rows if row.key.get("provider") == provider]
    modes = grouped(rows, lambda row: row.key.get("mode", ""))
    figure = Drawing(figsize=(WIDTH, 0.5 + 1.35 * len(modes)), layout="constrained")
    panels = figure.subplots(len(modes), 1, sharex=True, squeeze=False)[:, 0]
    furthest = float(max(np.percentile(row.samples["latency ms"], 99.5) for row in rows))
    colours = dict(zip(sorted({r.key["size"] for r in rows}, key=pixels), SERIES, strict=False))
    for axes, (mode, group) in zip(panels, modes.items(), strict=True):
        for row in group:
            colour = colours.get(row.key["size"], INK)
            shown = [min(ms, furthest) for ms in row.samples["latency ms"]]
            weights = [100 / len(shown)] * len(shown)
            name = row.key["size"].replace("x", "×")
            axes.hist(shown, bins=48, range=(0, furthest), weights=weights, histtype="stepfilled",
                      facecolor=colour, edgecolor=colour, alpha=0.55, label=name)  # fmt: skip
        axes.annotate(mode, (1, 1), xycoords="axes fraction", ha="right", va="bottom")
        axes.set_ylabel("% of frames")
    legend(panels[0])
    panels[-1].set_xlim(0, furthest)
    panels[-1].set_xlabel("milliseconds from capture to shown")
    caption = (
        f"How long each frame of a live source waited until it was shown, on {provider}. The last "
        "bar holds everything above the 99.5th percentile."
    )
    return Plot("Latency", caption, svg(figure, "latency"))


CASE = Case(
    name="end-to-end",
    title="The whole program",
    explains=(
        "The first style, painted at the size of the frames (--brush fine), the providers in turn, "
        "each run in a process of its own. File to file: a "
        "clip of the synthetic scene in H.264, from opening the first file to finishing the "
        "second. Paced: a live source at 30 or 60 frames a second without a display; the newest "
        "frame wins, late ones are dropped (in % of those captured), and latency is the time from "
        "the capture of a frame to its hand-over. Long run: as fast as it goes; growth is the "
        "slope of the memory in use after the first fifth. Processor time is that of all threads."
    ),
    omits=(
        "The delay of the camera, the window, the screen and the virtual camera; sound; the start "
        "of the program. The pictures of the paced source are drawn beforehand, so a camera's "
        "decoding is not included. Latency percentiles of a few seconds say little about rare "
        "hiccups."
    ),
    units=_units,
    headlines=_headlines,
    plot=_plot,
)
