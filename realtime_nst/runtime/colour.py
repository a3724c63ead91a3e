"""Gives a painting the colours of its source, pixel by pixel or as a whole (Gatys et al.,
"Preserving Color in Neural Artistic Style Transfer", 2016).

Source and painting have the same size.
"""

from collections.abc import Callable, Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime_nst.media.planes import Planes, rgb_of
from realtime_nst.stream import Image, Picture

_SAMPLED = 128
"""The longer side, in pixels, of the small copy whose colours are measured."""

_LEAST_SPREAD = 16.0
"""Grey levels. A smaller standard deviation is not stretched further: that would show noise."""


Colours = Callable[[Image, Image], Image]
"""From the same part of source and painting, in RGB, to what is shown there."""


def luminance_only(source: Picture, painting: Picture) -> Picture:
    """Y of YCbCr from the painting, Cb and Cr from the source: those of the video if both are
    planes, else of ITU-R BT.601 in the full range.

    Section 3.2 of the paper, which uses YIQ.
    """
    if not (isinstance(source, Planes) and isinstance(painting, Planes)):
        return _luminance_only(rgb_of(source), rgb_of(painting))
    return Planes.of(painting.luma, source.cb, source.cr, source.colours)


def _luminance_only(source: Image, painting: Image) -> Image:
    parts = cv2.cvtColor(source, cv2.COLOR_RGB2YCrCb)
    cv2.insertChannel(cv2.cvtColor(painting, cv2.COLOR_RGB2GRAY), parts, 0)
    result: Image = cv2.cvtColor(parts, cv2.COLOR_YCrCb2RGB)  # type: ignore[assignment]
    return result


def matched(source: Picture, painting: Picture) -> Image:
    """In RGB, the painting with the source's mean colour and colour covariance, by one linear map.

    Section 3.1 of the paper, which does this to the style picture before painting. Done after
    painting it works with every network.
    """
    painted, shown = rgb_of(painting), rgb_of(source)
    return _matching(shown, painted)(shown, painted)


def _matching(source: Image, painting: Image) -> Colours:
    """Like :func:`matched`, for any part of the two, which may differ in size."""
    mean, spread = _moments(source)
    painted_mean, painted_spread = _moments(painting)
    turned = _root(spread) @ np.linalg.inv(_root(painted_spread, _LEAST_SPREAD))
    matrix = np.column_stack([turned, mean - turned @ painted_mean])

    def colours(_source: Image, part: Image) -> Image:
        result: Image = cv2.transform(part, matrix)  # type: ignore[assignment]
        return result

    return colours


def _moments(image: Image) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The mean ``[3]`` and covariance ``[3, 3]`` of the colours."""
    scale = min(1.0, _SAMPLED / max(image.shape[:2]))
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_NEAREST)
    pixels = small.reshape(-1, 3).astype(np.float64)
    return pixels.mean(0), np.cov(pixels, rowvar=False, bias=True)


def _root(covariance: NDArray[np.float64], least: float = 0.0) -> NDArray[np.float64]:
    """The symmetric square root, its eigenvalues clipped to ``least`` from below."""
    values, vectors = np.linalg.eigh(covariance)
    roots = np.sqrt(np.maximum(values, 0)).clip(least)
    root: NDArray[np.float64] = (vectors * roots) @ vectors.T
    return root


KEEP_COLOUR: Mapping[str, Callable[[Picture, Picture], Picture]] = {
    "none": lambda source, painting: painting,
    "luminance": luminance_only,
    "matched": matched,
}
"""By name, the ways to keep the source's colours: from source and painting to what is shown."""

OF_PARTS: Mapping[str, Callable[[Image, Image], Colours]] = {
    "none": lambda source, painting: lambda _source, part: part,
    "luminance": lambda source, painting: _luminance_only,
    "matched": _matching,
}
"""The same for parts, after a look at the whole source and painting, which may differ in size."""
