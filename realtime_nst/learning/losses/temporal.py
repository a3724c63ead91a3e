"""The temporal loss: what moved is painted as it was."""

from torch import Tensor


def temporal_loss(result: Tensor, warped_previous: Tensor, visible: Tensor) -> Tensor:
    """Mean squared difference to the earlier result, moved along the flow, where it can be seen.

    ``result``, ``warped_previous``: ``[N, 3, H, W]`` in 0..1; ``visible``: bool or 0..1, ``[H, W]``
    or ``[N, 1, H, W]``. No gradient into the earlier result. Ruder et al. 2016, as Chen
    et al. 2017: the mean is over all pixels, hidden ones count as 0.
    """
    difference = result - warped_previous.detach()
    return (difference.pow(2) * visible.to(difference.dtype)).mean()
