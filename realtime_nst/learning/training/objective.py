"""The training objective that a recipe describes. Terms of weight 0 are not built."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch
from torch import Tensor

from realtime_nst.learning.loss_networks.features import FeatureExtractor
from realtime_nst.learning.losses.artefacts import (
    Sometimes,
    grid,
    shift_equivariance,
    total_variation,
)
from realtime_nst.learning.losses.content import content_terms, laplacian
from realtime_nst.learning.losses.diversity import diversity
from realtime_nst.learning.losses.matting import Matting
from realtime_nst.learning.losses.paired import (
    PairedInputs,
    gram_pairs,
    identity,
    moment_pairs,
    paired_terms,
)
from realtime_nst.learning.losses.style_losses import style_terms
from realtime_nst.learning.losses.temporal import (
    TemporalInputs,
    temporal_features,
    temporal_luminance,
    temporal_output,
    temporal_relative,
)
from realtime_nst.learning.losses.terms import LossInputs, Objective, PerStyle, StyledInputs, Term
from realtime_nst.learning.training.recipe import ArbitraryRecipe, MovingRecipe, Recipe

Inputs = TypeVar("Inputs", bound=LossInputs)
MakeTerm = Callable[[], Callable[[Inputs], Tensor]]
StyleTerms = Callable[[tuple[str, ...], tuple[float, ...]], Callable[[Inputs], Tensor]]
"""From layers and scales to a style term."""


def build_objective(
    recipe: Recipe, extractor: FeatureExtractor, painting: Tensor
) -> Objective[LossInputs]:
    """For one style: ``painting`` ``[1, 3, H, W]`` in 0..1.

    Raises TrainingError for a layer that no loss network has, UnknownName if the recipe's style
    loss is not in STYLE_LOSSES. What losses draw at random depends on the recipe's seed alone.
    """
    style = extractor.features(painting)

    def terms(layers: tuple[str, ...], scales: tuple[float, ...]) -> Term:
        return style_terms(style, layers, scales, recipe.style_loss)

    return _style_objective(recipe, terms)


def build_many(
    recipe: Recipe,
    extractor: FeatureExtractor,
    paintings: Sequence[Tensor],
    weights: Sequence[float],
) -> Objective[StyledInputs]:
    """For many styles: as :func:`build_objective`, but each photo has its own of ``paintings``.

    ``weights``: one factor a painting, for its style losses.
    """

    def terms(layers: tuple[str, ...], scales: tuple[float, ...]) -> PerStyle:
        styles = (extractor.features(painting) for painting in paintings)
        each = (style_terms(style, layers, scales, recipe.style_loss) for style in styles)
        return PerStyle(tuple(each), tuple(weights))

    return _style_objective(recipe, terms)


def _style_objective(recipe: Recipe, style: StyleTerms[Inputs]) -> Objective[Inputs]:
    def deep_style() -> Callable[[Inputs], Tensor]:
        return style(recipe.deep_style_layers, (1.0,))

    terms: dict[str, tuple[float, MakeTerm[Inputs]]] = {
        "content": (recipe.content_weight, lambda: content_terms(recipe.content_layers)),
        "deep_content": (
            recipe.deep_content_weight, lambda: content_terms(recipe.deep_content_layers)
        ),
        "style": (recipe.style_weight, lambda: style(recipe.style_layers, recipe.style_scales)),
        "deep_style": (recipe.deep_style_weight, deep_style),
        "tv": (recipe.tv_weight, lambda: total_variation),
        "laplacian": (recipe.laplacian_weight, lambda: laplacian),
        "matting": (recipe.matting_weight, Matting),
        "equivariance": (
            recipe.equivariance_weight,
            lambda: Sometimes(shift_equivariance, recipe.equivariance_share),
        ),
        "diversity": (recipe.diversity_weight, lambda: diversity),
    }  # fmt: skip
    with torch.no_grad(), torch.random.fork_rng(devices=()):
        torch.manual_seed(recipe.seed)
        return Objective.of(
            {name: (weight, make()) for name, (weight, make) in terms.items() if weight}
        )


def build_paired(recipe: ArbitraryRecipe, extractor: FeatureExtractor) -> Objective[PairedInputs]:
    """For any painting: each photo is painted like its own painting.

    Raises TrainingError for a layer that no loss network has.
    """
    terms: dict[str, tuple[float, Callable[[PairedInputs], Tensor]]] = {
        "content": (recipe.content_weight, content_terms(recipe.content_layers)),
        "deep_content": (recipe.deep_content_weight, content_terms(recipe.deep_content_layers)),
        "style": (
            recipe.style_weight,
            paired_terms(gram_pairs, recipe.style_layers, recipe.style_scales),
        ),
        "deep_style": (
            recipe.deep_style_weight, paired_terms(gram_pairs, recipe.deep_style_layers)
        ),
        "statistics": (
            recipe.statistics_weight, paired_terms(moment_pairs, recipe.statistics_layers)
        ),
        "identity": (recipe.identity_weight, identity),
        "equivariance": (
            recipe.equivariance_weight, Sometimes(shift_equivariance, recipe.equivariance_share)
        ),
        "grid": (recipe.grid_weight, grid),
    }  # fmt: skip
    chosen = {name: term for name, term in terms.items() if term[0]}
    for name in chosen:
        for layer in getattr(recipe, f"{name}_layers", ()):
            extractor.owner(layer)
    return Objective.of(chosen)


def build_temporal(recipe: MovingRecipe) -> Objective[TemporalInputs]:
    """What the recipe asks of the results for moving pictures."""
    terms: dict[str, tuple[float, Callable[[TemporalInputs], Tensor]]] = {
        "temporal": (recipe.temporal_weight, lambda seen: temporal_output(seen.results)),
        "temporal_relative": (
            recipe.temporal_relative_weight, lambda seen: temporal_relative(seen.results)
        ),
        "temporal_feature": (
            recipe.temporal_feature_weight, lambda seen: temporal_features(seen.features)
        ),
        "temporal_luminance": (
            recipe.temporal_luminance_weight, lambda seen: temporal_luminance(seen.results)
        ),
    }  # fmt: skip
    return Objective.of({name: term for name, term in terms.items() if term[0]})
