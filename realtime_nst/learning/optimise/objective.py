"""The objective that an optimisation brings down, at one size."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from realtime_nst.learning.losses.compose import AtLayer, Objective, StyleAt, Sum, Term, Views
from realtime_nst.learning.losses.content import content_loss
from realtime_nst.learning.losses.laplacian import Laplacian
from realtime_nst.learning.losses.perception import Perception
from realtime_nst.learning.losses.style_losses import style_loss
from realtime_nst.learning.losses.temporal import temporal_loss
from realtime_nst.learning.losses.total_variation import total_variation
from realtime_nst.learning.optimise.guided import GuidedGram
from realtime_nst.learning.optimise.options import Optimisation


@dataclass(frozen=True)
class Style:
    """``painting`` ``[1, 3, H, W]`` in 0..1; ``share`` of it where several styles are blended.

    Masks ``[1, 1, H, W]`` in 0..1 (of any size) pair a region of the content with one of the
    painting; None is all of it.
    """

    painting: Tensor
    share: float = 1.0
    content_mask: Tensor | None = None
    painting_mask: Tensor | None = None

    @property
    def masked(self) -> bool:
        return self.content_mask is not None or self.painting_mask is not None

    def to(self, device: str) -> "Style":
        masks = (self.content_mask, self.painting_mask)
        moved = (None if mask is None else mask.to(device) for mask in masks)
        return Style(self.painting.to(device), self.share, *moved)


@dataclass(frozen=True)
class Previous:
    """The result before this one, moved to where things are now.

    ``image`` ``[1, 3, H, W]`` in 0..1; ``visible`` ``[1, 1, H, W]``: 1 where it is to be kept to,
    0 where it shows what is hidden now.
    """

    image: Tensor
    visible: Tensor


def build_objective(
    options: Optimisation,
    perception: Perception,
    styles: Sequence[Style],
    previous: Previous | None = None,
) -> Objective[Views]:
    """Terms of weight 0 are not built; what losses draw at random depends on the seed alone.

    Raises TrainingError for a layer no loss network has.
    """
    terms: dict[str, tuple[float, Term]] = {}
    if options.content_weight:
        layers = (AtLayer(layer, content_loss) for layer in options.content_layers)
        terms["content"] = options.content_weight / len(options.content_layers), Sum((*layers,))
    if options.style_weight:
        with torch.random.fork_rng(devices=()):
            torch.manual_seed(options.seed)
            terms["style"] = options.style_weight, _blended(options, perception, styles)
    if options.tv_weight:
        terms["tv"] = options.tv_weight, total_variation
    if options.laplacian_weight:
        terms["laplacian"] = options.laplacian_weight, Laplacian()
    if previous is not None and options.temporal_weight:
        terms["temporal"] = options.temporal_weight, _Temporal(previous)
    return Objective(
        terms={name: term for name, (_, term) in terms.items()},
        weights={name: weight for name, (weight, _) in terms.items()},
    )


@dataclass(frozen=True)
class _Temporal:
    previous: Previous

    def __call__(self, views: Views) -> Tensor:
        return temporal_loss(views.result.image, self.previous.image, self.previous.visible)


@dataclass(frozen=True)
class _Share:
    share: float
    term: Term

    def __call__(self, views: Views) -> Tensor:
        return self.share * self.term(views)


def _blended(options: Optimisation, perception: Perception, styles: Sequence[Style]) -> Term:
    """Each style's loss by its share; the mean over the layers, as in Gatys et al. 2016."""
    whole = sum(style.share for style in styles)
    return Sum(
        tuple(
            _Share(style.share / whole, _style(options, perception, style))
            for style in styles
            if style.share
        )
    )


@torch.no_grad()
def _style(options: Optimisation, perception: Perception, style: Style) -> Term:
    view = perception.view(style.painting)
    plain = style_loss(options.style_loss)
    return _Share(
        1 / len(options.style_layers),
        Sum(
            tuple(
                StyleAt(
                    layer,
                    1.0,
                    GuidedGram(view.layer(layer), style.painting_mask, style.content_mask)
                    if style.masked
                    else plain(view.layer(layer)),
                )
                for layer in options.style_layers
            )
        ),
    )
