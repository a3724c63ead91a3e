"""Large films, painted with strokes of the automatic size: the whole program and its stages."""

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median

import numpy as np

from realtime_nst.bench.case import Case, Figure, Headline, Row, Unit
from realtime_nst.bench.cases._common import Sides, at_most, label
from realtime_nst.bench.cases._film import write_film
from realtime_nst.bench.cases._one_run import Run, RunResult, append_run
from realtime_nst.bench.rows import number, value
from realtime_nst.bench.settings import Settings
from realtime_nst.bench.timer import Timer, around
from realtime_nst.look import Look
from realtime_nst.media.planes import rgb_at
from realtime_nst.motion.stabiliser import Stabiliser
from realtime_nst.paint import Paint
from realtime_nst.runtime.enlarge import enlarged
from realtime_nst.runtime.networks import Networks
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.sinks.video import VideoSink
from realtime_nst.sources.video import VideoSource
from realtime_nst.stream import Frame

_AUTO, _FINE = "auto", "fine"
_FILM, _SHORT_FILM = 150, 12
"""Frames."""

_STAGED, _SHORT_STAGED = 30, 4
"""Frames whose stages are timed one by one."""

_REPETITIONS = 4

_MODES = {"file to file": (True, 0), "live, film": (True, 30), "live, camera": (False, 30)}
"""Whether there is a film, and the rate at which frames come, 0 for as they are asked for."""

Call = Callable[[], object]


def _units(settings: Settings) -> Iterator[Unit]:
    size = max(settings.sizes, key=lambda sides: sides[0] * sides[1])
    for mode in list(_MODES)[: 1 if settings.quick else None]:
        yield Unit(f"{mode} {label(size)}", partial(_runs, mode, size))
    yield Unit(f"stages {label(size)}", partial(_stages, size))


def _runs(mode: str, size: Sides, settings: Settings, timer: Timer) -> Sequence[Row]:
    filmed, rate = _MODES[mode]
    frames = _SHORT_FILM if settings.quick else _FILM
    repetitions = 1 if settings.quick else min(_REPETITIONS, timer.repetitions)
    found: dict[str, list[RunResult]] = {_AUTO: [], _FINE: []}
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder, "film.mp4")
        if filmed:
            write_film(film, size, frames)
        style, provider = settings.styles[0], settings.providers[0]
        asked = Run(
            style, provider, *size, frames, rate, str(film) if filmed else "", settings.painter
        )
        calls: dict[str, Call] = {
            brush: partial(append_run, found[brush], replace(asked, brush=brush)) for brush in found
        }
        replace(timer, warm_up=0, repetitions=repetitions, least=repetitions).in_turn(calls)
    return [_run_row(mode, size, brush, runs) for brush, runs in found.items()]


def _run_row(mode: str, size: Sides, brush: str, runs: Sequence[RunResult]) -> Row:
    latencies = [latency for done in runs for latency in done.latencies]
    dropped, captured = sum(done.dropped for done in runs), sum(done.captured for done in runs)
    rates = [done.fps for done in runs]
    busy = [1000 * done.cpu_seconds for done in runs]
    figures = {
        "fps": median(rates),
        **around(rates, "fps"),
        "dropped %": 100 * dropped / captured if latencies else None,
        "latency p95 ms": float(np.percentile(latencies, 95)) if latencies else None,
        "CPU ms": median(busy),
    }
    samples = {"fps": rates, "CPU ms": busy}
    return _row(mode, size, brush, runs[0].provider, figures, samples)


def _stages(size: Sides, settings: Settings, timer: Timer) -> Sequence[Row]:
    frames = _SHORT_STAGED if settings.quick else _STAGED
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder, "film.mp4")
        write_film(film, size, frames)
        staged = _Staged(film, Path(folder, "out.mp4"), settings)
        brief = at_most(timer, 15, 40)
        busy = replace(brief, clock=time.process_time).in_turn(staged.calls)
        taken = brief.in_turn(staged.calls)
    rows = []
    for name in staged.calls:
        stage, brush = name.rsplit(" ", 1)
        share = 1000 / staged.frames_of(stage)
        samples = {
            "CPU ms": [share * seconds for seconds in busy[name]],
            "median ms": [share * seconds for seconds in taken[name]],
        }
        figures = {of: median(readings) for of, readings in samples.items()}
        rows.append(_row(stage, size, brush, staged.provider, figures, samples))
    return rows


