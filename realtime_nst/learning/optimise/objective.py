"""The objective of an optimisation at one scale."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from realtime_nst.learning.loss_networks.features import FeatureExtractor
from realtime_nst.learning.losses.artefacts import total_variation
from realtime_nst.learning.losses.content import content_terms, laplacian
from realtime_nst.learning.losses.matting import Matting
from realtime_nst.learning.losses.style_losses import style_loss
from realtime_nst.learning.losses.temporal import temporal_loss
from realtime_nst.learning.losses.terms import LossInputs, Objective, StyleAt, Sum, Term
from realtime_nst.learning.optimise.options import Optimisation
from realtime_nst.learning.optimise.style import GuidedGram, Style


@dataclass(frozen=True)
class Previous:
    """The previous result, warped onto the current frame.

    ``image``: ``[1, 3, H, W]`` in 0..1. ``visible``: ``[1, 1, H, W]``, 1 where the previous frame
    shows the same thing, 0 where it was hidden.
    """

    image: Tensor
    visible: Tensor


def build_objective(
    options: Optimisation,
    extractor: FeatureExtractor,
    styles: Sequence[Style],
    previous: Previous | None = None,
) -> Objective[LossInputs]:
    """Terms of weight 0 are not built. What losses draw at random depends on the seed alone.

    Raises TrainingError for a layer that no loss network has.
    """
    terms: dict[str, tuple[float, Term]] = {}
    if options.content_weight:
        layers = options.content_layers
        terms["content"] = options.content_weight / len(layers), content_terms(layers)
    if options.style_weight:
        with torch.random.fork_rng(devices=()):
            torch.manual_seed(options.seed)
            terms["style"] = options.style_weight, _blended(options, extractor, styles)
    if options.tv_weight:
        terms["tv"] = options.tv_weight, total_variation
    if options.laplacian_weight:
        terms["laplacian"] = options.laplacian_weight, laplacian
    if options.matting_weight:
        terms["matting"] = options.matting_weight, Matting()
    if previous is not None and options.temporal_weight:
        terms["temporal"] = options.temporal_weight, _Temporal(previous)
    return Objective.of(terms)


@dataclass(frozen=True)
class _Temporal:
    previous: Previous

    def __call__(self, inputs: LossInputs) -> Tensor:
        return temporal_loss(inputs.result.image, self.previous.image, self.previous.visible)


@dataclass(frozen=True)
class _Share:
    share: float
    term: Term

    def __call__(self, inputs: LossInputs) -> Tensor:
        return self.share * self.term(inputs)


def _blended(options: Optimisation, extractor: FeatureExtractor, styles: Sequence[Style]) -> Term:
    """The losses of the styles, weighted by their shares. Each is a mean over the layers, as in
    Gatys et al. 2016."""
    whole = sum(style.share for style in styles)
    return Sum(
        tuple(
            _Share(style.share / whole, _style(options, extractor, style))
            for style in styles
            if style.share
        )
    )


@torch.no_grad()
def _style(options: Optimisation, extractor: FeatureExtractor, style: Style) -> Term:
    view = extractor.features(style.painting)
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
