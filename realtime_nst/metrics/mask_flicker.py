"""How much the edge of a mask flickers."""

import numpy as np
from numpy.typing import NDArray

from realtime_nst.errors import UsageError
from realtime_nst.motion.flow import Flow, warp

_LOW, _HIGH = 0.05, 0.95
"""Shares between which a mask counts as edge."""


def mask_flicker(previous: NDArray[np.uint8], current: NDArray[np.uint8], flow: Flow) -> float:
    """The mean absolute difference of ``current`` and of ``previous`` warped by ``flow``, over the
    pixels where either is from 0.05 to 0.95; NaN if there are none.

    Masks are uint8 ``(height, width)``, 255 being a share of 1; ``flow`` is that of the frames, as
    :mod:`realtime_nst.motion` defines it. The result is from 0 to 1. A mask that switches from 0 to
    1 without anything in between is not seen: it has no edge. Raises :class:`UsageError` if the
    three differ in size.
    """
    if not previous.shape == current.shape == flow.shape[:2]:
        sizes = ", ".join(f"{w}x{h}" for h, w, *_ in (previous.shape, current.shape, flow.shape))
        raise UsageError(f"masks and flow have the sizes {sizes}; scale them to one size first")
    before = warp(previous.astype(np.float32), flow) / 255
    now = current.astype(np.float32) / 255
    edge = ((before >= _LOW) & (before <= _HIGH)) | ((now >= _LOW) & (now <= _HIGH))
    return float(np.abs(now - before)[edge].mean()) if edge.any() else float("nan")
