"""A picture changed step by step so that its losses go down."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from realtime_nst.errors import TrainingError

_MOST_RETURNS = 5
_ASTRAY = 10.0
"""Times the loss of the start: L-BFGS without line search can leave for good."""

_HISTORY = 20

Measure = Callable[[Tensor], tuple[Mapping[str, Tensor], Tensor]]
"""From a picture to its unweighted losses and their weighted total."""


@dataclass(frozen=True)
class Evaluation:
    """``losses`` (unweighted) and ``total`` (weighted) are those of ``picture``."""

    picture: Tensor
    losses: dict[str, float]
    total: float
    slope: float = 0.0
    notice: str = ""

    @property
    def finite(self) -> bool:
        return math.isfinite(self.total + self.slope)


def descend(
    start: Tensor, measure: Measure, method: str, rate: float, steps: int
) -> Iterator[Evaluation]:
    """Yield ``steps + 1`` evaluations: of ``start``, and after each change.

    ``method`` is lbfgs (Liu and Nocedal 1989; step length ``rate``, no line search, as Gatys et
    al.'s Lua code and its heirs do) or adam (learning rate ``rate``); 0 takes the usual one. After
    a loss that is not finite or has gone astray the best picture is yielded again and the descent
    goes on from it with half the rate. Raises TrainingError when that happens too often.
    """
    rate = rate or _USUAL_RATE[method]
    pixels = start.detach().clone().contiguous().requires_grad_()
    optimiser = _optimiser(method, pixels, rate)
    best = first = None
    returns = 0
    for step in range(steps):
        seen = _change(optimiser, pixels, measure)
        first = first or seen
        if seen.finite and seen.total <= _ASTRAY * first.total:
            best = seen if best is None or seen.total < best.total else best
            if torch.equal(pixels, seen.picture):  # its history misleads it: forget it
                optimiser = _optimiser(method, pixels, rate)
            yield seen
            continue
        returns, rate = returns + 1, rate / 2
        if best is None or returns > _MOST_RETURNS:
            raise TrainingError(_lost(step, returns, rate))
        with torch.no_grad():
            pixels.copy_(best.picture)
        optimiser = _optimiser(method, pixels, rate)
        yield replace(best, notice=_returned(step, rate))
    with torch.no_grad():
        yield _evaluated(pixels, *measure(pixels))


_USUAL_RATE = {"lbfgs": 1.0, "adam": 0.02}


def _optimiser(method: str, pixels: Tensor, rate: float) -> torch.optim.Optimizer:
    if method == "adam":
        return torch.optim.Adam([pixels], lr=rate)
    return torch.optim.LBFGS(
        [pixels], lr=rate, max_iter=1, history_size=_HISTORY, tolerance_grad=0, tolerance_change=0
    )


def _change(optimiser: torch.optim.Optimizer, pixels: Tensor, measure: Measure) -> Evaluation:
    """One evaluation, and one change of ``pixels`` after it."""
    seen: list[Evaluation] = []

    def evaluate() -> float:
        optimiser.zero_grad()
        losses, total = measure(pixels)
        total.backward()
        slope = pixels.grad.norm().item() if pixels.grad is not None else math.nan
        seen.append(replace(_evaluated(pixels, losses, total), slope=slope))
        return seen[-1].total

    optimiser.step(evaluate)
    return seen[0]


def _evaluated(pixels: Tensor, losses: Mapping[str, Tensor], total: Tensor) -> Evaluation:
    values = {name: value.item() for name, value in losses.items()}
    return Evaluation(pixels.detach().clone(), values, total.item())


def _returned(step: int, rate: float) -> str:
    return (
        f"the loss after {step} steps at this size was not finite or far above the first: back to "
        f"the best picture, learning rate {rate:g}"
    )


def _lost(step: int, returns: int, rate: float) -> str:
    return (
        f"the loss was not finite or far above the first {returns} times, last after {step} steps; "
        f"try --learning-rate {rate / 2:g}, --optimiser adam or --precision f32"
    )
