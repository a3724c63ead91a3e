"""Two runs compared: ratios with their spread, and which of them are noise, or the machine's."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from realtime_nst.bench.case import Row
from realtime_nst.bench.conditions import Conditions
from realtime_nst.bench.result import Result

_RESAMPLES = 2000
_INTERVAL = (2.5, 97.5)
_LEAST_CHANGE = 0.03
"""Two runs of the same code differ by that much: caches, addresses, the computer's temperature."""

_LEAST_READINGS = 4
"""With three on each side, one in ten random orders separates them: no 95 % interval."""

_LEAST_INDEPENDENT = 8
"""Correlated readings count as fewer. With less than this there is no verdict."""

_MORE_IS_FASTER = ("fps", "GMAC/s", "GB/s")
_TIMES = re.compile(r"\b(ms|seconds)\b")
"""The figures that depend on how busy the machine is: these, and those of which more is faster."""

_OF_THE_MACHINE = 0.1
"""What the machine itself may differ by before it is said."""

_SPREAD = ("p5 ", "p95 ", "lowest ", "highest ")
_DERIVED = ("fps", "GMAC", "GMAC/s", "share %", "of the ceiling %")
"""Figures computed from others, which are compared themselves."""

_Key = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Ratio:
    """A ratio of medians, and the ends of its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Change:
    """``ratio`` is new over old. ``verdict`` is "faster", "slower", "noise", "machine" (what it is
    is lost when the machine itself is allowed for), "too few readings" (or too few independent
    ones), or "single reading", whose interval is the ratio alone.

    ``beside`` is ``ratio`` over that of the yardstick timed beside it: as if the machine had been
    equally busy. None where that makes no difference, or the yardstick was not timed in both."""

    case: str
    key: Mapping[str, str]
    figure: str
    old: float
    new: float
    ratio: Ratio
    verdict: str
    beside: Ratio | None = None


def ratio(a: Sequence[float], b: Sequence[float]) -> Ratio:
    """The median of ``a`` over that of ``b``: 2 if ``a`` takes twice as long.

    The interval is that of the circular block bootstrap (Politis and Romano 1992): percentiles of
    2,000 draws from a fixed seed. Neighbouring readings are correlated, so blocks of at least the
    square root of their number are drawn. The interval covers the spread within the runs, not what
    changed on the computer between them.
    """
    return _ratio(over=[a], under=[b])


def _ratio(over: Sequence[Sequence[float]], under: Sequence[Sequence[float]]) -> Ratio:
    """The product of the medians ``over``, divided by those ``under``."""
    draws = np.random.default_rng(0)
    value, drawn = 1.0, np.ones(_RESAMPLES)
    for readings, power in [*((r, 1) for r in over), *((r, -1) for r in under)]:
        value *= float(np.median(readings)) ** power
        drawn *= _medians(np.asarray(readings, float), draws) ** power
    low, high = np.percentile(drawn, _INTERVAL)
    return Ratio(value, float(low), float(high))


def _medians(readings: NDArray[np.float64], draws: np.random.Generator) -> NDArray[np.float64]:
    count = len(readings)
    length = max(round(count**0.5), min(count // 3, int(2 * _correlated(readings))))
    starts = draws.integers(0, count, (_RESAMPLES, -(-count // length), 1))
    places = (starts + np.arange(length)) % count
    medians: NDArray[np.float64] = np.median(
        readings[places.reshape(_RESAMPLES, -1)[:, :count]], axis=1
    )
    return medians


def _correlated(readings: Sequence[float] | NDArray[np.float64]) -> float:
    """How many readings are worth one independent reading: (1 + r) / (1 - r), where r is the
    correlation of neighbours with Kendall's correction for few readings; 1 if r may be chance."""
    count = len(readings)
    from_middle = np.asarray(readings) - np.median(readings)
    power = float(from_middle @ from_middle)
    r = float(from_middle[:-1] @ from_middle[1:]) / power if power else 0.0
    if r <= 2 / count**0.5:
        return 1.0
    r = min(0.999, r + (1 + 3 * r) / count)
    return (1 + r) / (1 - r)


def compare(old: Result, new: Result) -> list[Change]:
    """Every figure that is above 0 in both, in the order of ``new``."""
    before = _table(old)
    return [
        _change(*name, before[name], readings)
        for name, readings in _table(new).items()
        if name in before
    ]


def machine(old: Result, new: Result) -> Ratio | None:
    """How much longer the yardstick took in the new run; None if it was not timed in both."""
    was, now = (
        [reading for unit in result.units for reading in unit.yardstick] for result in (old, new)
    )
    return ratio(now, was) if _timed(was) and _timed(now) else None


