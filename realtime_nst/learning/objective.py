"""The training objective a recipe describes, for one painting."""

import torch
from torch import Tensor

from realtime_nst.learning.losses.compose import AtLayer, Objective, StyleAt, Sum, Term
from realtime_nst.learning.losses.content import content_loss
from realtime_nst.learning.losses.equivariance import ShiftEquivariance
from realtime_nst.learning.losses.perception import Perception, View
from realtime_nst.learning.losses.style import GramLoss
from realtime_nst.learning.losses.total_variation import total_variation
from realtime_nst.learning.recipe import Recipe


def build_objective(recipe: Recipe, perception: Perception, painting: Tensor) -> Objective:
    """``painting``: ``[1, 3, H, W]`` in 0..1. Terms of weight 0 are not built.

    Raises TrainingError when a layer is asked for that no loss network has.
    """
    with torch.no_grad():
        style = perception.view(painting)
        terms: dict[str, tuple[float, Term]] = {
            name: (weight, make())
            for name, weight, make in (
                ("content", recipe.content_weight, lambda: content(recipe.content_layers)),
                ("deep_content", recipe.deep_content_weight,
                 lambda: content(recipe.deep_content_layers)),
                ("style", recipe.style_weight,
                 lambda: gram_style(style, recipe.style_layers, recipe.style_scales)),
                ("deep_style", recipe.deep_style_weight,
                 lambda: gram_style(style, recipe.deep_style_layers)),
                ("tv", recipe.tv_weight, lambda: total_variation),
                ("equivariance", recipe.equivariance_weight, ShiftEquivariance),
            )
            if weight
        }  # fmt: skip
    return Objective(
        terms={name: term for name, (_, term) in terms.items()},
        weights={name: weight for name, (weight, _) in terms.items()},
    )


def content(layers: tuple[str, ...]) -> Term:
    return Sum(tuple(AtLayer(layer, content_loss) for layer in layers))


def gram_style(style: View, layers: tuple[str, ...], scales: tuple[float, ...] = (1.0,)) -> Term:
    """The Gram loss to ``style`` summed over ``layers`` and image ``scales``."""
    return Sum(
        tuple(
            StyleAt(layer, scale, GramLoss(style.at(scale).layer(layer)))
            for scale in scales
            for layer in layers
        )
    )
