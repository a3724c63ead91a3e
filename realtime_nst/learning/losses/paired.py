"""Style losses between a batch of results and a batch of paintings, each result with its own.

Each painting weighs alike: its distance is divided by the larger squared norm of the two, painting
or result (which then counts as a constant). That is the measure of :class:`GramLoss` once the
result is no stronger than the painting, and never over 4, however dark or flat the painting.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from realtime_nst.learning.losses.compose import Views
from realtime_nst.learning.losses.perception import View
from realtime_nst.learning.losses.style import gram

_EPSILON = 1e-5
"""Added to variances: the root's slope at 0 is not finite."""

PairLoss = Callable[[Tensor, Tensor], Tensor]
"""(features of the results, features of the paintings), both ``[N, C, ?, ?]``, to a scalar."""


@dataclass(frozen=True)
class PairedViews(Views):
    """``painting`` ``n`` is what result ``n`` shall look like; ``itself`` are pictures painted like
    themselves, and they themselves."""

    painting: View
    itself: tuple[Tensor, Tensor]


@dataclass(frozen=True)
class PairedAt:
    """``loss`` between results and paintings on the features of ``layer`` at ``scale``."""

    layer: str
    scale: float
    loss: PairLoss

    def __call__(self, views: PairedViews) -> Tensor:
        result, painting = (
            view.at(self.scale).layer(self.layer) for view in (views.result, views.painting)
        )
        return self.loss(result, painting.detach())


@dataclass(frozen=True)
class PairedSum:
    """The plain sum of terms."""

    terms: tuple[PairedAt, ...]

    def __call__(self, views: PairedViews) -> Tensor:
        return torch.stack([term(views) for term in self.terms]).sum()


def gram_pairs(result: Tensor, painting: Tensor) -> Tensor:
    """Squared distance of Gram matrices, mean over the batch."""
    return _alike(gram(result).flatten(1), gram(painting).flatten(1))


def statistics_pairs(result: Tensor, painting: Tensor) -> Tensor:
    """Squared distance of the channels' means and standard deviations, mean over the batch: the
    style loss of AdaIN (Huang and Belongie 2017)."""
    return _alike(_statistics(result), _statistics(painting))


def identity(views: PairedViews) -> Tensor:
    """Mean absolute difference of what is painted like itself (Park and Lee 2019 use squares)."""
    painted, wanted = views.itself
    return (painted - wanted).abs().mean()


def _alike(result: Tensor, painting: Tensor) -> Tensor:
    norms = torch.maximum(painting.square().sum(1), result.detach().square().sum(1))
    return ((result - painting).square().sum(1) / norms.clamp_min(1e-12)).mean()


def _statistics(features: Tensor) -> Tensor:
    """``[N, C, h, w]`` to ``[N, 2 C]``."""
    variance, mean = torch.var_mean(features.flatten(2).float(), dim=2, correction=0)
    return torch.cat((mean, (variance + _EPSILON).sqrt()), dim=1)
