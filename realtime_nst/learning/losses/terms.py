"""Terms of an objective, and how they combine, so that an objective reads as an expression.

A *term* maps :class:`LossInputs` to a scalar. A *feature loss* maps (features of the result,
features of the photo) to a scalar; :class:`AtLayer` makes a term of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import torch
from torch import Tensor

from realtime_nst.learning.loss_networks.features import Features

FeatureLoss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class LossInputs:
    """What a term may look at: the photo, the network's result, and the network itself."""

    photo: Features
    result: Features
    network: Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class StyledInputs(LossInputs):
    """``styles``: the index of each photo's style."""

    styles: tuple[int, ...]


Term = Callable[[LossInputs], Tensor]

Inputs = TypeVar("Inputs")
"""What the terms of an objective look at."""


@dataclass(frozen=True)
class AtLayer:
    """``loss`` on the features of ``layer``."""

    layer: str
    loss: FeatureLoss

    def __call__(self, inputs: LossInputs) -> Tensor:
        return self.loss(inputs.result.layer(self.layer), inputs.photo.layer(self.layer))


@dataclass(frozen=True)
class StyleAt:
    """``loss`` on the result's features of ``layer`` at ``scale``. Ignores the photo."""

    layer: str
    scale: float
    loss: Callable[[Tensor], Tensor]

    def __call__(self, inputs: LossInputs) -> Tensor:
        return self.loss(inputs.result.at(self.scale).layer(self.layer))


@dataclass(frozen=True)
class PerStyle:
    """The mean over the batch, where each result has the term and the weight of its own style.
    Ignores the photos."""

    terms: tuple[Term, ...]
    weights: tuple[float, ...]

    def __call__(self, inputs: StyledInputs) -> Tensor:
        losses = []
        for number, style in enumerate(inputs.styles):
            alone = replace(inputs, result=inputs.result.item(number))
            losses.append(self.weights[style] * self.terms[style](alone))
        return torch.stack(losses).mean()


@dataclass(frozen=True)
class Sum:
    """The plain sum of terms."""

    terms: tuple[Term, ...]

    def __call__(self, inputs: LossInputs) -> Tensor:
        total = self.terms[0](inputs)
        for term in self.terms[1:]:
            total = total + term(inputs)
        return total


@dataclass(frozen=True)
class Objective(Generic[Inputs]):
    """Named, weighted terms. ``measure`` gives each unweighted, ``total`` their weighted sum."""

    terms: Mapping[str, Callable[[Inputs], Tensor]]
    weights: Mapping[str, float]

    @classmethod
    def of(
        cls, weighted: Mapping[str, tuple[float, Callable[[Inputs], Tensor]]]
    ) -> "Objective[Inputs]":
        """From (weight, term) by name."""
        return cls(
            {name: term for name, (_, term) in weighted.items()},
            {name: weight for name, (weight, _) in weighted.items()},
        )

    def measure(self, inputs: Inputs) -> dict[str, Tensor]:
        return {name: term(inputs) for name, term in self.terms.items()}

    def total(self, measured: Mapping[str, Tensor]) -> Tensor:
        parts = [self.weights[name] * value for name, value in measured.items()]
        return sum(parts[1:], start=parts[0])
