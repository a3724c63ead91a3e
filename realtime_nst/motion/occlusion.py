"""Where a flow can be trusted."""

import numpy as np
from numpy.typing import NDArray

from realtime_nst.motion.flow import Flow, warp

Mask = NDArray[np.bool_]


def visible(flow: Flow, back: Flow) -> Mask:
    """Where what the later picture shows is also visible in the earlier one; bool ``[H, W]``.

    ``flow`` is ``dense_flow(previous, current)``, ``back`` is ``dense_flow(current, previous)``.
    The test of Sundaram et al. 2010, as used by Ruder et al. 2016: a pixel is hidden where forward
    and backward flow do not return to it, ``|w + w'|² > 0.01 (|w|² + |w'|²) + 0.5``, and at motion
    boundaries, ``|∇u|² + |∇v|² > 0.01 |w|² + 0.002``. Deviation: what entered from outside the
    picture is hidden too.
    """
    return _returns(flow, back) & _smooth(flow) & within(flow)


def within(flow: Flow) -> Mask:
    """Where ``flow`` points to a place inside the picture; bool ``[H, W]``."""
    height, width = flow.shape[:2]
    x = np.arange(width) + flow[..., 0]
    y = np.arange(height)[:, None] + flow[..., 1]
    return np.asarray((x > -0.5) & (x < width - 0.5) & (y > -0.5) & (y < height - 0.5))


def _returns(flow: Flow, back: Flow) -> Mask:
    returned = warp(back, flow)
    return np.asarray(
        _squared(flow + returned) <= 0.01 * (_squared(flow) + _squared(returned)) + 0.5
    )


def _smooth(flow: Flow) -> Mask:
    slope = sum(_squared(np.gradient(flow, axis=n)) for n in (0, 1) if flow.shape[n] > 1)
    return np.asarray(slope <= 0.01 * _squared(flow) + 0.002)


def _squared(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(vectors[..., 0] ** 2 + vectors[..., 1] ** 2)
