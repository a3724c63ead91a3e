"""Gradient descent on the pixels of a picture."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from realtime_nst.errors import TrainingError

_MOST_RESTARTS = 5
_DIVERGED = 10.0
"""Times the loss of the start. L-BFGS without a line search can diverge for good."""

_HISTORY = 20

Measure = Callable[[Tensor], tuple[Mapping[str, Tensor], Tensor]]
"""From a picture to (its unweighted losses; their weighted total)."""


@dataclass(frozen=True)
class Evaluation:
    """``losses`` (unweighted) and ``total`` (weighted) of ``picture``."""

    picture: Tensor
    losses: dict[str, float]
    total: float
    gradient_norm: float = 0.0
    notice: str = ""

    @property
    def finite(self) -> bool:
        return math.isfinite(self.total + self.gradient_norm)


def descend(
    start: Tensor, measure: Measure, method: str, rate: float, steps: int
) -> Iterator[Evaluation]:
    """Yield ``steps + 1`` evaluations: of ``start``, and after each change.

    ``method`` is lbfgs (Liu and Nocedal 1989; step length ``rate``, no line search, as in Gatys et
    al.'s Lua code) or adam (learning rate ``rate``). A ``rate`` of 0 is the method's default. After
    a loss that is not finite or has diverged, the best picture is yielded again and the descent
    restarts from it with half the rate. Raises TrainingError if that happens too often.
    """
    rate = rate or _DEFAULT_RATE[method]
    pixels = start.detach().clone().contiguous().requires_grad_()
    optimiser = _optimiser(method, pixels, rate)
    best = first = None
    restarts = 0
    for step in range(steps):
        seen = _change(optimiser, pixels, measure)
        first = first or seen
        if seen.finite and seen.total <= _DIVERGED * first.total:
            best = seen if best is None or seen.total < best.total else best
            if torch.equal(pixels, seen.picture):  # L-BFGS is stuck: forget its history
                optimiser = _optimiser(method, pixels, rate)
            yield seen
            continue
        restarts, rate = restarts + 1, rate / 2
        if best is None or restarts > _MOST_RESTARTS:
            raise TrainingError(_lost(step, restarts, rate))
        with torch.no_grad():
            pixels.copy_(best.picture)
        optimiser = _optimiser(method, pixels, rate)
        yield replace(best, notice=_restarted(step, rate))
    with torch.no_grad():
        yield _evaluated(pixels, *measure(pixels))


_DEFAULT_RATE = {"lbfgs": 1.0, "adam": 0.02}


def _optimiser(method: str, pixels: Tensor, rate: float) -> torch.optim.Optimizer:
    if method == "adam":
        return torch.optim.Adam([pixels], lr=rate)
    return torch.optim.LBFGS(
        [pixels], lr=rate, max_iter=1, history_size=_HISTORY, tolerance_grad=0, tolerance_change=0
    )


def _change(optimiser: torch.optim.Optimizer, pixels: Tensor, measure: Measure) -> Evaluation:
    """One evaluation, and then one change of ``pixels``."""
    seen: list[Evaluation] = []

    def evaluate() -> float:
        optimiser.zero_grad()
        losses, total = measure(pixels)
        total.backward()
        gradient_norm = pixels.grad.norm().item() if pixels.grad is not None else math.nan
        seen.append(replace(_evaluated(pixels, losses, total), gradient_norm=gradient_norm))
        return seen[-1].total

    optimiser.step(evaluate)
    return seen[0]


def _evaluated(pixels: Tensor, losses: Mapping[str, Tensor], total: Tensor) -> Evaluation:
    values = {name: value.item() for name, value in losses.items()}
    return Evaluation(pixels.detach().clone(), values, total.item())


def _restarted(step: int, rate: float) -> str:
    return (
        f"the loss after {step} steps at this size was not finite or far above the first: back to "
        f"the best picture, learning rate {rate:g}"
    )


def _lost(step: int, restarts: int, rate: float) -> str:
    return (
        f"the loss was not finite or far above the first {restarts} times, last after {step} "
        f"steps; try `learning_rate` {rate / 2:g}, `optimiser` adam or `precision` f32"
    )
