"""The style losses by name. Each is built from a painting's features and called with a result's.

Every loss is normalised: 0 for equal features, about 1 for a result without features. A weight
therefore means about the same for each of them.
"""

from collections.abc import Callable, Mapping

from torch import Tensor

from realtime_nst.errors import UnknownName
from realtime_nst.learning.loss_networks.features import Features
from realtime_nst.learning.losses.mmd import MmdGaussian, MmdLinear, MmdPolynomial
from realtime_nst.learning.losses.mrf import MrfLoss
from realtime_nst.learning.losses.style import (
    BatchNormLoss,
    GramLoss,
    HistogramLoss,
    ShiftedGramLoss,
)
from realtime_nst.learning.losses.terms import StyleAt, Sum, Term

StyleLoss = Callable[[Tensor], Callable[[Tensor], Tensor]]
"""From a painting's features ``[1, C, h, w]`` to a loss of features ``[N, C, h, w]``."""

STYLE_LOSSES: Mapping[str, StyleLoss] = {
    "gram": GramLoss,
    "mmd-linear": MmdLinear,
    "mmd-polynomial": MmdPolynomial,
    "mmd-gaussian": MmdGaussian,
    "batch-norm": BatchNormLoss,
    "histogram": HistogramLoss,
    "mrf": MrfLoss,
    "shifted-gram": ShiftedGramLoss,
}


def style_loss(name: str) -> StyleLoss:
    """Raises UnknownName if ``name`` is not in STYLE_LOSSES."""
    if name not in STYLE_LOSSES:
        raise UnknownName("style loss", name, STYLE_LOSSES)
    return STYLE_LOSSES[name]


def style_terms(
    style: Features, layers: tuple[str, ...], scales: tuple[float, ...] = (1.0,), loss: str = "gram"
) -> Term:
    """The style loss ``loss`` to ``style``, summed over ``layers`` and image ``scales``.

    Raises UnknownName if ``loss`` is not in STYLE_LOSSES.
    """
    build = style_loss(loss)
    return Sum(
        tuple(
            StyleAt(layer, scale, build(style.at(scale).layer(layer)))
            for scale in scales
            for layer in layers
        )
    )
