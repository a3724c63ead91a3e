"""Timing of calls that are compared: warm-up, then in turn, every reading kept."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

_LEAST_FOR_PERCENTILES = 5


@dataclass(frozen=True)
class Timer:
    """``clock`` gives seconds; ``repetitions`` the readings a call, ``warm_up`` the calls before.

    A unit whose calls take so long that ``budget`` seconds are spent ends early, after
    ``least`` readings each at the earliest.
    """

    repetitions: int = 30
    warm_up: int = 3
    budget: float = 60.0
    least: int = 4
    clock: Callable[[], float] = time.perf_counter

    def in_turn(self, calls: Mapping[str, Callable[[], object]]) -> dict[str, list[float]]:
        """Seconds a call by name; A B A B …, so that what else the machine does falls on all alike.

        A call returns when its work is done: device work is synchronised inside it.
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
        return readings


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """Milliseconds: the median, and what lies about it."""
    milliseconds = [1000 * reading for reading in seconds]
    return {"median ms": float(np.median(milliseconds)), **around(milliseconds, "ms")}


def around(readings: Sequence[float], unit: str) -> dict[str, float]:
    """The 5th and 95th percentile (linear interpolation) as "p5 unit" and "p95 unit"; of fewer
    than five readings "lowest unit" and "highest unit"."""
    if len(readings) < _LEAST_FOR_PERCENTILES:
        return {f"lowest {unit}": float(min(readings)), f"highest {unit}": float(max(readings))}
    low, high = np.percentile(readings, (5, 95))
    return {f"p5 {unit}": float(low), f"p95 {unit}": float(high)}
