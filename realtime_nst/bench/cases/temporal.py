"""How still the painting holds: frame by frame, stabilised, and with skipped frames."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import fmean
from time import perf_counter
from typing import Any

import numpy as np

from realtime_nst.bench.case import Case, Figure, Headline, Row, Unit
from realtime_nst.bench.cases._clips import RANGES, STILL, Clip, load, names
from realtime_nst.bench.cases._losses import Losses, losses_of
from realtime_nst.bench.coherent import CoherentStylizer
from realtime_nst.bench.rows import number
from realtime_nst.bench.settings import Settings
from realtime_nst.bench.timer import Timer
from realtime_nst.metrics.stillness import e_stab, e_warp, flicker, sharpness, warped_error
from realtime_nst.motion.stabilise import Stabilise
from realtime_nst.motion.tracking import Tracker
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.stream import Frame, Image, Stage

_WAYS: Mapping[str, Mapping[str, Any]] = {
    "per frame": {"preset": "off"},
    "light": {"preset": "light"},
    "strong": {"preset": "strong"},
    "strong, medium flow": {"preset": "strong", "flow": "medium"},
    "strong, every 2nd": {"preset": "strong", "network_every": 2},
    "strong, every 3rd": {"preset": "strong", "network_every": 3},
}
"""The settings of :class:`Stabilise`. "strong" is what ``live`` does by default, "strong, medium
flow" what ``video`` does."""

_SOURCE = "source"
"""The unpainted clip: the error that sensor noise and the flow's errors leave."""

_SETTLED = 8
"""The frame from which the flicker of a still scene is measured; a quarter of a shorter clip."""

_EVERY = 4
"""Sharpness is measured in every 4th frame, losses in every 8th, counted back from the last. The
first frame is never stabilised, so it says nothing."""

_LOSSES = {"style loss": "style", "content loss": "content"}
"""By column, the loss's name in what :mod:`_losses` measures."""

_COMPARED = ("e_stab", "flicker", "sharpness", *_LOSSES)


class _Painted:
    """A stage that returns frames painted before, so that the network runs once for all ways."""

    def __init__(self, images: Sequence[Image]) -> None:
        self._images = images

    def __call__(self, frame: Frame) -> Frame:
        return replace(frame, image=self._images[frame.index])

    def reset(self) -> None:
        """Keeps nothing between frames."""


class _Coherent:
    """The network form of Chen et al. (2017) as a stage. The stabiliser's search gives the flow.

    With ``holds`` false no features are kept, so each frame is painted by itself.
    """

    def __init__(self, path: Path, *, holds: bool = True) -> None:
        self._stylizer, self._track, self._holds = CoherentStylizer(path), Tracker(), holds

    def __call__(self, frame: Frame) -> Frame:
        motion = self._track(frame.image) if self._holds else None
        return replace(frame, image=self._stylizer(frame.image, motion.flow if motion else None))

    def reset(self) -> None:
        self._track.reset()


def _measure(name: str, settings: Settings, timer: Timer) -> Sequence[Row]:
    clip = load(name, settings)
    provider = settings.providers[0]
    baseline = _paint(Stylizer(settings.baseline, provider), clip) if settings.baseline else None
    rows: list[Row] = []
    for style in settings.styles:
        stylizer = Stylizer(style, provider, painter=settings.painter)
        painted = _paint(stylizer, clip)
        stages: dict[str, Stage] = {
            **{way: Stabilise(_Painted(painted), **asked) for way, asked in _WAYS.items()},
            _SOURCE: _Painted([frame.image for frame in clip.frames]),
        }
        lose = losses_of(settings, style, stylizer.card)
        rows += _rows(style, clip, stages, _figures(clip, baseline or painted, lose), lose)
    return [*rows, *_held(clip, settings, baseline)]


def _held(clip: Clip, settings: Settings, baseline: Sequence[Image] | None) -> list[Row]:
    """The rows of the network of --coherent, if it is given."""
    if settings.coherent is None:
        return []
    lose = losses_of(settings, str(settings.coherent), CoherentStylizer(settings.coherent).card)
    alone = baseline or _run(_Coherent(settings.coherent, holds=False), clip)[0]
    stages = {"coherent": _Coherent(settings.coherent)}
    style = str(settings.coherent)
    return _rows(style, clip, stages, _figures(clip, alone, lose), lose)


def _rows(
    style: str,
    clip: Clip,
    stages: Mapping[str, Stage],
    reference: Mapping[str, Figure],
    lose: Losses,
) -> list[Row]:
    rows = []
    for way, stage in stages.items():
        shown, seconds = _run(stage, clip)
        figures = _figures(clip, shown, lose)
        rows.append(Row({"style": style, "clip": clip.name, "way": way}, {
            **figures,
            **{f"{name} ratio": _ratio(figures[name], reference[name]) for name in _COMPARED},
            "stage ms": 1000 * float(np.median(seconds)),
            "flow": clip.flow,
        }, {"stage ms": [1000 * s for s in seconds]}))  # fmt: skip
    return rows


