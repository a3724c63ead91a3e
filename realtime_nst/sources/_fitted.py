"""Pictures of any size in a frame of one size."""

import cv2
import numpy as np

from realtime_nst.stream import Image


def fitted(image: Image, width: int, height: int) -> Image:
    """``image`` at that size: as it is, or shrunk or enlarged in proportion, with black bars."""
    if image.shape[:2] == (height, width):
        return image
    scale = min(width / image.shape[1], height / image.shape[0])
    inner = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    result = np.zeros((height, width, 3), np.uint8)
    left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    result[top : top + inner[1], left : left + inner[0]] = cv2.resize(
        image, inner, interpolation=method
    )
    return result
