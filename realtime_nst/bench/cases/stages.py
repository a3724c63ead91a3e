"""How long each stage of the pipeline takes for a frame."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median

from realtime_nst.bench.case import Case, Figure, Plot, Row, Unit
from realtime_nst.bench.cases._common import Sides, at_most, label, of_one_style, stylizers
from realtime_nst.bench.plots import SERIES, canvas, legend, svg
from realtime_nst.bench.rows import grouped, is_number, number, pixels, value
from realtime_nst.bench.settings import Settings
from realtime_nst.bench.timer import Timer, around
from realtime_nst.errors import MediaError
from realtime_nst.motion.stabiliser import Stabiliser
from realtime_nst.sinks.video import VideoSink
from realtime_nst.sinks.window import WindowSink
from realtime_nst.sources.synthetic import SyntheticSource
from realtime_nst.sources.video import VideoSource
from realtime_nst.stream import Frame

_CLIP, _SHORT_CLIP = 64, 16
_DISPLAY = "display"
"""Timed after the stages, not in turn with them."""

Stages = Mapping[str, tuple[int, Callable[[], object]]]
"""By stage: the frames of a call, and the call."""


def _measure(size: Sides, settings: Settings, timer: Timer) -> Sequence[Row]:
    frames = list(SyntheticSource(*size, frames=_SHORT_CLIP if settings.quick else _CLIP))
    (key, stylizer), *_ = stylizers(of_one_style(settings), size, settings.providers[:1]).items()
    painted = [Frame(stylizer(f.image), f.index, f.pts, f.captured) for f in frames]
    with tempfile.TemporaryDirectory() as folder:
        clip, result = Path(folder, "clip.mp4"), Path(folder, "result.mp4")
        _write(frames, clip)
        stages: Stages = {
            "decode + colour": (len(frames), partial(_read, clip)),
            "network": (1, partial(stylizer, frames[0].image)),
            "stabilise": (len(frames), partial(_stabilise, frames, painted)),
            "encode": (len(frames), partial(_write, painted, result)),
        }
        seconds = _in_turn(at_most(timer, 15, 40), stages)
    seconds[_DISPLAY] = _displayed(painted, timer)
    how = {
        "decode + colour": "H.264 to RGB",
        "network": " on ".join(key),
        "stabilise": "strong",
        "encode": "H.264",
        _DISPLAY: "window" if seconds[_DISPLAY] else "no display here",
    }
    return _rows(size, seconds, how)


def _in_turn(timer: Timer, stages: Stages) -> dict[str, list[float]]:
    seconds = timer.in_turn({name: call for name, (_, call) in stages.items()})
    return {name: [s / stages[name][0] for s in found] for name, found in seconds.items()}


def _rows(size: Sides, seconds: Mapping[str, list[float]], how: Mapping[str, str]) -> list[Row]:
    milliseconds = {name: [1000 * s for s in found] for name, found in seconds.items()}
    medians = {name: median(found) for name, found in milliseconds.items() if found}
    total = sum(value for name, value in medians.items() if name != _DISPLAY)

    def figures(name: str) -> dict[str, Figure]:
        share = 100 * medians[name] / total if name != _DISPLAY else None
        near = around(milliseconds[name], "ms") if name in medians else {}
        return {"median ms": medians.get(name), **near, "share %": share, "how": how[name]}

    return [
        Row({"size": label(size), "stage": name}, figures(name), {"median ms": found})
        for name, found in milliseconds.items()
    ]


def _read(clip: Path) -> None:
    with VideoSource(clip) as source:
        for frame in source:
            assert frame.image.size


def _stabilise(frames: Sequence[Frame], painted: Sequence[Frame]) -> None:
    stabiliser = Stabiliser("strong")
    for frame, painting in zip(frames, painted, strict=True):
        stabiliser(frame.image, painting.image)


def _write(frames: Sequence[Frame], path: Path) -> None:
    with VideoSink(path, overwrite=True) as sink:
        for frame in frames:
            sink.write(frame)


def _displayed(frames: Sequence[Frame], timer: Timer) -> list[float]:
    """The times of handing frames to a window; empty if there is no display."""
    turn = count()
    try:
        with WindowSink() as window:
            show = partial(_show, window, frames, turn)
            return at_most(timer, 30, 5).in_turn({"display": show})["display"]
    except MediaError:
        return []


def _show(window: WindowSink, frames: Sequence[Frame], turn: "count[int]") -> None:
    window.write(frames[next(turn) % len(frames)])


def _plot(rows: Sequence[Row]) -> Plot | None:
    rows = [row for row in rows if is_number(row, "median ms") and is_number(row, "share %")]
    if not rows:
        return None
    sizes = sorted({row.key["size"] for row in rows}, key=pixels, reverse=True)
    figure, axes = canvas(1.0 + 0.42 * len(sizes))
    reached = dict.fromkeys(sizes, 0.0)
    stages = grouped(rows, lambda row: row.key["stage"])
    for i, (stage, group) in enumerate(stages.items()):
        widths = {row.key["size"]: value(row, "median ms") for row in group}
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
        "What each stage takes by itself; in a running pipeline they overlap on threads. Display, "
        "which has no share, is in the table."
    )
    return Plot("Where a frame's time goes", caption, svg(figure, "stages"))


CASE = Case(
    name="stages",
    title="Where a frame's time goes",
    explains=(
        "Milliseconds of each stage by itself, in turn; the first style on the first provider. "
        "Decoding, stabilising and encoding process a clip of two seconds of the synthetic scene "
        "(half a second in a quick run), with opening and closing, and the time is divided by its "
        "frames. The share is that of the sum without display."
    ),
    omits=(
        "That stages run at the same time on several cores, so that a video takes less than the "
        "sum. Display is timed after them and has no share: it is the hand-over to the window's "
        "process, not the work of the window system; without a display it is blank. Sound is "
        "copied and costs next to nothing."
    ),
    units=lambda settings: [Unit(label(size), partial(_measure, size)) for size in settings.sizes],
    plot=_plot,
)
