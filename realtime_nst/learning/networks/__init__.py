"""The table of style networks: name, how it is built. All share one contract.

``NETWORKS[name]()`` is a :class:`~realtime_nst.learning.networks.blocks.StyleNetwork`.
"""

from collections.abc import Callable, Mapping
from functools import partial

from realtime_nst.errors import UnknownName
from realtime_nst.learning.networks.blocks import StyleNetwork
from realtime_nst.learning.networks.fast import FastNet
from realtime_nst.learning.networks.johnson import JohnsonNet

NETWORKS: Mapping[str, Callable[[], StyleNetwork]] = {
    "fast": FastNet,
    "quality": partial(FastNet, width=96, blocks=6),
    "tiny": partial(FastNet, fold=8, detail=8),
    "johnson": JohnsonNet,
    "johnson-half": partial(JohnsonNet, width=0.5),
    "johnson-half-bn": partial(JohnsonNet, width=0.5, norm="batch"),
    "johnson-transposed": partial(JohnsonNet, upsample="transposed"),
}


def build(name: str) -> StyleNetwork:
    """Raises UnknownName when ``name`` is not in NETWORKS."""
    if name not in NETWORKS:
        raise UnknownName("network", name, NETWORKS)
    return NETWORKS[name]()
