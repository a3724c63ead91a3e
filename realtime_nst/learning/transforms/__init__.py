"""The table of feature transforms, which give the features of a frame the style of a painting.

``TRANSFORMS[name](channels)`` is a
:class:`~realtime_nst.learning.transforms.transform.Transform`.
"""

from collections.abc import Callable, Mapping

from realtime_nst.errors import UnknownName
from realtime_nst.learning.transforms.adain import AdaIN
from realtime_nst.learning.transforms.attention import Attention
from realtime_nst.learning.transforms.comatch import CoMatch
from realtime_nst.learning.transforms.strokes import MultiStroke
from realtime_nst.learning.transforms.swap import StyleSwap
from realtime_nst.learning.transforms.transform import Transform
from realtime_nst.learning.transforms.wct import WhiteningColouring

TRANSFORMS: Mapping[str, Callable[[int], Transform]] = {
    "adain": AdaIN,
    "wct": WhiteningColouring,
    "swap": StyleSwap,
    "multi-stroke": MultiStroke,
    "attention": Attention,
    "comatch": CoMatch,
}


def build_transform(name: str, channels: int) -> Transform:
    """Raises UnknownName if ``name`` is not in TRANSFORMS."""
    if name not in TRANSFORMS:
        raise UnknownName("feature transform", name, TRANSFORMS)
    return TRANSFORMS[name](channels)
