"""How wide the strokes of a painting are."""

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime_nst.errors import UsageError
from realtime_nst.stream import Image

LEAST = 64
"""Pixels a side."""


def stroke_width(image: Image) -> float:
    """The usual width of a stroke in ``image``, in pixels.

    ``image`` is RGB uint8 ``(height, width, 3)``, at least 64x64. The two sides of a stroke have
    opposite gradients. The width is therefore the distance at which the autocorrelation of the
    gradient of the grey picture (under a Hann window, averaged over all directions) first falls to
    0. For straight strokes of one width in random colours that is their width, within a tenth.
    Strokes wider than a quarter of the shorter side count as that. Raises :class:`UsageError` for a
    smaller picture and for one without any gradient.
    """
    if min(image.shape[:2]) < LEAST:
        size = f"{image.shape[1]}x{image.shape[0]}"
        raise UsageError(f"strokes cannot be measured in {size}; give {LEAST}x{LEAST} or more")
    around = _around(image)
    below = np.flatnonzero(around <= 0)
    if not below.size:
        return float(len(around))
    last = below[0] - 1
    return float(last + around[last] / (around[last] - around[below[0]]))


def _around(image: Image) -> NDArray[np.float64]:
    """The autocorrelation of the gradient by distance in whole pixels, up to a quarter of the
    shorter side."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    gradients = np.diff(grey, axis=1)[:-1], np.diff(grey, axis=0)[:, :-1]
    height, width = gradients[0].shape
    window = np.outer(np.hanning(height), np.hanning(width))
    energy = sum(
        np.abs(np.fft.rfft2((each - each.mean()) * window, (2 * height, 2 * width))) ** 2
        for each in gradients
    )
    correlation = np.fft.irfft2(energy, (2 * height, 2 * width))
    if not correlation[0, 0] > 0:
        raise UsageError("strokes cannot be measured in a picture of one colour")
    reach = min(height, width) // 4
    down, across = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    distance = np.hypot(down, across).round().astype(int).ravel()
    total = np.bincount(distance, correlation[down, across].ravel())
    return (total / np.bincount(distance))[: reach + 1]
