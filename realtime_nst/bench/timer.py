"""Timing of calls that are compared: warm-up, then in turn; every reading is kept."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

_LEAST_FOR_PERCENTILES = 5


@dataclass(frozen=True)
class Timer:
    """``clock`` gives seconds. Each call is made ``warm_up`` times untimed, then ``repetitions``
    times; it is made fewer times, but at least ``least``, once ``budget`` seconds are spent.
    ``between`` is called untimed after each round."""

    repetitions: int = 30
    warm_up: int = 3
    budget: float = 60.0
    least: int = 4
    clock: Callable[[], float] = time.perf_counter
    between: Callable[[], object] = lambda: None

    def in_turn(self, calls: Mapping[str, Callable[[], object]]) -> dict[str, list[float]]:
        """The seconds of each reading, by the call's name.

        The calls take turns (A B A B …), so that other load on the machine falls on all of them
        equally. A call must return only when its work is done, on a GPU too.
        """
        for call in calls.values():
            for _ in range(self.warm_up):
                call()
        readings: dict[str, list[float]] = {name: [] for name in calls}
        began = self.clock()
        for done in range(self.repetitions):
            if done >= self.least and self.clock() - began > self.budget:
                break
            for name, call in calls.items():
                start = self.clock()
                call()
                readings[name].append(self.clock() - start)
            self.between()
        return readings


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """The median in milliseconds, and what :func:`around` gives."""
    milliseconds = [1000 * reading for reading in seconds]
    return {"median ms": float(np.median(milliseconds)), **around(milliseconds, "ms")}


def around(readings: Sequence[float], unit: str) -> dict[str, float]:
    """The 5th and 95th percentile (linear interpolation) as "p5 UNIT" and "p95 UNIT"; of fewer
    than five readings the extremes, as "lowest UNIT" and "highest UNIT"."""
    if len(readings) < _LEAST_FOR_PERCENTILES:
        return {f"lowest {unit}": float(min(readings)), f"highest {unit}": float(max(readings))}
    low, high = np.percentile(readings, (5, 95))
    return {f"p5 {unit}": float(low), f"p95 {unit}": float(high)}