def _paint(stylizer: Stylizer, clip: Clip) -> list[Image]:
    return [stylizer(frame.image) for frame in clip.frames]


def _run(stage: Stage, clip: Clip) -> tuple[list[Image], list[float]]:
    shown, seconds = [], []
    for index, frame in enumerate(clip.frames):
        frame = replace(frame, index=index, pts=index / clip.rate)
        began = perf_counter()
        shown.append(stage(frame).image)
        seconds.append(perf_counter() - began)
    return shown, seconds


def _figures(clip: Clip, shown: Sequence[Image], lose: Losses) -> dict[str, Figure]:
    looked_at = slice(None, None, -2 * _EVERY)
    sources = [frame.image for frame in clip.frames[looked_at]]
    errors = {
        apart: [warped_error(shown[p.moved], shown[p.onto], p.flow, p.seen) for p in pairs]
        for apart, pairs in clip.pairs.items()
    }
    settled = shown[min(_SETTLED, len(shown) // 4) :]
    return {
        "e_stab": _or_none(errors[1], e_stab),
        "E_warp": _or_none(errors[1], e_warp),
        **{f"e_stab {apart}": _or_none(errors[apart], e_stab) for apart in RANGES[1:]},
        "flicker": flicker(settled).energy if clip.name == STILL else None,
        "sharpness": float(np.mean([sharpness(image) for image in shown[::-_EVERY]])),
        **_losses(lose(sources, shown[looked_at])),
    }


def _losses(found: Mapping[str, float]) -> dict[str, Figure]:
    return {column: found.get(name) for column, name in _LOSSES.items()}


def _or_none(errors: Sequence[float], mean: Callable[[Sequence[float]], float]) -> Figure:
    return mean(errors) if np.isfinite(errors).any() else None


def _ratio(figure: Figure, reference: Figure) -> Figure:
    if not isinstance(figure, float) or not isinstance(reference, float) or not reference:
        return None
    return figure / reference


_TOLD = ("per frame", "strong")
"""The ways that have a headline."""


def _headlines(rows: Sequence[Row]) -> Iterator[Headline]:
    """The means over the filmed clips, or else over the generated scenes, by style and way."""
    filmed = [row for row in rows if row.figures.get("flow") != "exact"]
    by_way: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in filmed or rows:
        if row.key["way"] in _TOLD and isinstance(row.figures.get("e_stab ratio"), float):
            by_way[row.key["style"], row.key["way"]].append(row)
    for (style, way), clips in by_way.items():
        stillness, *others = (
            _mean(clips, f"{figure} ratio") for figure in ("e_stab", "sharpness", "style loss")
        )
        if stillness == 1:  # the baseline itself
            continue
        named = zip(("sharpness", "style loss"), others, strict=True)
        beside = "".join(f", {name} {number(x)} ×" for name, x in named if x is not None)
        kind = "clip" if filmed else "generated scene"
        yield Headline(
            f"{number(stillness)} ×",
            f"of the baseline's flicker (e_stab) is left in {style}, {way}{beside}; "
            f"mean of {len(clips)} {kind}{'s' if len(clips) > 1 else ''}",
        )


def _mean(rows: Sequence[Row], figure: str) -> float | None:
    found = [x for row in rows if isinstance(x := row.figures.get(figure), float)]
    return fmean(found) if found else None


CASE = Case(
    name="temporal",
    title="How still the painting holds",
    explains=(
        "Each style on generated scenes with exact flow, on MPI-Sintel (--sintel) at its own size "
        "with true flow and occlusion, and on the videos of --clips with flow by RAFT-small "
        "(--raft-weights) or else DIS and a forward-backward check. e_stab (Huang et al. 2017): "
        "root mean square of the difference between a frame and the one before, warped by the "
        "source's flow, where it is visible. E_warp (Lai et al. 2018): the mean square; over 5 and "
        "10 frames too. Flicker: the variance in time of the still scene, whose source has sensor "
        "noise. Sharpness: the mean absolute gradient, so that blur cannot win. Style and content "
        "loss (shallow) are those of the middle of every 8th frame, if --loss-weights and the "
        "style's painting (--paintings) are given. Ratios are to the same style frame by frame, or "
        "to --baseline: name a style trained for stillness, and the same style without that "
        "training as the baseline. Stage ms is stabilising alone, without the network. The way "
        "source is the unpainted clip: the e_stab that noise and the flow's errors leave, at its "
        "own sharpness. The way coherent (--coherent) is the network form of Chen et al. 2017: the "
        "previous frame's features, warped by the stabiliser's own flow, are composed with the "
        "new ones by a learnt mask; its ms include the network (OpenVINO)."
    ),
    omits=(
        "Flow by DIS is related to the flow the stabiliser uses, which flatters it: give RAFT's "
        "weights for figures to compare. Scenes are smooth textures, easier than real films."
    ),
    units=lambda settings: [Unit(name, partial(_measure, name)) for name in names(settings)],
    headlines=_headlines,
)
