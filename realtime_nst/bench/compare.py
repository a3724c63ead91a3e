"""Two runs beside each other: ratios with their spread, and which of them are noise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from realtime_nst.bench.result import Conditions, Result

_RESAMPLES = 2000
_INTERVAL = (2.5, 97.5)
_LEAST_CHANGE = 0.03
"""Two runs of the same code differ by as much: caches, addresses, the computer's temperature."""

_LEAST_READINGS = 4
"""With three a side, one order in ten of equal readings separates them: no 95 % interval."""

_MORE_IS_FASTER = ("fps", "GMAC/s", "GB/s")

_Key = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Ratio:
    """``value`` is a ratio of medians; its 95 % interval goes from ``low`` to ``high``."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Change:
    """``ratio`` is new over old; ``verdict``: faster, slower, noise or too few readings."""

    case: str
    key: Mapping[str, str]
    figure: str
    old: float
    new: float
    ratio: Ratio
    verdict: str


def ratio(a: Sequence[float], b: Sequence[float]) -> Ratio:
    """Median of ``a`` over median of ``b``: 2 when ``a`` takes twice as long.

    The interval is the percentile bootstrap's (Efron and Tibshirani 1993, chapter 13): both are
    drawn again 2,000 times with replacement, from a fixed seed. It holds the spread within the
    runs; what changed on the computer between them it cannot see.
    """
    draws = np.random.default_rng(0)
    above, below = (
        np.median(draws.choice(np.asarray(readings, float), (_RESAMPLES, len(readings))), axis=1)
        for readings in (a, b)
    )
    low, high = np.percentile(above / below, _INTERVAL)
    return Ratio(float(np.median(a) / np.median(b)), float(low), float(high))


def compare(old: Result, new: Result) -> list[Change]:
    """Every figure with readings in both, in the order of ``new``."""
    before = _table(old)
    return [
        _change(*name, before[name], readings)
        for name, readings in _table(new).items()
        if name in before
    ]


def differences(old: Result, new: Result) -> list[str]:
    """What, beside the code, may explain a change: one line each."""
    lines = [
        f"{name} differ: {a} before, {b} now"
        for name, (a, b) in _circumstances(old.conditions, new.conditions).items()
        if a != b
    ]
    lost = len(_table(old).keys() - _table(new).keys())
    figures = "figure measured before was" if lost == 1 else "figures measured before were"
    return [*lines, f"{lost} {figures} not measured now"] if lost else lines


def _circumstances(old: Conditions, new: Conditions) -> dict[str, tuple[object, object]]:
    pairs = {
        "machines": (old.machine.label, new.machine.label),
        "providers": (dict(old.providers), dict(new.providers)),
        "styles": (dict(old.styles), dict(new.styles)),
        "settings (quick)": (old.settings.quick, new.settings.quick),
        "versions of Python": (old.machine.python, new.machine.python),
    }
    was, now = old.machine.packages, new.machine.packages
    for name in sorted({*was, *now}):
        pairs[f"versions of {name}"] = was.get(name, "none"), now.get(name, "none")
    return pairs


def _table(result: Result) -> dict[tuple[str, _Key, str], Sequence[float]]:
    return {
        (unit.case, tuple(row.key.items()), figure): readings
        for unit in result.units
        for row in unit.rows
        for figure, readings in row.samples.items()
        if len(readings) and min(readings) > 0
    }


def _change(
    case: str, key: _Key, figure: str, old: Sequence[float], new: Sequence[float]
) -> Change:
    found = ratio(new, old)
    enough = min(len(old), len(new)) >= _LEAST_READINGS
    verdict = _verdict(found, figure in _MORE_IS_FASTER) if enough else "too few readings"
    return Change(
        case, dict(key), figure, float(np.median(old)), float(np.median(new)), found, verdict
    )


def _verdict(found: Ratio, more_is_faster: bool) -> str:
    if found.low <= 1 <= found.high or abs(found.value - 1) < _LEAST_CHANGE:
        return "noise"
    return "faster" if (found.value > 1) == more_is_faster else "slower"
