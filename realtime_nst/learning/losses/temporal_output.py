"""The temporal loss on results: what moved is painted as it was."""

from torch import Tensor

from realtime_nst.learning.losses.moved import Moved, mean_where


def temporal_output(results: Moved) -> Tensor:
    """Mean squared difference of the later result to the earlier one, moved along the flow, over
    what is visible in both (Chen et al. 2017, eq. 3; the square of e_stab).

    Where something was hidden Chen holds the result to that of the network run on the frame alone.
    The networks trained here have no memory, so they are that network, and the term is zero.
    Deviations: both results get a gradient, as one network paints both; the mean is over visible
    places, so that a pair weighs the same whatever it hides.
    """
    difference, motion = results.difference()
    return mean_where(difference.square(), motion.visible)
