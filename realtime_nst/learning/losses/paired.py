"""Style losses between a batch of results and a batch of paintings, each result with its own.

Every painting counts the same: its distance is divided by the larger squared norm of the two,
painting or result (as a constant). That equals :class:`GramLoss` once the result is no stronger
than the painting, and never exceeds 4, however dark or flat the painting.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from realtime_nst.learning.loss_networks.features import Features
from realtime_nst.learning.losses.style import moments
from realtime_nst.learning.losses.terms import LossInputs
from realtime_nst.learning.tensors import gram

PairLoss = Callable[[Tensor, Tensor], Tensor]
"""(features of the results, features of the paintings), both ``[N, C, ?, ?]``, to a scalar."""


@dataclass(frozen=True)
class PairedInputs(LossInputs):
    """``painting``: each result's own. ``itself``: pictures painted in their own style, and the
    same pictures as they were."""

    painting: Features
    itself: tuple[Tensor, Tensor]


@dataclass(frozen=True)
class PairedAt:
    """``loss`` between results and paintings on the features of ``layer`` at ``scale``."""

    layer: str
    scale: float
    loss: PairLoss

    def __call__(self, inputs: PairedInputs) -> Tensor:
        result, painting = (
            features.at(self.scale).layer(self.layer)
            for features in (inputs.result, inputs.painting)
        )
        return self.loss(result, painting.detach())


@dataclass(frozen=True)
class PairedSum:
    """The plain sum of terms."""

    terms: tuple[PairedAt, ...]

    def __call__(self, inputs: PairedInputs) -> Tensor:
        return torch.stack([term(inputs) for term in self.terms]).sum()


def paired_terms(
    loss: PairLoss, layers: tuple[str, ...], scales: tuple[float, ...] = (1.0,)
) -> PairedSum:
    """``loss`` between results and their paintings, summed over ``layers`` and ``scales``."""
    return PairedSum(tuple(PairedAt(layer, scale, loss) for scale in scales for layer in layers))


def gram_pairs(result: Tensor, painting: Tensor) -> Tensor:
    """Squared distance of Gram matrices, mean over the batch."""
    return _distance(gram(result).flatten(1), gram(painting).flatten(1))


def moment_pairs(result: Tensor, painting: Tensor) -> Tensor:
    """Squared distance of the channels' means and standard deviations, mean over the batch: the
    style loss of AdaIN (Huang and Belongie 2017)."""
    return _distance(moments(result), moments(painting))


def identity(inputs: PairedInputs) -> Tensor:
    """Mean absolute difference of pictures painted in their own style (squared in Park and Lee
    2019)."""
    painted, wanted = inputs.itself
    return (painted - wanted).abs().mean()


def _distance(result: Tensor, painting: Tensor) -> Tensor:
    norms = torch.maximum(painting.square().sum(1), result.detach().square().sum(1))
    return ((result - painting).square().sum(1) / norms.clamp_min(1e-12)).mean()
