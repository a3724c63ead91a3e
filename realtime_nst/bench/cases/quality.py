"""How good the pictures are, beside how fast they are painted."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np

from realtime_nst.bench.case import Case, Figure, Plot, Row, Unit
from realtime_nst.bench.cases._common import at_most, picture, stylizers, usual
from realtime_nst.bench.cases._photos import form_of, photos_of
from realtime_nst.bench.others import Others
from realtime_nst.bench.plots import INK, MARKERS, SERIES, canvas, legend, svg
from realtime_nst.bench.rows import distinct_name, grouped, is_number, value
from realtime_nst.bench.settings import Settings
from realtime_nst.bench.timer import Timer, spread
from realtime_nst.media.pictures import is_picture
from realtime_nst.metrics.grid import PERIODS, grid
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.sources.synthetic import SyntheticSource

if TYPE_CHECKING:
    pass

_NAMED = 8
"""As many dots of the plot have their name beside them; more would cover one another."""
_SCENE, _SCENES, _APART = (320, 240), 4, 30
_CARD = {
    "content loss (card)": "content",
    "style loss (card)": "style",
    "deep style loss (card)": "deep_style",
    "deep content loss (card)": "deep_content",
}
"""By column, the figure's name on a model card."""


def _units(settings: Settings) -> list[Unit]:
    others = [Others.read(text) for text in settings.results]
    held = [Unit(f"results of {each.name}", partial(_held_beside, each)) for each in others]
    return [Unit("styles", _measure), *held]


def _measure(settings: Settings, timer: Timer) -> Sequence[Row]:
    photos = photos_of(settings)
    size = usual(settings)
    ready: dict[str, Stylizer] = {}
    for (style, _), stylizer in stylizers(settings, size, settings.providers[:1]).items():
        ready[style] = stylizer
    image = picture(size)
    calls = {style: partial(stylizer, image) for style, stylizer in ready.items()}
    seconds = at_most(timer, 30, 30).in_turn(calls)
    rows = [
        Row(
            {"style": style, "network": stylizer.card.network},
            {**spread(seconds[style]), **_figures(settings, style, stylizer, photos)},
            {"median ms": [1000 * reading for reading in seconds[style]]},
        )
        for style, stylizer in ready.items()
    ]
    return [*rows, *_means(rows)]


def _held_beside(others: Others, settings: Settings, timer: Timer) -> Sequence[Row]:
    """What ``others`` painted of the same photos, against the paintings that our styles follow."""
    photos = photos_of(settings)
    from realtime_nst.learning.training.quality import mean, measured_pair

    rows = []
    for style in settings.styles:
        form, results = form_of(settings, style), others.of(style, settings.styles)
        found = mean([form(*measured_pair(photo, results[photo.stem])) for photo in photos])
        key = {"style": style, "network": others.name}
        rows.append(Row(key, {**found, "measured on": _on(photos)}))
    return [*rows, *_means(rows)]


def _means(rows: Sequence[Row]) -> list[Row]:
    """Of each network that was measured on photos in several styles: systems that paint the same
    styles are compared by them."""
    found = []
    measured = [row for row in rows if "SSIM" in row.figures]
    for network, group in grouped(measured, _network).items():
        names = [name for name in group[0].figures if all(is_number(row, name) for row in group)]
        if len(group) > 1:
            means = {n: fmean(value(row, n) for row in group) for n in names if "ms" not in n}
            key = {"style": f"mean of {len(group)}", "network": network}
            found.append(Row(key, {**means, "measured on": group[0].figures["measured on"]}))
    return found


def _on(photos: Sequence[Path]) -> str:
    return f"{len(photos)} photo{'s' if len(photos) > 1 else ''}"


def _figures(
    settings: Settings, style: str, stylizer: Stylizer, photos: Sequence[Path]
) -> Mapping[str, Figure]:
    """Measured on the photos, if there are any; style losses are the card's unless the painting and
    loss networks are given."""
    found: dict[str, Figure] = {}
    if photos:
        from realtime_nst.learning.training.quality import as_network, mean, measured, painted

        form, network = form_of(settings, style, stylizer.card), as_network(stylizer)
        images = map(measured, photos)
        found |= mean([form(image, painted(network, image)) for image in images])
    else:
        found |= _grids(stylizer)
    where = _on(photos) if photos else None
    if not any(name.startswith("style loss") for name in found) and not is_picture(Path(style)):
        found |= {column: stylizer.card.quality.get(name) for column, name in _CARD.items()}
        where = "card"
    return {**found, "measured on": where}


def _grids(stylizer: Stylizer) -> Mapping[str, float]:
    """Of frames of the synthetic scene."""
    scene = SyntheticSource(*_SCENE)
    images = [scene.picture(index * _APART) for index in range(_SCENES)]
    pairs = [(stylizer(image), image) for image in images]
    return {
        f"grid/{period}": float(np.mean([grid(*pair, period) for pair in pairs]))
        for period in PERIODS
    }


