"""How wide the strokes are in pictures of several sizes, and what painting them so costs."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial
from itertools import groupby
from pathlib import Path

from realtime_nst.bench.case import Case, Headline, Row, Unit
from realtime_nst.bench.cases._common import Sides, at_most, label, picture
from realtime_nst.bench.rows import is_number, number, value
from realtime_nst.bench.settings import Settings
from realtime_nst.bench.timer import Timer, spread
from realtime_nst.look import Look
from realtime_nst.media.pictures import SUFFIXES, read_picture
from realtime_nst.metrics.strokes import LEAST, stroke_share
from realtime_nst.paint import Paint
from realtime_nst.runtime.networks import Networks
from realtime_nst.runtime.stages import resized
from realtime_nst.stream import Frame

_BRUSHES = ("auto", "fine")
_PICTURES, _APART = 3, 30
_SCENE = (1280, 720)
"""The scene is drawn at one size, as its textures have as many pixels at every size."""

_FIGURE = "stroke %"


def _measure(style: str, size: Sides, settings: Settings, timer: Timer) -> Sequence[Row]:
    frames, networks = _frames(settings.photos, size), Networks(settings.providers[0])
    look = Look(style, painter=settings.painter, stabilise="off")
    ways = {brush: Paint(look, networks) for brush in _BRUSHES}
    for brush, way in ways.items():
        way.change(brush=brush)
    calls = {brush: partial(way, frames[0]) for brush, way in ways.items()}
    seconds = at_most(timer, 20, 20).in_turn(calls)
    return [
        Row(
            {"style": style, "size": label(size), "brush": brush},
            {
                _FIGURE: _share(way, frames),
                "painted at": label(way.painted_size),
                **spread(seconds[brush]),
            },
            {"median ms": [1000 * reading for reading in seconds[brush]]},
        )
        for brush, way in ways.items()
    ]


def _share(painting: Paint, frames: Sequence[Frame]) -> float | None:
    if min(frames[0].image.shape[:2]) < LEAST:
        return None
    return 100 * stroke_share([painting(frame).image for frame in frames])


def _frames(photos: Path | None, size: Sides) -> list[Frame]:
    """The first photos, or else pictures of the synthetic scene, stretched to ``size``."""
    if photos is None:
        images = [picture(_SCENE, index * _APART) for index in range(_PICTURES)]
    else:
        found = sorted(each for each in photos.rglob("*") if each.suffix.lower() in SUFFIXES)
        images = [read_picture(path) for path in found[:_PICTURES]]
    return [resized(Frame(image, 0, Fraction(0), 0.0), size) for image in images]


def _headlines(rows: Sequence[Row]) -> Iterator[Headline]:
    rows = [row for row in rows if row.key.get("brush") == "auto" and is_number(row, _FIGURE)]
    spreads: Mapping[str, float] = {}
    for style, of_style in groupby(rows, lambda row: row.key["style"]):
        shares = [value(row, _FIGURE) for row in of_style]
        if len(shares) > 1:
            spreads = {**spreads, style: 100 * (max(shares) / min(shares) - 1)}
    if spreads:
        style = max(spreads, key=lambda each: spreads[each])
        text = f"between the widths of strokes at all sizes, as shares of the picture, in {style}"
        yield Headline(f"{number(spreads[style])} %", text)


CASE = Case(
    name="strokes",
    title="How wide the strokes are",
    explains=(
        "The usual width of a stroke in percent of the picture's shorter side, over three photos "
        "(--photos) or frames of the synthetic scene: the distance at which the smoothed "
        "autocorrelation of the painting's gradient falls to 0. Milliseconds are those of a frame "
        "at that size, resized, painted and enlarged, on the first provider, without steadying. "
        "The brush auto paints strokes of the same share of every picture; fine paints at the size "
        "of the picture, with strokes of as many pixels as the network was trained with. Both take "
        "turns."
    ),
    omits=(
        "Strokes finer than 1 % of the picture, which a picture of 360 lines cannot show, count as "
        "that. The contours of what is painted count, too. Steadying, decoding and encoding."
    ),
    units=lambda settings: [
        Unit(f"{style} {label(size)}", partial(_measure, style, size))
        for style in (settings.styles[:1] if settings.quick else settings.styles)
        for size in settings.sizes
    ],
    headlines=_headlines,
)