def _timed(yardstick: Sequence[float]) -> bool:
    return len(yardstick) > 1 and min(yardstick) > 0


def differences(old: Result, new: Result) -> list[str]:
    """What may explain a change, apart from the code: one line each."""
    lines = [
        f"{name} differ: {a} before, {b} now"
        for name, (a, b) in _circumstances(old.conditions, new.conditions).items()
        if a != b
    ]
    lines += _of_the_machine(machine(old, new))
    lost = len(_table(old).keys() - _table(new).keys())
    figures = "figure measured before was" if lost == 1 else "figures measured before were"
    return [*lines, f"{lost} {figures} not measured now"] if lost else lines


def _of_the_machine(found: Ratio | None) -> list[str]:
    if found is None:
        return [
            "the reference work was not timed in both runs, so a busy machine cannot be told from "
            "a slower program"
        ]
    if found.low <= 1 <= found.high or abs(found.value - 1) < _OF_THE_MACHINE:
        return []
    slower = found.value > 1
    factor = found.value if slower else 1 / found.value
    why = "it was busy, hot or throttled" if slower else "it was busy, hot or throttled before"
    return [
        f"the machine was {factor:.2f} times {'slower' if slower else 'faster'} than before, by "
        f"the reference work timed in both runs: {why}; the verdicts allow for it"
    ]


def _circumstances(old: Conditions, new: Conditions) -> dict[str, tuple[object, object]]:
    pairs = {
        "machines": (old.machine.label, new.machine.label),
        "providers": (dict(old.providers), dict(new.providers)),
        "styles": (dict(old.styles), dict(new.styles)),
        "settings (quick)": (old.settings.quick, new.settings.quick),
        "loss networks or pictures": (sorted(old.inputs.items()), sorted(new.inputs.items())),
        "versions of Python": (old.machine.python, new.machine.python),
    }
    was, now = old.machine.packages, new.machine.packages
    for name in sorted({*was, *now}):
        pairs[f"versions of {name}"] = was.get(name, "none"), now.get(name, "none")
    return pairs


@dataclass(frozen=True)
class _Measured:
    readings: Sequence[float]
    yardstick: Sequence[float]


def _table(result: Result) -> dict[tuple[str, _Key, str], _Measured]:
    return {
        (unit.case, tuple(row.key.items()), figure): _Measured(readings, unit.yardstick)
        for unit in result.units
        for row in unit.rows
        for figure, readings in _readings(row).items()
        if len(readings) and min(readings) > 0
    }


def _readings(row: Row) -> dict[str, Sequence[float]]:
    """The readings of each figure; a figure without any is its own single reading."""
    derived = _DERIVED if row.samples else ()
    single = {
        name: [float(value)]
        for name, value in row.figures.items()
        if isinstance(value, (int, float)) and name not in derived and not name.startswith(_SPREAD)
    }
    return {**single, **row.samples}


def _change(case: str, key: _Key, figure: str, old: _Measured, new: _Measured) -> Change:
    was, now, more_is_faster = old.readings, new.readings, figure in _MORE_IS_FASTER
    found, beside = ratio(now, was), None
    if _timed(old.yardstick) and _timed(new.yardstick):
        if more_is_faster:
            beside = _ratio([now, new.yardstick], [was, old.yardstick])
        elif _TIMES.search(figure):
            beside = _ratio([now, old.yardstick], [was, new.yardstick])
    if len(was) == len(now) == 1:
        verdict, beside = "single reading", None
    elif not (_enough(was) and _enough(now)):
        verdict, beside = "too few readings", None
    else:
        verdict = _verdict(found, more_is_faster)
        if beside and (verdict != _verdict(beside, more_is_faster) or _unsure(found, beside)):
            verdict = verdict if verdict == "noise" else "machine"
    medians = float(np.median(was)), float(np.median(now))
    return Change(case, dict(key), figure, *medians, found, verdict, beside)


def _unsure(found: Ratio, beside: Ratio) -> bool:
    """Whether the change is smaller than half of the machine's: the yardstick is slowed down by
    others as much as the program only roughly."""
    return abs(log(beside.value)) < abs(log(found.value / beside.value)) / 2


def _enough(readings: Sequence[float]) -> bool:
    least = min(_LEAST_INDEPENDENT, max(_LEAST_READINGS, len(readings) // 2))
    return len(readings) >= _LEAST_READINGS and len(readings) / _correlated(readings) >= least


def _verdict(found: Ratio, more_is_faster: bool) -> str:
    if found.low <= 1 <= found.high or abs(found.value - 1) < _LEAST_CHANGE:
        return "noise"
    return "faster" if (found.value > 1) == more_is_faster else "slower"
