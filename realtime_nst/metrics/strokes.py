"""How wide the strokes of paintings are."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime_nst.errors import UsageError
from realtime_nst.stream import Image

LEAST = 64
"""Pixels a side."""

_LINES = 480
_SMOOTHED = 1.0
"""Standard deviation in pixels at _LINES: three quarters of a pixel of a picture of 360 lines."""

_UNDULATING = 1.0
"""Standard deviation in pixels at _LINES, by which the autocorrelation is smoothed. The weave of a
network, 4 and 8 pixels of the painted size, makes it undulate: that of The Starry Night touched 0
at 1.4 % and crossed it at 2.1 %, so that a little more contrast changed its width by half."""

_LEAST_ENERGY = 1e-6
"""Mean square of the gradient; what rounding makes of one colour is less."""


def stroke_share(images: Sequence[Image]) -> float:
    """The usual width of a stroke in ``images``, as a share of their shorter side.

    Each is RGB uint8 ``(height, width, 3)``, at least 64x64. The two sides of a stroke have
    opposite gradients. The width is therefore the distance at which the autocorrelation of the
    gradient of the grey picture (under a Hann window, averaged over all directions and pictures,
    and smoothed along the distance) first falls to 0. For straight strokes of one width in random
    colours that is their width, or up to a fifth less, since they cover one another. Where the
    autocorrelation falls to more than 0 depends on how steep their borders are, and hardly on their
    width.

    So that pictures of all sizes can be compared, their middle square is brought to 480 lines, and
    what 360 lines cannot show is smoothed away: strokes of less than 1 % count as wider than they
    are. Raises :class:`UsageError` for a smaller picture, and where there is no gradient at all.
    """
    around = np.mean([_around(_square(image)) for image in images], axis=0)
    around = cv2.GaussianBlur(around[None], (0, 0), _UNDULATING)[0]  # mirrored at 0, as it is even
    below = np.flatnonzero(around <= 0)
    if not below.size:
        return len(around) / _LINES
    last = below[0] - 1
    return float(last + around[last] / (around[last] - around[below[0]])) / _LINES


def _square(image: Image) -> NDArray[np.float32]:
    height, width = image.shape[:2]
    side = min(height, width)
    if side < LEAST:
        raise UsageError(
            f"strokes cannot be measured in {width}x{height}; give {LEAST}x{LEAST} or more"
        )
    top, left = (height - side) // 2, (width - side) // 2
    grey = cv2.cvtColor(image[top : top + side, left : left + side], cv2.COLOR_RGB2GRAY)
    how = cv2.INTER_AREA if side > _LINES else cv2.INTER_CUBIC
    square = cv2.resize(grey.astype(np.float32), (_LINES, _LINES), interpolation=how)
    return np.asarray(cv2.GaussianBlur(square, (0, 0), _SMOOTHED), np.float32)


def _around(grey: NDArray[np.float32]) -> NDArray[np.float64]:
    """The autocorrelation of the gradient by distance in whole pixels, up to a quarter of the
    side; 1 at 0."""
    gradients = np.diff(grey, axis=1)[:-1], np.diff(grey, axis=0)[:, :-1]
    side = len(gradients[0])
    window = np.outer(np.hanning(side), np.hanning(side))
    energy = sum(
        np.abs(np.fft.rfft2((each - each.mean()) * window, (2 * side, 2 * side))) ** 2
        for each in gradients
    )
    correlation = np.fft.irfft2(energy, (2 * side, 2 * side))
    if correlation[0, 0] < _LEAST_ENERGY * side**2:
        raise UsageError("strokes cannot be measured in a picture of one colour")
    reach = _LINES // 4
    down, across = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    distance = np.hypot(down, across).round().astype(int).ravel()
    total = np.bincount(distance, correlation[down, across].ravel())
    mean = total / np.bincount(distance) / correlation[0, 0]
    return np.asarray(mean[: reach + 1], np.float64)
