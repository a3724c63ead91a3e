"""From weights of any size to the size of a frame: with a soft edge, or with the frame's edges."""

from collections.abc import Callable

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from realtime_nst.masks.mask import Weights
from realtime_nst.media.planes import grey_of, shrunk, size_of
from realtime_nst.stream import Picture

Fit = Callable[[Weights, Picture], Weights]
"""Weights of any size, and the frame's picture; the result has the picture's size."""

_SOFT = 0.008
"""Standard deviation of the soft edge, as a share of the shorter side."""

_RADIUS, _FLAT = 2, 1e-3
"""Of the guided filter: pixels of the mask around each pixel, and the variance of the picture (from
0 to 1) below which its edges count for nothing. With a radius of 4 eyebrows and foreheads near the
edge let the background through."""

_CUT = 0.1
"""Shares below it are none, and those as near to 1 are whole: the filter leaves a haze."""


class SoftEdge:
    """Weights with a soft edge; all 0 or 255 stays so. Unchanged ones are not softened again."""

    def __init__(self) -> None:
        self._raw: Weights | None = None
        self._soft = np.zeros((0, 0), np.uint8)

    def __call__(self, weights: Weights, picture: Picture) -> Weights:
        width, height = size_of(picture)
        if weights is not self._raw or self._soft.shape != (height, width):
            self._raw, self._soft = weights, _softened(weights, width, height)
        return self._soft


def _softened(weights: Weights, width: int, height: int) -> Weights:
    smaller = weights.size < width * height
    soft = _blurred(weights) if smaller else weights
    method = cv2.INTER_LINEAR if smaller else cv2.INTER_AREA
    result: Weights = cv2.resize(soft, (width, height), interpolation=method)  # type: ignore[assignment]
    return result if smaller else _blurred(result)


def _blurred(weights: Weights) -> Weights:
    result: Weights = cv2.GaussianBlur(weights, (0, 0), _SOFT * min(weights.shape))  # type: ignore[assignment]
    return result


class FrameEdge:
    """Weights whose edges are those of the picture near them, hair and fingers too.

    The fast guided filter (He and Sun 2015): the weights are fitted by a * grey + b around each
    pixel of theirs, and a and b are enlarged. All 0 or 255 stays so. Deviation: the contrast of the
    result is raised, so that no haze is left.
    """

    def __init__(self) -> None:
        self._slope: NDArray[np.float32] = np.zeros((0, 0), np.float32)
        self._offset = self._slope

    def __call__(self, weights: Weights, picture: Picture) -> Weights:
        grey, size = grey_of(picture), size_of(picture)
        if self._slope.shape != grey.shape:  # new memory for each frame costs half as much again
            self._slope = np.empty(grey.shape, np.float32)
            self._offset = np.empty_like(self._slope)
        if weights.size > grey.size:
            weights = shrunk(weights, *size)
        guide = shrunk(grey, weights.shape[1], weights.shape[0])
        slope, offset = _fitted(np.float32(1 / 255) * weights, np.float32(1 / 255) * guide)
        contrast = np.float32(1 / (1 - 2 * _CUT))
        cv2.resize(slope * contrast, size, dst=self._slope)
        cv2.resize((offset - np.float32(_CUT)) * (255 * contrast), size, dst=self._offset)
        cv2.multiply(self._slope, grey, dst=self._slope, dtype=cv2.CV_32F)
        return np.asarray(cv2.add(self._slope, self._offset, dtype=cv2.CV_8U), np.uint8)


def _fitted(shares: MatLike, guide: MatLike) -> tuple[MatLike, MatLike]:
    """a and b of the guided filter (He et al. 2010, equations 5, 6 and 8)."""
    mean_shares, mean_guide = _mean(shares), _mean(guide)
    covariance = _mean(shares * guide) - mean_shares * mean_guide
    variance = _mean(guide * guide) - mean_guide * mean_guide
    slope = covariance / (variance + np.float32(_FLAT))
    return _mean(slope), _mean(mean_shares - slope * mean_guide)


def _mean(values: MatLike) -> MatLike:
    return cv2.boxFilter(values, -1, (2 * _RADIUS + 1, 2 * _RADIUS + 1))
