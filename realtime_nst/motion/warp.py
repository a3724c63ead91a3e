"""Move a picture along a flow."""

from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime_nst.motion.flow import Flow

Number = TypeVar("Number", np.uint8, np.float32)


def warp(image: NDArray[Number], flow: Flow) -> NDArray[Number]:
    """``result[y, x] = image[y + v, x + u]`` with ``(u, v) = flow[y, x]``, of ``image``'s type.

    ``image``: ``[H, W]`` or ``[H, W, C]``, uint8 or float32. Bilinear between pixels; beyond the
    border the nearest border pixel.
    """
    height, width = flow.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    there = x + flow[..., 0], y + flow[..., 1]
    moved = cv2.remap(image, *there, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, image.dtype)
