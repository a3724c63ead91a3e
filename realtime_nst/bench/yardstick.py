"""A fixed amount of work that is timed beside what is measured: it tells a slower program from a
machine that was busy."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from realtime_nst.runtime import host

_EVERY = 1.0
"""Seconds between two readings, so that it takes a hundredth of the time and disturbs little."""

_AROUND = 3
"""Readings before and after each unit."""


class Work:
    """Arithmetic within the cache, then copying beyond it, on all usable cores at once; some 10 ms,
    which is longer than one turn on a core, so that it feels who else wants them.

    It needs nothing but numpy, so that it is the same whatever version of the program is measured.
    """

    def __init__(self) -> None:
        self._cores = range(host.usable_cores())
        self._small = [np.linspace(0, 1, 1 << 14, dtype=np.float32) for _ in self._cores]
        self._large = [np.zeros(1 << 21, np.float32) for _ in self._cores]

    def __call__(self) -> None:
        with ThreadPoolExecutor(len(self._cores), "realtime_nst-yardstick") as threads:
            list(threads.map(self._on_one, self._cores))

    def _on_one(self, core: int) -> None:
        small, large = self._small[core], self._large[core]
        for _ in range(500):
            np.exp(small)
        for _ in range(4):
            large[1 << 20 :] = large[: 1 << 20]


class Yardstick:
    """Keeps the seconds that ``work`` took since :meth:`take` was called last."""

    def __init__(
        self,
        work: Callable[[], object] | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._work, self._clock = work or Work(), clock
        self._readings: list[float] = []
        self._work()  # the first time takes longer
        self._last = self._clock()

    def around(self) -> None:
        """Before and after a unit."""
        for _ in range(_AROUND):
            self._read()

    def between(self) -> None:
        """Between two rounds of calls; works only where the last reading is a second ago."""
        if self._clock() - self._last >= _EVERY:
            self._read()

    def take(self) -> tuple[float, ...]:
        """The readings so far, of six digits, which are then forgotten."""
        taken = tuple(float(f"{reading:.6g}") for reading in self._readings)
        self._readings.clear()
        return taken

    def _read(self) -> None:
        began = self._clock()
        self._work()
        self._last = self._clock()
        self._readings.append(self._last - began)
