"""Total variation: the price of noise."""

from torch import Tensor

from realtime_nst.learning.losses.compose import Views


def total_variation(views: Views) -> Tensor:
    """Mean absolute difference of neighbouring pixels of the result, both directions summed.

    Johnson et al. 2016 after Mahendran and Vedaldi 2015. Deviation: anisotropic and of absolute
    differences, a mean instead of a sum, so that it does not depend on the size.
    """
    x = views.result.image
    across = (x[..., :, 1:] - x[..., :, :-1]).abs().mean()
    down = (x[..., 1:, :] - x[..., :-1, :]).abs().mean()
    return across + down
