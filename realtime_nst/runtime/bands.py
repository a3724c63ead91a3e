"""Pictures too large for further copies, worked on in bands of rows.

What a band shows does not depend on where bands begin and end: there is no seam between them.
"""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

WHOLE = 2**23
"""Pixels up to which a picture is painted in one piece; a frame of 4K has less."""

_BAND = 2**22
"""Pixels of a band."""

_BLOCK = 64
"""Rows interpolated at a time."""

_CUBIC = -0.75
"""The slope of OpenCV's cubic interpolation at a distance of 1 (Keys, 1981, equation 8)."""


def bands(width: int, height: int) -> Iterator[slice]:
    """The rows of a picture of that size, in order."""
    each = _each(width)
    for top in range(0, height, each):
        yield slice(top, min(top + each, height))


def _each(width: int) -> int:
    """Rows of a band."""
    return max(_BLOCK, _BAND // width // _BLOCK * _BLOCK)


def enlarged(
    picture: NDArray[np.uint8], rows: slice, size: tuple[int, int], *, cubic: bool = True
) -> NDArray[np.uint8]:
    """``rows`` of ``picture`` (grey or RGB) enlarged to the width and height ``size``, as
    ``cv2.resize`` makes them of the whole, by cubic or linear interpolation.

    OpenCV cannot make rows whose first one lies between those of the source.
    """
    result = np.empty((rows.stop - rows.start, size[0], *picture.shape[2:]), np.uint8)
    for top in range(rows.start, rows.stop, _BLOCK):
        block = slice(top, min(top + _BLOCK, rows.stop))
        result[block.start - rows.start : block.stop - rows.start] = _block(
            picture, block, size, cubic
        )
    return result


def _block(
    picture: NDArray[np.uint8], rows: slice, size: tuple[int, int], cubic: bool
) -> NDArray[np.uint8]:
    height = picture.shape[0]
    places = (np.arange(rows.start, rows.stop) + 0.5) * height / size[1] - 0.5
    near = np.floor(places).astype(int)[:, None] + (np.arange(-1, 3) if cubic else np.arange(2))
    distance = np.abs(places[:, None] - near)
    near = near.clip(0, height - 1)
    first, last = near[0, 0], near[-1, -1] + 1
    weights = np.zeros((len(places), last - first), np.float32)
    each = np.repeat(np.arange(len(places)), near.shape[1])
    np.add.at(weights, (each, (near - first).ravel()), _weight(distance, cubic).ravel())
    method = cv2.INTER_CUBIC if cubic else cv2.INTER_LINEAR
    source = picture[first:last].astype(np.float32)
    wide = np.asarray(cv2.resize(source, (size[0], last - first), interpolation=method))
    mixed = np.maximum(weights @ wide.reshape(last - first, -1), 0)
    rounded = np.asarray(cv2.convertScaleAbs(mixed), np.uint8)
    return rounded.reshape(len(places), size[0], *picture.shape[2:])


def _weight(distance: NDArray[np.float64], cubic: bool) -> NDArray[np.float64]:
    if not cubic:
        return 1 - distance
    a, d = _CUBIC, distance
    inner = ((a + 2) * d - (a + 3)) * d * d + 1
    outer = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
    return np.where(d <= 1, inner, outer)