class _Staged:
    """Each stage of painting ``film`` by itself. ``calls`` do it, by the stage and the brush."""

    def __init__(self, film: Path, target: Path, settings: Settings) -> None:
        self._film, self._target = film, target
        with VideoSource(film) as source:
            self._frames = list(source)
        networks = Networks(settings.providers[0])
        self._paintings = {
            brush: Paint(Look(settings.styles[0], painter=settings.painter, brush=brush), networks)
            for brush in (_AUTO, _FINE)
        }
        self.provider = self._paintings[_AUTO].provider
        for painting in self._paintings.values():
            painting.prepare(*self._frames[0].size)
        self._painted = [self._paintings[_AUTO](frame) for frame in self._frames]
        self._small = self._paintings[_AUTO].painted_size
        stylizer = Stylizer(settings.styles[0], painter=settings.painter, networks=networks)
        frame = self._frames[0]
        self._sources = [rgb_at(each.picture, self._small) for each in self._frames]
        self._small_paintings = [stylizer(image) for image in self._sources]
        self.calls: Mapping[str, Call] = {
            "decode auto": self._decode,
            "shrink auto": partial(rgb_at, frame.picture, self._small),
            "network auto": partial(stylizer, self._sources[0]),
            "steady auto": self._steady,
            "enlarge auto": partial(enlarged, self._small_paintings[0], frame.picture),
            "encode auto": self._encode,
            "paint auto": partial(self._paint, _AUTO, count()),
            "paint fine": partial(self._paint, _FINE, count()),
        }

    def frames_of(self, stage: str) -> int:
        """How many of them a call processes."""
        return len(self._frames) if stage in ("decode", "steady", "encode") else 1

    def _decode(self) -> None:
        with VideoSource(self._film) as source:
            for _ in source:
                pass

    def _steady(self) -> None:
        stabiliser = Stabiliser("strong", "medium")
        for source, painting in zip(self._sources, self._small_paintings, strict=True):
            stabiliser(source, painting)

    def _encode(self) -> None:
        with VideoSink(self._target, source=self._film, overwrite=True) as sink:
            for frame in self._painted:
                sink.write(frame)

    def _paint(self, brush: str, turn: Iterator[int]) -> Frame:
        """Frame after frame, so that steadying has one before."""
        return self._paintings[brush](self._frames[next(turn) % len(self._frames)])


_FIGURES = ("fps", "lowest fps", "highest fps", "dropped %", "latency p95 ms", "CPU ms")


def _row(
    what: str,
    size: Sides,
    brush: str,
    provider: str,
    figures: Mapping[str, Figure],
    samples: Mapping[str, Sequence[float]],
) -> Row:
    key = {"what": what, "size": label(size), "brush": brush, "provider": provider}
    all_figures = {name: figures.get(name) for name in (*_FIGURES, "median ms")}
    return Row(key, all_figures, samples)


def _headlines(rows: Sequence[Row]) -> Iterator[Headline]:
    times = {row.key["brush"]: row for row in rows if row.key.get("what") == "paint"}
    if len(times) == 2:
        ratio = value(times[_FINE], "median ms") / value(times[_AUTO], "median ms")
        size = times[_AUTO].key["size"]
        text = f"faster is {size} painted with strokes of the automatic size than with fine ones"
        yield Headline(f"{number(ratio)} times", text)


CASE = Case(
    name="hd",
    title="Large films",
    explains=(
        "The largest of the sizes, the first style on the first provider; strokes of the automatic "
        "size (--brush auto) and as many pixels as the network was trained with (fine) in turn. "
        "File to file: a film of the synthetic scene with sound, each run in a process of its own. "
        "Live: the film played in real time, or pictures drawn beforehand as a camera gives them; "
        "what is painted is made RGB, as a window needs it. The stages are timed one by one, paint "
        "being all between decoding and encoding; with auto: shrink, network, steady, enlarge. "
        "CPU is the processor time of all threads for a frame."
    ),
    omits=(
        "A camera's decoding, the window and the screen. A stage by itself has the caches to "
        "itself."
    ),
    units=_units,
    headlines=_headlines,
)
