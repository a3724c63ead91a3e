"""The networks alone: milliseconds a frame."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from realtime_nst.bench.case import Case, Headline, Plot, Row, Unit
from realtime_nst.bench.cases._common import Sides, gmac_of, label, picture, stylizers
from realtime_nst.bench.conditions import precision
from realtime_nst.bench.plots import INK, MARKERS, SERIES, canvas, legend, logarithmic, svg
from realtime_nst.bench.rows import (
    best,
    distinct_name,
    grouped,
    is_number,
    number,
    pixels,
    preferred,
    value,
)
from realtime_nst.bench.settings import Settings
from realtime_nst.bench.timer import Timer, spread
from realtime_nst.runtime.stylizer import Stylizer


def _measure(size: Sides, settings: Settings, timer: Timer) -> Sequence[Row]:
    ready, image = stylizers(settings, size), picture(size)
    seconds = timer.in_turn({" ".join(key): partial(s, image) for key, s in ready.items()})
    macs = {style: gmac_of(style, settings.painter, size, s) for (style, _), s in ready.items()}
    return [
        _row(key, stylizer, size, macs[key[0]], seconds[" ".join(key)])
        for key, stylizer in ready.items()
    ]


def _row(
    key: tuple[str, str], stylizer: Stylizer, size: Sides, macs: float, seconds: list[float]
) -> Row:
    style, provider = key
    times = spread(seconds)
    median = times["median ms"] / 1000
    return Row(
        {
            "network": stylizer.card.network,
            "style": style,
            "provider": provider,
            "size": label(size),
        },
        {
            **times,
            "fps": 1 / median,
            "GMAC": macs,
            "GMAC/s": macs / median,
            "precision": precision(provider),
        },
        {"median ms": [1000 * reading for reading in seconds]},
    )


def _headlines(rows: Sequence[Row]) -> Iterator[Headline]:
    for row in best(preferred(rows, "size", "640x480"), "fps", max):
        size, provider = row.key.get("size"), row.key.get("provider")
        text = f"the network alone at {size} on {provider}"
        yield Headline(f"{number(row.figures['fps'])} fps", text)


def _plot(rows: Sequence[Row]) -> Plot | None:
    rows = [row for row in rows if is_number(row, "fps")]
    if not rows:
        return None
    sizes = sorted({row.key["size"] for row in rows}, key=pixels)
    series = grouped(rows, lambda row: distinct_name(row, "network", "provider", among=rows))
    figure, axes = canvas(3.1)
    for i, (name, group) in enumerate(series.items()):
        colour, marker = SERIES[i % len(SERIES)], MARKERS[i // len(SERIES) % len(MARKERS)]
        by_size = grouped(group, lambda row: row.key["size"])
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
        "The network alone at each size, of the style of median speed; the band spans the 5th to "
        "the 95th percentile. Higher is better."
    )
    return Plot("Frames a second against size", caption, svg(figure, "fps"))


def _fps_of(rows: Iterable[Row]) -> tuple[float, float, float]:
    """The median, 5th and 95th percentile of the fps of the style in the middle."""
    ordered = sorted(rows, key=lambda row: value(row, "fps"))
    row = ordered[len(ordered) // 2]
    middle = value(row, "fps")
    slow = row.figures.get("p95 ms", row.figures.get("highest ms"))
    fast = row.figures.get("p5 ms", row.figures.get("lowest ms"))
    if not isinstance(slow, float) or not isinstance(fast, float):
        return middle, middle, middle
    return middle, 1000 / slow, 1000 / fast


CASE = Case(
    name="network",
    title="The networks alone",
    explains=(
        "Milliseconds for a frame, from RGB bytes to RGB bytes, including padding and the copy of "
        "the result. All styles and providers of one size take turns. GMAC are billions of "
        "multiply-accumulates of the convolutions and matrix products, counted from the file; "
        "fps and GMAC/s are computed from the median. ONNX Runtime's threads sleep between frames "
        "instead of spinning, as in the program, which leaves the cores to its other stages."
    ),
    omits=(
        "Reading, encoding and showing frames; the first frame, which compiles the network; "
        "throttling when a computer grows hot; batches of frames."
    ),
    units=lambda settings: [Unit(label(size), partial(_measure, size)) for size in settings.sizes],
    headlines=_headlines,
    plot=_plot,
)