def _plot(rows: Sequence[Row]) -> Plot | None:
    found = [(row, _point(row)) for row in rows]
    drawn = [(row, point) for row, point in found if point]
    if not drawn:
        return None
    rows, points = [row for row, _ in drawn], [point for _, point in drawn]
    right = max(x for x, _ in points)
    figure, axes = canvas(3.1)
    styles = dict(zip(grouped(rows, _style), SERIES * len(rows), strict=False))
    networks = dict(zip(grouped(rows, _network), MARKERS * len(rows), strict=False))
    for row, point in zip(rows, points, strict=True):
        axes.scatter(
            *point, color=styles[_style(row)], marker=networks[_network(row)], s=38, zorder=2
        )
        if len(rows) <= _NAMED:
            name = distinct_name(row, "network", "style", among=rows)
            side, away = ("left", 6) if point[0] < right / 3 else ("right", -6)
            axes.annotate(name, point, (away, 0), textcoords="offset points", ha=side,
                          va="center", fontsize=8)  # fmt: skip
    for group in grouped(rows, measured_alike).values():
        corners = front([point for row, point in drawn if row in group])
        colour = styles[_style(group[0])]
        axes.step(*zip(*corners, strict=True), where="post", color=colour, linewidth=1, zorder=1)
    for style, colour in styles.items():
        axes.scatter([], [], color=colour, label=style)
    for network, marker in networks.items():
        axes.scatter([], [], color=INK, marker=marker, label=network)
    axes.set_xlabel("milliseconds a frame")
    axes.set_ylabel("content + style loss")
    axes.set_xlim(0, right * 1.25)
    axes.set_ylim(0, max(y for _, y in points) * 1.15)
    axes.grid(axis="y")
    legend(axes)
    caption = (
        "Lower and further left is better, within one colour: losses of two styles cannot be "
        "compared. A line is the Pareto front of one style, measured on the same photos: no "
        "network is both faster and closer to photo and painting than those on it."
    )
    return Plot("Quality against speed", caption, svg(figure, "quality"))


def front(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The Pareto front, from left to right: the points that no other is below and left of."""
    front: list[tuple[float, float]] = []
    for x, y in sorted(points):
        if not front or y < front[-1][1]:
            front.append((x, y))
    return front


def _style(row: Row) -> str:
    return row.key.get("style", "")


def _network(row: Row) -> str:
    return row.key.get("network", "")


def measured_alike(row: Row) -> str:
    return f"{_style(row)} {row.figures.get('measured on')}"


def _point(row: Row) -> tuple[float, float] | None:
    """None if the row lacks the time or the two losses, measured alike."""
    for name in row.figures:
        if name.startswith("style loss"):
            needed = ("median ms", name, name.replace("style", "content"))
            if all(is_number(row, each) for each in needed):
                ms, style, content = (value(row, each) for each in needed)
                return ms, content + style
    return None


CASE = Case(
    name="quality",
    title="Quality beside speed",
    explains=(
        "Lower is better in all columns but SSIM. Losses are differences of VGG-19's features "
        "(content) and of their Gram matrices (style), relative to the photo's or the painting's "
        "own: content at relu3_3, style at relu1_2, 2_2 and 3_4, deep content at relu4_1, deep "
        "style at relu4_4 and 5_1. LPIPS is the learned perceptual distance to the photo "
        "(SqueezeNet), CFSD the divergence of the places' similarities to each other (relu3_1), "
        "SSIM the structural similarity to the photo, 1 for equal ones. What is measured through "
        "another network than VGG-19 says so: a student is a smaller network that learned its "
        "layers, low rank is the approximation that the program brings. The photos, at most 320 "
        "pixels on the shorter side, are those that all other systems have painted; where no "
        "other system is given, those held out of training. A style whose painting or loss "
        "networks are not given has the losses of its card, by the networks it was trained with: "
        "the deep ones through a student. Grid: how many times more of a grid of 2, 4 and 8 "
        "pixels a painting shows than its photo (1: no more), on the same photos or else on the "
        "synthetic scene. Milliseconds are those of the first provider at 640x480, or at the "
        "first size."
    ),
    omits=(
        "Taste: look at the pictures, or let people vote. Flicker from frame to frame. A card's "
        "figures were measured in torch in f32 when the style was trained; those measured here "
        "have the first provider's precision. Losses of two styles cannot be compared, because "
        "their paintings differ; those of two networks for one style can, and means over the same "
        "styles. LPIPS and SSIM are best for a photo that is not painted at all. CFSD divides by "
        "the size of the photo's features, so it is not on the scale of papers; it grows with the "
        "picture. Results of another size than the photo's are resized to it, which changes their "
        "strokes and grid."
    ),
    units=_units,
    plot=_plot,
)
