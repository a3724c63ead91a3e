"""Pixel optimisation (Gatys et al. 2016), and how many times faster each network is."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from realtime_nst.bench.case import Case, Figure, Headline, Plot, Row, Unit
from realtime_nst.bench.cases._common import Sides, label, need_torch, picture, stylizers
from realtime_nst.bench.compare import ratio
from realtime_nst.bench.plots import FAINT, SERIES, canvas, legend, logarithmic, svg
from realtime_nst.bench.rows import best, distinct_name, is_number, number, pixels, preferred, value
from realtime_nst.bench.settings import Settings
from realtime_nst.bench.timer import Timer, around, spread
from realtime_nst.runtime.host import cache_root
from realtime_nst.sources.synthetic import SyntheticSource

if TYPE_CHECKING:
    from realtime_nst.learning.loss_networks.features import FeatureExtractor
    from realtime_nst.learning.optimise.engine import Step

_STEPS = (100, 300, 500)
_SIDES, QUICK_SIDES = (256, 512, 1024), (256, 512)
PAINTING = 512
_IN_FULL, _BUDGET, _QUICK_BUDGET = 400.0, 90.0, 8.0
"""Seconds. A run expected to take less than the first is done in full; others get a budget."""

_TRIED, _LATEST = 3, 50
"""Steps after which a run's length can be estimated, and how many of the latest it is from."""

_TURNS = 20
"""How often the networks are timed in a run that uses up its budget."""

Calls = Mapping[tuple[str, str], Callable[[], object]]
"""By network and provider."""


class Enough(Exception):
    """Enough steps are timed: the rest can be extrapolated."""


class Watch:
    """Called after each step: notes the time, and now and then times the networks.

    ``at`` is the time of each step since the start, in seconds, without the networks' turns.
    """

    def __init__(self, calls: Calls, settings: Settings, timer: Timer) -> None:
        self.at: list[float] = []
        self.readings: dict[tuple[str, str], list[float]] = {key: [] for key in calls}
        self._calls, self._clock = calls, timer.clock
        self._budget = _QUICK_BUDGET if settings.quick else _BUDGET
        self._in_full = 0.0 if settings.quick else _IN_FULL
        self._turns = self._paused = 0.0
        self._began = self._clock()

    def __call__(self, step: "Step") -> None:
        now = self._clock() - self._began - self._paused
        self.at.append(now)
        if now >= self._turns * self._budget / _TURNS:
            self._turns += 1
            self._time_networks()
        known = len(self.at) > _TRIED and now > self._budget
        if known and self._whole(step.steps) > self._in_full:
            raise Enough

    @property
    def a_step(self) -> list[float]:
        """The seconds of each step."""
        return [float(seconds) for seconds in np.diff(self.at)]

    def seconds(self, steps: int) -> tuple[float, str]:
        """The seconds of ``steps`` from the first evaluation on, and how they are known."""
        done = len(self.at) - 1
        if steps <= done:
            return self.at[steps] - self.at[0], "measured"
        return self._whole(steps), f"scaled from {done} steps"

    def _whole(self, steps: int) -> float:
        done = len(self.at) - 1
        return self.at[-1] - self.at[0] + (steps - done) * median(self.a_step[-_LATEST:])

    def _time_networks(self) -> None:
        """Each call is first made untimed, because the optimisation has filled the caches."""
        began = self._clock()
        for key, call in self._calls.items():
            call()
            start = self._clock()
            call()
            self.readings[key].append(self._clock() - start)
        self._paused += self._clock() - began


def _measure(side: int, settings: Settings, timer: Timer) -> Sequence[Row]:
    need_torch("the pixel optimisation")
    from realtime_nst.learning.data.pictures import to_tensor
    from realtime_nst.learning.device import best_device
    from realtime_nst.learning.optimise.engine import optimise
    from realtime_nst.learning.optimise.options import Optimisation
    from realtime_nst.learning.optimise.style import Style

    device = best_device().name
    size = side, side
    options = Optimisation(steps=max(_STEPS), longest=side, style_size=PAINTING)
    extractor, weights = _extractor(settings)
    painting = to_tensor(SyntheticSource(PAINTING, PAINTING, seed=1).picture(0)).to(device)
    content = to_tensor(picture(size)).to(device)
    watch = Watch(_networks(settings, size), settings, timer)
    with suppress(Enough):
        optimise(content, [Style(painting)], extractor, options, watch)
    return [
        _a_step(size, watch),
        *_optimised(size, watch, weights),
        *_speed_ups(size, watch, weights),
    ]


def _a_step(size: Sides, watch: Watch) -> Row:
    milliseconds = [1000 * seconds for seconds in watch.a_step]
    figures: dict[str, Figure] = {**spread(watch.a_step), "steps timed": len(milliseconds)}
    return Row({"size": label(size), "what": "one step"}, figures, {"median ms": milliseconds})


def _optimised(size: Sides, watch: Watch, weights: str) -> list[Row]:
    rows = []
    for steps in _STEPS:
        seconds, how = watch.seconds(steps)
        figures: dict[str, Figure] = {"seconds": seconds, "how": how, "weights": weights}
        rows.append(Row({"size": label(size), "steps": str(steps)}, figures))
    return rows


