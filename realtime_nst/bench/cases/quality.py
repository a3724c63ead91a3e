"""How good the pictures are, beside how fast they are painted."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from realtime_nst.bench.case import Case, Figure, Plot, Row, Unit
from realtime_nst.bench.cases._common import at_most, need_torch, picture, stylizers, usual
from realtime_nst.bench.cases._losses import painting_of, quality
from realtime_nst.bench.plots import INK, MARKERS, SERIES, canvas, legend, svg
from realtime_nst.bench.rows import distinct_name, grouped, is_number, value
from realtime_nst.bench.settings import Settings
from realtime_nst.bench.timer import Timer, spread
from realtime_nst.media.pictures import is_picture
from realtime_nst.metrics.grid import PERIODS, grid
from realtime_nst.runtime.stages import Resize
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.sizes import Size
from realtime_nst.sources.pictures import PictureSource
from realtime_nst.sources.synthetic import SyntheticSource
from realtime_nst.stream import Frame, Image

_MOST = 24
_RESIZE = Resize(Size(shorter=320))
_BLOCK = 16
_NAMED = 8
"""As many dots of the plot have their name beside them; more would cover one another."""
_SCENE, _SCENES, _APART = (320, 240), 4, 30
_COLUMNS = {
    "content loss": "content",
    "style loss": "style",
    "deep style loss": "deep_style",
    "deep content loss": "deep_content",
}
"""By column, the figure's name on a model card."""


def _measure(settings: Settings, timer: Timer) -> Sequence[Row]:
    photos = _photos(settings.photos) if settings.photos else []
    size = usual(settings)
    ready: dict[str, Stylizer] = {}
    for (style, _), stylizer in stylizers(settings, size, settings.providers[:1]).items():
        ready[style] = stylizer
    image = picture(size)
    calls = {style: partial(stylizer, image) for style, stylizer in ready.items()}
    seconds = at_most(timer, 30, 30).in_turn(calls)
    return [
        Row(
            {"style": style, "network": stylizer.card.network},
            {
                **spread(seconds[style]),
                **_losses(settings, style, stylizer, photos),
                **_grids(stylizer, photos),
            },
            {"median ms": [1000 * reading for reading in seconds[style]]},
        )
        for style, stylizer in ready.items()
    ]


def _photos(folder: Path) -> list[Path]:
    """The photos that training holds out, or all if there are too few to hold any out."""
    need_torch("measuring on photos")
    from realtime_nst.learning.data.pictures import find_photos, hold_out, measurable

    photos = find_photos(folder)
    return measurable(hold_out(photos, _MOST)[1] or photos[:_MOST])


def _losses(
    settings: Settings, style: str, stylizer: Stylizer, photos: Sequence[Path]
) -> Mapping[str, Figure]:
    """Measured if there are photos, the painting and loss networks, else those of the card."""
    painting = painting_of(settings.paintings, style, stylizer.card)
    if photos and painting and settings.loss_weights:
        found = _measured(settings.loss_weights, painting, stylizer, photos)
        where = f"{len(photos)} photos"
    else:
        found, where = {} if is_picture(Path(style)) else stylizer.card.quality, "card"
    columns = {column: found.get(name) for column, name in _COLUMNS.items()}
    return {**columns, "measured on": where if found else None}


def _measured(
    weights: Sequence[Path], painting: Path, stylizer: Stylizer, photos: Sequence[Path]
) -> Mapping[str, float]:
    from realtime_nst.learning.training.quality import as_network

    return quality(weights, painting)(as_network(stylizer), photos)


def _grids(stylizer: Stylizer, photos: Sequence[Path]) -> Mapping[str, Figure]:
    pairs = [(stylizer(image), image) for image in _pictures(photos)]
    return {
        f"grid/{period}": float(np.mean([grid(*pair, period) for pair in pairs]))
        for period in PERIODS
    }


def _pictures(photos: Sequence[Path]) -> list[Image]:
    """The photos at the size of the losses, or without any, frames of the synthetic scene."""
    if not photos:
        scene = SyntheticSource(*_SCENE)
        return [scene.picture(index * _APART) for index in range(_SCENES)]
    return [_cut(frame) for frame in PictureSource(list(photos))]


def _cut(frame: Frame) -> Image:
    image = _RESIZE(frame).image
    height, width = (side // _BLOCK * _BLOCK for side in image.shape[:2])
    return np.ascontiguousarray(image[:height, :width])


def _plot(rows: Sequence[Row]) -> Plot | None:
    needed = ("median ms", "content loss", "style loss")
    rows = [row for row in rows if all(is_number(row, name) for name in needed)]
    if not rows:
        return None
    points = [_point(row) for row in rows]
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
        corners = front([_point(row) for row in group])
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


def _point(row: Row) -> tuple[float, float]:
    return value(row, "median ms"), value(row, "content loss") + value(row, "style loss")


CASE = Case(
    name="quality",
    title="Quality beside speed",
    explains=(
        "Lower is better in all columns. Losses are differences of VGG-19's features (content) and "
        "of their Gram matrices (style), relative to the photo's or the painting's own: content at "
        "relu3_3, style at relu1_2, 2_2 and 3_4, deep content at relu4_1, deep style at relu4_4 "
        "and 5_1. They are measured on photos held out of training if photos, paintings and loss "
        "networks are given, else they are the style card's. Grid: how many times more of a grid "
        "of 2, 4 and 8 pixels a painting shows than its photo (1: no more), on the same photos or "
        "else on the synthetic scene. Milliseconds are those of the first provider at 640x480, or "
        "at the first size."
    ),
    omits=(
        "Taste: look at the pictures. Flicker from frame to frame. A card's figures were measured "
        "in torch in f32 when the style was trained; those measured here have the first "
        "provider's precision. Losses of two styles cannot be compared, because their paintings "
        "differ; those of two networks for one style can."
    ),
    units=lambda settings: [Unit("styles", _measure)],
    plot=_plot,
)
