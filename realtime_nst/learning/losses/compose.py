"""Terms of an objective and how they compose, so that an objective reads as an expression.

A *term* maps :class:`Views` to a scalar. A *feature loss* maps (result features, photo features)
to a scalar; :class:`AtLayer` makes a term of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import torch
from torch import Tensor

from realtime_nst.learning.losses.perception import View

FeatureLoss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Views:
    """What a term may look at: the photo, the network's result, and the network itself."""

    photo: View
    result: View
    network: Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class StyledViews(Views):
    """``styles``: the number of each photo's style."""

    styles: tuple[int, ...]


Term = Callable[[Views], Tensor]

Seen = TypeVar("Seen")
"""What the terms of an objective look at."""


@dataclass(frozen=True)
class AtLayer:
    """``loss`` on the features of ``layer``."""

    layer: str
    loss: FeatureLoss

    def __call__(self, views: Views) -> Tensor:
        return self.loss(views.result.layer(self.layer), views.photo.layer(self.layer))


@dataclass(frozen=True)
class StyleAt:
    """``loss`` on the result's features of ``layer`` at ``scale``; the photo is not looked at."""

    layer: str
    scale: float
    loss: Callable[[Tensor], Tensor]

    def __call__(self, views: Views) -> Tensor:
        return self.loss(views.result.at(self.scale).layer(self.layer))


@dataclass(frozen=True)
class EachItsStyle:
    """Each result measured by its style's of ``terms``, times its style's of ``weights``; the mean.
    Photos are not looked at."""

    terms: tuple[Term, ...]
    weights: tuple[float, ...]

    def __call__(self, views: StyledViews) -> Tensor:
        return torch.stack(
            [
                self.weights[style] * self.terms[style](replace(views, result=views.result.part(n)))
                for n, style in enumerate(views.styles)
            ]
        ).mean()


@dataclass(frozen=True)
class Sum:
    """The plain sum of terms."""

    terms: tuple[Term, ...]

    def __call__(self, views: Views) -> Tensor:
        total = self.terms[0](views)
        for term in self.terms[1:]:
            total = total + term(views)
        return total


@dataclass(frozen=True)
class Objective(Generic[Seen]):
    """Named, weighted terms. ``measure`` gives each unweighted, ``total`` their weighted sum."""

    terms: Mapping[str, Callable[[Seen], Tensor]]
    weights: Mapping[str, float]

    def measure(self, seen: Seen) -> dict[str, Tensor]:
        return {name: term(seen) for name, term in self.terms.items()}

    def total(self, measured: Mapping[str, Tensor]) -> Tensor:
        parts = [self.weights[name] * value for name, value in measured.items()]
        return sum(parts[1:], start=parts[0])
