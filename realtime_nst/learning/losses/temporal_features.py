"""The temporal loss on features inside the network."""

from torch import Tensor

from realtime_nst.learning.losses.moved import Moved, mean_where


def temporal_features(features: Moved) -> Tensor:
    """As :func:`temporal_output`, on a layer of the style network (Gao et al. 2018, eq. 8), the
    flow scaled down to the layer's size.

    Relative to the mean square of the later features, so that making them small gains nothing.
    """
    difference, motion = features.difference()
    scale = features.later.detach().square().mean()
    return mean_where(difference.square(), motion.visible) / scale
