"""Paintings in the colours of what was painted (Gatys et al., "Preserving Color in Neural Artistic
Style Transfer", 2016): of each pixel, or of the picture as a whole. Pictures are RGB, uint8,
``(height, width, 3)``; source and painting are of one size."""

from collections.abc import Callable, Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime_nst.stream import Image

_SAMPLED = 128
"""Pixels of the longer side that are looked at."""

_LEAST_SPREAD = 16.0
"""Grey levels: a smaller standard deviation is not stretched further, for it would show noise."""


def luminance_only(source: Image, painting: Image) -> Image:
    """Y of YCbCr (ITU-R BT.601, full range) from the painting, Cb and Cr from the source (section
    3.2, in YIQ there)."""
    parts = cv2.cvtColor(source, cv2.COLOR_RGB2YCrCb)
    cv2.insertChannel(cv2.cvtColor(painting, cv2.COLOR_RGB2GRAY), parts, 0)
    result: Image = cv2.cvtColor(parts, cv2.COLOR_YCrCb2RGB)  # type: ignore[assignment]
    return result


def matched(source: Image, painting: Image) -> Image:
    """The painting with the source's mean and covariance of colour: one linear map for all pixels
    (section 3.1, there done to the style picture before painting; done after, it serves every
    network)."""
    mean, spread = _moments(source)
    painted_mean, painted_spread = _moments(painting)
    turned = _root(spread) @ np.linalg.inv(_root(painted_spread, _LEAST_SPREAD))
    shift = mean - turned @ painted_mean
    result: Image = cv2.transform(painting, np.column_stack([turned, shift]))  # type: ignore[assignment]
    return result


def _moments(image: Image) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and covariance of the colours, ``[3]`` and ``[3, 3]``."""
    scale = min(1.0, _SAMPLED / max(image.shape[:2]))
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_NEAREST)
    pixels = small.reshape(-1, 3).astype(np.float64)
    return pixels.mean(0), np.cov(pixels, rowvar=False, bias=True)


def _root(covariance: NDArray[np.float64], least: float = 0.0) -> NDArray[np.float64]:
    """The symmetric square root, with no eigenvalue below ``least``."""
    values, vectors = np.linalg.eigh(covariance)
    roots = np.sqrt(np.maximum(values, 0)).clip(least)
    root: NDArray[np.float64] = (vectors * roots) @ vectors.T
    return root


KEEP_COLOUR: Mapping[str, Callable[[Image, Image], Image]] = {
    "none": lambda source, painting: painting,
    "luminance": luminance_only,
    "matched": matched,
}
"""Ways to keep the source's colours: from source and painting to what is shown."""
