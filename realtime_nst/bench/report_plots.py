"""The report's plots, drawn from the rows of a result."""

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from realtime_nst.bench.case import Row
from realtime_nst.bench.plot_style import (
    FAINT,
    INK,
    SERIES,
    WIDTH,
    canvas,
    legend,
    logarithmic,
    styled,
    svg,
)
from realtime_nst.bench.result import Result
from realtime_nst.bench.text import number

_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")


@dataclass(frozen=True)
class Plot:
    """``svg`` is markup that names nothing outside itself."""

    title: str
    caption: str
    svg: str


def plots(result: Result) -> list[Plot]:
    """Every plot whose case was measured."""
    drawn = []
    for draw in (_fps, _speed_up, _stages, _quality, _latency):
        with styled():
            plot = draw(result)
        drawn += [plot] if plot else []
    return drawn


def _fps(result: Result) -> Plot | None:
    rows = [row for row in result.rows("network") if _is_number(row, "fps")]
    if not rows:
        return None
    sizes = sorted({row.key["size"] for row in rows}, key=_pixels)
    series = _grouped(rows, lambda row: _joined(row, "network", "provider", among=rows))
    figure, axes = canvas(3.1)
    for i, (name, group) in enumerate(series.items()):
        colour, marker = SERIES[i % len(SERIES)], _MARKERS[i // len(SERIES) % len(_MARKERS)]
        by_size = _grouped(group, lambda row: row.key["size"])
        points = [(sizes.index(size), *_fps_of(by_size[size])) for size in sizes if size in by_size]
        x, middle, low, high = zip(*points, strict=True)
        axes.fill_between(x, low, high, color=colour, alpha=0.15, linewidth=0)
        axes.plot(x, middle, color=colour, marker=marker, markersize=4, label=name)
    for rate in (30, 60):
        axes.axhline(rate, color=INK, linewidth=0.7, linestyle=(0, (4, 3)), alpha=0.6)
        axes.annotate(f"{rate} fps", (1, rate), xycoords=("axes fraction", "data"), ha="right",
                      va="bottom", fontsize=8, alpha=0.8)  # fmt: skip
    axes.set_xticks(range(len(sizes)), [size.replace("x", "×") for size in sizes])
    axes.set_ylabel("frames a second")
    axes.set_yscale("log")
    logarithmic(axes.yaxis, (1, 2, 5))
    legend(axes)
    caption = (
        "The network alone, on pictures of each size, of the style in the middle; the band spans "
        "the 5th to the 95th percentile. Higher is better."
    )
    return Plot("Frames a second against size", caption, svg(figure, "fps"))


def _speed_up(result: Result) -> Plot | None:
    steps = ("x 100 steps", "x 300 steps", "x 500 steps")
    rows = [r for r in result.rows("baseline") if "network" in r.key and _is_number(r, steps[-1])]
    if not rows:
        return None
    rows.sort(key=lambda row: (-_pixels(row.key["size"]), row.key.get("provider", "")))
    figure, axes = canvas(0.9 + 0.32 * len(rows))
    for place, row in enumerate(rows):
        values = [_value(row, step) for step in steps if _is_number(row, step)]
        axes.plot(values, [place] * len(values), color=FAINT, linewidth=2, zorder=1)
        last = values[-1]
        axes.annotate(f"{number(last)} ×", (last, place), xytext=(7, 0), va="center",
                      textcoords="offset points", fontsize=8)  # fmt: skip
    for colour, step in zip(SERIES, steps, strict=False):
        known = [(_value(row, step), i) for i, row in enumerate(rows) if _is_number(row, step)]
        x, y = zip(*known, strict=True) if known else ((), ())
        axes.scatter(x, y, color=colour, s=28, label=step.removeprefix("x "), zorder=2)
    labels = [_joined(row, "size", "network", "provider", among=rows) for row in rows]
    axes.set_yticks(range(len(rows)), labels)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_xlabel("times faster")
    axes.set_xscale("log")
    logarithmic(axes.xaxis, (1,))
    axes.set_xlim(right=axes.get_xlim()[1] * 4)
    legend(axes)
    caption = (
        "One frame of the network against optimising the pixels of one picture (Gatys et al.), on "
        "the same machine in the same run. Logarithmic: each line is ten times the one before."
    )
    return Plot("Speed-up over pixel optimisation", caption, svg(figure, "speed-up"))


def _quality(result: Result) -> Plot | None:
    needed = ("median ms", "content loss", "style loss")
    rows = [r for r in result.rows("quality") if all(_is_number(r, name) for name in needed)]
    if not rows:
        return None
    points = [_quality_point(row) for row in rows]
    figure, axes = canvas(3.1)
    styles = dict(zip(_grouped(rows, _style), SERIES * len(rows), strict=False))
    networks = dict(zip(_grouped(rows, _network), _MARKERS * len(rows), strict=False))
    for row, point in zip(rows, points, strict=True):
        axes.scatter(
            *point, color=styles[_style(row)], marker=networks[_network(row)], s=38, zorder=2
        )
    for group in _grouped(rows, _measured_alike).values():
        front = _front([_quality_point(row) for row in group])
        colour = styles[_style(group[0])]
        axes.step(*zip(*front, strict=True), where="post", color=colour, linewidth=1, zorder=1)
    for style, colour in styles.items():
        axes.scatter([], [], color=colour, label=style)
    for network, marker in networks.items() if len(networks) > 1 else ():
        axes.scatter([], [], color=INK, marker=marker, label=network)
    axes.set_xlabel("milliseconds a frame")
    axes.set_ylabel("content + style loss")
    axes.set_xlim(0, max(x for x, _ in points) * 1.25)
    axes.set_ylim(0, max(y for _, y in points) * 1.15)
    axes.grid(axis="y")
    legend(axes)
    caption = (
        "Below and to the left is better, within one colour: losses of two styles cannot be "
        "compared. A line is the Pareto front of one style, of what was measured on the same "
        "photos: no network is both faster and nearer to photo and painting than those on it."
    )
    return Plot("Quality against speed", caption, svg(figure, "quality"))


def _stages(result: Result) -> Plot | None:
    needed = ("median ms", "share %")
    rows = [r for r in result.rows("stages") if all(_is_number(r, name) for name in needed)]
    if not rows:
        return None
    sizes = sorted({row.key["size"] for row in rows}, key=_pixels, reverse=True)
    figure, axes = canvas(1.0 + 0.42 * len(sizes))
    reached = dict.fromkeys(sizes, 0.0)
    stages = _grouped(rows, lambda row: row.key["stage"])
    for i, (stage, group) in enumerate(stages.items()):
        widths = {row.key["size"]: _value(row, "median ms") for row in group}
        axes.barh(
            [sizes.index(size) for size in widths],
            list(widths.values()),
            left=[reached[size] for size in widths],
            height=0.62,
            color=SERIES[i % len(SERIES)],
            label=stage,
        )
        reached |= {size: reached[size] + width for size, width in widths.items()}
    for place, size in enumerate(sizes):
        axes.annotate(f"{number(reached[size])} ms", (reached[size], place), xytext=(5, 0),
                      textcoords="offset points", va="center", fontsize=8)  # fmt: skip
    axes.set_yticks(range(len(sizes)), [size.replace("x", "×") for size in sizes])
    axes.set_xlabel("milliseconds a frame")
    axes.set_xlim(0, max(reached.values()) * 1.18)
    axes.grid(axis="x")
    legend(axes)
    caption = (
        "What each stage takes by itself; in a running pipeline they overlap on threads. What is "
        "timed beside them, and has no share, is in the table."
    )
    return Plot("Where a frame's time goes", caption, svg(figure, "stages"))


def _latency(result: Result) -> Plot | None:
    rows = [row for row in result.rows("end-to-end") if len(row.samples.get("latency ms", ())) > 1]
    if not rows:
        return None
    provider = rows[0].key.get("provider")
    rows = [row for row in rows if row.key.get("provider") == provider]
    modes = _grouped(rows, lambda row: row.key.get("mode", ""))
    figure = Figure(figsize=(WIDTH, 0.5 + 1.35 * len(modes)), layout="constrained")
    panels = figure.subplots(len(modes), 1, sharex=True, squeeze=False)[:, 0]
    furthest = max(_percentile(row.samples["latency ms"], 99.5) for row in rows)
    colours = dict(zip(sorted({r.key["size"] for r in rows}, key=_pixels), SERIES, strict=False))
    for axes, (mode, group) in zip(panels, modes.items(), strict=True):
        for row in group:
            colour = colours.get(row.key["size"], INK)
            shown = [min(ms, furthest) for ms in row.samples["latency ms"]]
            weights = [100 / len(shown)] * len(shown)
            label = row.key["size"].replace("x", "×")
            axes.hist(shown, bins=48, range=(0, furthest), weights=weights, histtype="stepfilled",
                      facecolor=colour, edgecolor=colour, alpha=0.55, label=label)  # fmt: skip
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


def _fps_of(rows: Iterable[Row]) -> tuple[float, float, float]:
    """Median, 5th and 95th percentile, of the style in the middle where there are several."""
    ordered = sorted(rows, key=lambda row: _value(row, "fps"))
    row = ordered[len(ordered) // 2]
    middle = _value(row, "fps")
    slow = row.figures.get("p95 ms", row.figures.get("highest ms"))
    fast = row.figures.get("p5 ms", row.figures.get("lowest ms"))
    if not isinstance(slow, float) or not isinstance(fast, float):
        return middle, middle, middle
    return middle, 1000 / slow, 1000 / fast


def _front(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points no other is below or left of, from left to right."""
    front: list[tuple[float, float]] = []
    for x, y in sorted(points):
        if not front or y < front[-1][1]:
            front.append((x, y))
    return front


def _grouped(rows: Iterable[Row], name: Callable[[Row], str]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(name(row), []).append(row)
    return groups


def _style(row: Row) -> str:
    return row.key.get("style", "")


def _measured_alike(row: Row) -> str:
    return f"{_style(row)} {row.figures.get('measured on')}"


def _quality_point(row: Row) -> tuple[float, float]:
    return _value(row, "median ms"), _value(row, "content loss") + _value(row, "style loss")


def _network(row: Row) -> str:
    return row.key.get("network", "")


def _joined(row: Row, *columns: str, among: Iterable[Row]) -> str:
    """What tells the row from ``among``: the columns in which they differ, or the last."""
    rows = list(among)
    telling = [c for c in columns if len({other.key.get(c) for other in rows}) > 1]
    return ", ".join(row.key.get(c, "") for c in telling or columns[-1:])


def _pixels(size: str) -> int:
    return math.prod(int(side) for side in re.findall(r"\d+", size))


def _is_number(row: Row, figure: str) -> bool:
    return isinstance(row.figures.get(figure), (int, float))


def _value(row: Row, figure: str) -> float:
    value: Any = row.figures[figure]
    return float(value)


def _percentile(readings: Iterable[float], share: float) -> float:
    return float(np.percentile(list(readings), share))
