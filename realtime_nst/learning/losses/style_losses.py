"""The style losses by name: each is built from a painting's features, then called with a result's.

Every loss is normalised: 0 for equal features, about 1 for a result without features, so that a
weight means about the same whichever is chosen.
"""

from collections.abc import Callable, Mapping

from torch import Tensor

from realtime_nst.errors import UnknownName
from realtime_nst.learning.losses.batch_norm import BatchNormLoss
from realtime_nst.learning.losses.histogram import HistogramLoss
from realtime_nst.learning.losses.mmd import MmdGaussian, MmdLinear, MmdPolynomial
from realtime_nst.learning.losses.mrf import MrfLoss
from realtime_nst.learning.losses.shifted_gram import ShiftedGramLoss
from realtime_nst.learning.losses.style import GramLoss

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
    """Raises UnknownName when ``name`` is not in STYLE_LOSSES."""
    if name not in STYLE_LOSSES:
        raise UnknownName("style loss", name, STYLE_LOSSES)
    return STYLE_LOSSES[name]
