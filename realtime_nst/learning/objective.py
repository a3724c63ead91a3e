"""The training objective a recipe describes."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import torch
from torch import Tensor

from realtime_nst.learning.losses.compose import (
    AtLayer,
    EachItsStyle,
    Objective,
    Seen,
    StyleAt,
    StyledViews,
    Sum,
    Term,
    Views,
)
from realtime_nst.learning.losses.content import content_loss
from realtime_nst.learning.losses.equivariance import ShiftEquivariance
from realtime_nst.learning.losses.grid import grid
from realtime_nst.learning.losses.laplacian import Laplacian
from realtime_nst.learning.losses.luminance import temporal_luminance
from realtime_nst.learning.losses.moved import Repainted
from realtime_nst.learning.losses.paired import (
    PairedAt,
    PairedSum,
    PairedViews,
    PairLoss,
    gram_pairs,
    identity,
    statistics_pairs,
)
from realtime_nst.learning.losses.perception import Perception, View
from realtime_nst.learning.losses.style_losses import style_loss
from realtime_nst.learning.losses.temporal_features import temporal_features
from realtime_nst.learning.losses.temporal_output import temporal_output
from realtime_nst.learning.losses.temporal_relative import temporal_relative
from realtime_nst.learning.losses.total_variation import total_variation
from realtime_nst.learning.recipe import ArbitraryRecipe, MovingRecipe, Recipe

SeenViews = TypeVar("SeenViews", bound=Views)
StyleTerm = Callable[[tuple[str, ...], tuple[float, ...]], Callable[[SeenViews], Tensor]]
"""From layers and scales to a term of an objective."""


def build_objective(recipe: Recipe, perception: Perception, painting: Tensor) -> Objective[Views]:
    """``painting``: ``[1, 3, H, W]`` in 0..1. Terms of weight 0 are not built.

    Raises TrainingError when a layer is asked for that no loss network has, UnknownName when the
    recipe's style loss is not in STYLE_LOSSES. What losses draw at random depends on the recipe's
    seed alone.
    """
    style = perception.view(painting)

    def like_it(layers: tuple[str, ...], scales: tuple[float, ...]) -> Term:
        return style_terms(style, layers, scales, recipe.style_loss)

    return _painted(recipe, like_it)


def build_many(
    recipe: Recipe, perception: Perception, paintings: Sequence[Tensor], weights: Sequence[float]
) -> Objective[StyledViews]:
    """As :func:`build_objective`, each photo compared with its own of ``paintings``, by as much of
    the recipe's style weights as its of ``weights`` says."""

    def like_its_own(layers: tuple[str, ...], scales: tuple[float, ...]) -> EachItsStyle:
        views = (perception.view(painting) for painting in paintings)
        terms = (style_terms(view, layers, scales, recipe.style_loss) for view in views)
        return EachItsStyle(tuple(terms), tuple(weights))

    return _painted(recipe, like_its_own)


def _painted(recipe: Recipe, style: StyleTerm[SeenViews]) -> Objective[SeenViews]:
    with torch.no_grad(), torch.random.fork_rng(devices=()):
        torch.manual_seed(recipe.seed)
        terms: dict[str, tuple[float, Callable[[SeenViews], Tensor]]] = {
            name: (weight, make())
            for name, weight, make in (
                ("content", recipe.content_weight, lambda: content(recipe.content_layers)),
                ("deep_content", recipe.deep_content_weight,
                 lambda: content(recipe.deep_content_layers)),
                ("style", recipe.style_weight,
                 lambda: style(recipe.style_layers, recipe.style_scales)),
                ("deep_style", recipe.deep_style_weight,
                 lambda: style(recipe.deep_style_layers, (1.0,))),
                ("tv", recipe.tv_weight, lambda: total_variation),
                ("laplacian", recipe.laplacian_weight, Laplacian),
                ("equivariance", recipe.equivariance_weight, ShiftEquivariance),
            )
            if weight
        }  # fmt: skip
    return _objective(terms)


def build_temporal(recipe: MovingRecipe) -> Objective[Repainted]:
    """What the recipe asks of the pictures of what moves. Terms of weight 0 are not built."""
    terms: dict[str, tuple[float, Callable[[Repainted], Tensor]]] = {
        name: (weight, term)
        for name, weight, term in (
            ("temporal", recipe.temporal_weight, lambda seen: temporal_output(seen.results)),
            ("temporal_relative", recipe.temporal_relative_weight,
             lambda seen: temporal_relative(seen.results)),
            ("temporal_feature", recipe.temporal_feature_weight,
             lambda seen: temporal_features(seen.features)),
            ("temporal_luminance", recipe.temporal_luminance_weight,
             lambda seen: temporal_luminance(seen.results)),
        )
        if weight
    }  # fmt: skip
    return _objective(terms)


def build_paired(recipe: ArbitraryRecipe, perception: Perception) -> Objective[PairedViews]:
    """What ``recipe`` asks of photos each painted like its own painting. Terms of weight 0 are not
    built. Raises TrainingError when a layer is asked for that no loss network has.
    """
    scales = recipe.style_scales
    terms: dict[str, tuple[float, Callable[[PairedViews], Tensor]]] = {
        name: (weight, term)
        for name, weight, term in (
            ("content", recipe.content_weight, content(recipe.content_layers)),
            ("deep_content", recipe.deep_content_weight, content(recipe.deep_content_layers)),
            ("style", recipe.style_weight, paired(gram_pairs, recipe.style_layers, scales)),
            ("deep_style", recipe.deep_style_weight,
             paired(gram_pairs, recipe.deep_style_layers)),
            ("statistics", recipe.statistics_weight,
             paired(statistics_pairs, recipe.statistics_layers)),
            ("identity", recipe.identity_weight, identity),
            ("equivariance", recipe.equivariance_weight, ShiftEquivariance()),
            ("grid", recipe.grid_weight, grid),
        )
        if weight
    }  # fmt: skip
    for name in terms:
        for layer in getattr(recipe, f"{name}_layers", ()):
            perception.owner(layer)
    return _objective(terms)


def paired(
    loss: PairLoss, layers: tuple[str, ...], scales: tuple[float, ...] = (1.0,)
) -> PairedSum:
    """``loss`` between results and their paintings, summed over ``layers`` and ``scales``."""
    return PairedSum(tuple(PairedAt(layer, scale, loss) for scale in scales for layer in layers))


def _objective(terms: Mapping[str, tuple[float, Callable[[Seen], Tensor]]]) -> Objective[Seen]:
    return Objective(
        terms={name: term for name, (_, term) in terms.items()},
        weights={name: weight for name, (weight, _) in terms.items()},
    )


def content(layers: tuple[str, ...]) -> Term:
    return Sum(tuple(AtLayer(layer, content_loss) for layer in layers))


def style_terms(
    style: View, layers: tuple[str, ...], scales: tuple[float, ...] = (1.0,), loss: str = "gram"
) -> Term:
    """The style loss ``loss`` to ``style`` summed over ``layers`` and image ``scales``.

    Raises UnknownName when ``loss`` is not in STYLE_LOSSES.
    """
    build = style_loss(loss)
    return Sum(
        tuple(
            StyleAt(layer, scale, build(style.at(scale).layer(layer)))
            for scale in scales
            for layer in layers
        )
    )