def _speed_ups(size: Sides, watch: Watch, weights: str) -> list[Row]:
    return [
        Row(
            {"size": label(size), "network": network, "provider": provider},
            {**_faster(watch, readings), "weights": weights},
            {"ms": [1000 * reading for reading in readings]},
        )
        for (network, provider), readings in watch.readings.items()
    ]


def _faster(watch: Watch, readings: list[float]) -> dict[str, Figure]:
    """How many times faster a frame is than each number of steps, with the interval of the last."""
    seconds, how = watch.seconds(_STEPS[-1])
    frame, a_step = median(readings), ratio(watch.a_step, readings)
    scale = seconds / frame / a_step.value
    return {
        "ms": 1000 * frame,
        **around([1000 * reading for reading in readings], "ms"),
        **{f"x {steps} steps": watch.seconds(steps)[0] / frame for steps in _STEPS},
        f"x {_STEPS[-1]} low": scale * a_step.low,
        f"x {_STEPS[-1]} high": scale * a_step.high,
        "how": how,
    }


def _networks(settings: Settings, size: Sides) -> Calls:
    """The first style of each network; the others take as long."""
    image = picture(size)
    calls: dict[tuple[str, str], Callable[[], object]] = {}
    for (_, provider), stylizer in stylizers(settings, size).items():
        calls.setdefault((stylizer.card.network, provider), partial(stylizer, image))
    return calls


def _extractor(settings: Settings) -> "tuple[FeatureExtractor, str]":
    """A whole VGG-19 if there is one here, else random weights, which take as long. A smaller
    network would flatter the optimisation."""
    from realtime_nst.learning.device import best_device
    from realtime_nst.learning.loss_networks.features import FeatureExtractor
    from realtime_nst.learning.loss_networks.load import load_loss_network
    from realtime_nst.learning.loss_networks.vgg import Vgg19, random_loss_network

    where = best_device()
    for path in (*settings.loss_weights, *_fetched()):
        network = load_loss_network(path, where.dtype, where.name)
        if isinstance(network, Vgg19) and "relu5_1" in network.layers:
            return FeatureExtractor([network]), "VGG-19"
    return FeatureExtractor([random_loss_network(0, where.dtype, where.name)]), "random"


def _fetched() -> list[Path]:
    from realtime_nst.learning.loss_networks.download import URL

    path = cache_root() / URL.rpartition("/")[2]
    return [path] if path.is_file() else []


def _headlines(rows: Sequence[Row]) -> Iterator[Headline]:
    networks = [row for row in rows if "network" in row.key]
    for row in best(preferred(networks, "size", "512x512"), "x 500 steps", max):
        size = row.key.get("size")
        text = f"faster than 500 steps of pixel optimisation at {size}{_caveats(row)}"
        yield Headline(f"{number(row.figures['x 500 steps'])} ×", text)


def _caveats(row: Row) -> str:
    """Says what of a speed-up was not measured directly."""
    how, weights = row.figures.get("how"), row.figures.get("weights")
    caveats = [str(how)] if how and how != "measured" else []
    caveats += ["random weights"] if weights == "random" else []
    return f" ({', '.join(caveats)})" if caveats else ""


def _plot(rows: Sequence[Row]) -> Plot | None:
    steps = [f"x {count} steps" for count in _STEPS]
    rows = [row for row in rows if "network" in row.key and is_number(row, steps[-1])]
    if not rows:
        return None
    rows.sort(key=lambda row: (-pixels(row.key["size"]), row.key.get("provider", "")))
    figure, axes = canvas(0.9 + 0.32 * len(rows))
    for place, row in enumerate(rows):
        values = [value(row, step) for step in steps if is_number(row, step)]
        axes.plot(values, [place] * len(values), color=FAINT, linewidth=2, zorder=1)
        last = values[-1]
        axes.annotate(f"{number(last)} ×", (last, place), xytext=(7, 0), va="center",
                      textcoords="offset points", fontsize=8)  # fmt: skip
    for colour, step in zip(SERIES, steps, strict=False):
        known = [(value(row, step), i) for i, row in enumerate(rows) if is_number(row, step)]
        x, y = zip(*known, strict=True) if known else ((), ())
        axes.scatter(x, y, color=colour, s=28, label=step.removeprefix("x "), zorder=2)
    labels = [distinct_name(row, "size", "network", "provider", among=rows) for row in rows]
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


CASE = Case(
    name="baseline",
    title="Speed-up over optimising the pixels",
    explains=(
        "Seconds to paint one square picture by optimising its pixels through VGG-19 (Gatys et al. "
        "2016; L-BFGS from the photo, style layers relu1_1 to relu5_1, content relu4_2, in the "
        "fastest precision here), and how many times as long as one frame of each network that is, "
        "as in Table 1 of Johnson et al. 2016. A step is one evaluation of the losses and their "
        "gradient, and one update; the first evaluation and the set-up before it are not counted. "
        "The 95 % interval is that of a step over a frame. The networks are timed between the "
        "steps of the same run. Where 500 steps would take too long, the rest is extrapolated from "
        "the median of the last steps, and the row says so. Random weights take as long as trained "
        "ones."
    ),
    omits=(
        "How good either picture is: optimisation usually paints the better one. Loading the "
        "networks. Gains from batches of frames, or from starting at the previous frame's result."
    ),
    units=lambda settings: [
        Unit(label((side, side)), partial(_measure, side))
        for side in (QUICK_SIDES if settings.quick else _SIDES)
    ],
    headlines=_headlines,
    plot=_plot,
)
