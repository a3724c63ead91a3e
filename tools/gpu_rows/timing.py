"""Calls timed on a card or, in a rehearsal, on the CPU; and the ways of running a module."""

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median, quantiles

import torch
from torch import Tensor, nn

from gpu_rows.plan import Figures, Lacks

Paint = Callable[[Tensor], Tensor]

_WARM_UP, _LEAST, _MOST = 3, 5, 300


@dataclass(frozen=True)
class Clock:
    """``longest``: seconds that one call is repeated for."""

    device: str
    longest: float

    def seconds(self, call: Callable[[], object]) -> float:
        """The median over repeated calls."""
        return median(self.readings(call))

    def readings(self, call: Callable[[], object]) -> list[float]:
        """Seconds of each call, after some that are not counted."""
        for _ in range(_WARM_UP):
            call()
        self.wait()
        began = time.perf_counter()
        call()
        self.wait()
        once = time.perf_counter() - began
        count = min(_MOST, max(_LEAST, round(self.longest / max(once, 1e-6))))
        return self._on_the_card(call, count) if self.on_card else _here(call, count)

    def _on_the_card(self, call: Callable[[], object], count: int) -> list[float]:
        """From events between the calls, so that the card never waits for this process."""
        marks = [torch.cuda.Event(enable_timing=True) for _ in range(count + 1)]
        marks[0].record()
        for mark in marks[1:]:
            call()
            mark.record()
        self.wait()
        return [a.elapsed_time(b) / 1000 for a, b in itertools.pairwise(marks)]

    @property
    def on_card(self) -> bool:
        return self.device == "cuda"

    def wait(self) -> None:
        if self.on_card:
            torch.cuda.synchronize()

    def pinned(self, tensor: Tensor) -> Tensor:
        """``tensor`` in memory that the card copies from without help."""
        return tensor.pin_memory() if self.on_card else tensor


def _here(call: Callable[[], object], count: int) -> list[float]:
    found = []
    for _ in range(count):
        began = time.perf_counter()
        call()
        found.append(time.perf_counter() - began)
    return found


def spread(seconds: list[float]) -> Figures:
    middle = median(seconds)
    return {
        "ms": 1000 * middle,
        "p95 ms": 1000 * quantiles(seconds, n=20)[-1],
        "fps": 1 / middle,
        "readings": len(seconds),
    }


def compiled(module: nn.Module, clock: Clock) -> Paint:
    """By torch's own compiler, which forgets what it compiled before; a rehearsal leaves out the
    part that makes code."""
    torch.compiler.reset()
    backend = "inductor" if clock.on_card else "aot_eager"
    return torch.compile(module, backend=backend, dynamic=False)


def captured(paint: Paint, picture: Tensor, clock: Clock) -> Paint:
    """``paint`` as a CUDA graph for pictures like ``picture``; its result is overwritten by the
    next. Raises Lacks without a card."""
    if not clock.on_card:
        raise Lacks("a CUDA graph needs a card")
    given = picture.clone()
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(_WARM_UP):
            paint(given)
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        made = paint(given)

    def replay(shown: Tensor) -> Tensor:
        if shown is not given:
            given.copy_(shown, non_blocking=True)
        graph.replay()
        return made

    return replay
