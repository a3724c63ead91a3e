"""Paintings enlarged to the size of their source.

What is seen sharply is brightness, so colours are interpolated, and strokes get clean borders in
brightness alone. Their contrast is raised while the painting is small, and what that adds is held
within what the painting shows nearby, at full size, so that no edge gets a halo: there the borders
become steeper than interpolation makes them. A network that drew the detail, guided by the frame,
cost seven times as much, flickered more, and was better for The Scream alone of five styles.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime_nst.media.planes import Planes, coded, rgb_of
from realtime_nst.stream import Image, Picture

Luma = NDArray[np.uint8]
"""Brightness, uint8, shape ``(height, width)``."""

_AROUND = np.ones((5, 5), np.uint8)
"""Pixels of the painting, around each, between whose darkest and brightest the result stays."""

_WEAVE = 2
"""Grey levels. Of what The Scream is painted on, 3 take away so much that its deep style is worse
than by interpolation; 1 draws a grid of 2 pixels (1.34 of interpolation's in The Great Wave)."""

_CONTRAST, _BLUR = 1.25, 0.67
"""How often what a Gaussian blur of that deviation takes away is added."""

_MOST_FACTOR, _STEP = 3.0, 2.25
"""What is enlarged more than the first is enlarged by the second, and then again: borders become as
steep as the size asks for."""


def enlarged(painted: Image, source: Picture) -> Picture:
    """The painting ``[h, w, 3]`` at the size and in the form of its ``source``."""
    if not isinstance(source, Planes):
        height, width = rgb_of(source).shape[:2]
        return enlarged_rgb(painted, (width, height))
    luma, *colours = coded(painted, source.colours)
    half = source.size[0] // 2, source.size[1] // 2
    cb, cr = (_resized(each, half, cv2.INTER_LINEAR) for each in colours)
    return Planes.of(enlarged_luma(luma, source.size), cb, cr, source.colours)


def enlarged_rgb(painted: Image, size: tuple[int, int]) -> Image:
    """The painting ``[h, w, 3]`` with the width and height ``size``."""
    y, *colours = cv2.split(cv2.cvtColor(painted, cv2.COLOR_RGB2YCrCb))
    wide = (_resized(each, size, cv2.INTER_LINEAR) for each in colours)
    full = cv2.merge([enlarged_luma(np.asarray(y, np.uint8), size), *wide])
    return np.asarray(cv2.cvtColor(full, cv2.COLOR_YCrCb2RGB), np.uint8)


def enlarged_luma(painted: Luma, size: tuple[int, int]) -> Luma:
    """The brightness ``painted`` with the width and height ``size``. Large factors are reached in
    several steps."""
    while painted.shape != size[::-1]:
        step = next_size((painted.shape[1], painted.shape[0]), size)
        strokes, least, most = with_contrast(painted)
        wide = _resized(strokes, step, cv2.INTER_CUBIC)
        cv2.min(wide, _resized(most, step, cv2.INTER_LINEAR), dst=wide)
        cv2.max(wide, _resized(least, step, cv2.INTER_LINEAR), dst=wide)
        painted = wide
    return painted


def next_size(painted: tuple[int, int], size: tuple[int, int]) -> tuple[int, int]:
    """The size that ``painted`` is enlarged to at once, on the way to ``size``."""
    if max(size[0] / painted[0], size[1] / painted[1]) <= _MOST_FACTOR:
        return size
    across, down = (min(round(n * _STEP), full) for n, full in zip(painted, size, strict=True))
    return across, down


def with_contrast(painted: Luma) -> tuple[Luma, Luma, Luma]:
    """``painted``, its strokes in more contrast; and the least and most that it shows around."""
    painted = _without_weave(painted)
    smooth = cv2.GaussianBlur(painted, (5, 5), _BLUR)
    strokes = cv2.addWeighted(painted, 1 + _CONTRAST, smooth, -_CONTRAST, 0)
    least, most = cv2.erode(painted, _AROUND), cv2.dilate(painted, _AROUND)
    return np.asarray(strokes, np.uint8), np.asarray(least, np.uint8), np.asarray(most, np.uint8)


def _without_weave(painted: Luma) -> Luma:
    """``painted`` without differences between neighbours of up to _WEAVE grey levels, and others
    less by that. In flat places networks leave a faint weave, which contrast would make plain, and
    which flickers where the picture moves."""
    smooth = cv2.GaussianBlur(painted, (3, 3), 0)
    weave = np.full_like(painted, _WEAVE)
    above = cv2.subtract(cv2.subtract(painted, smooth), weave)  # 0 at the least
    below = cv2.subtract(cv2.subtract(smooth, painted), weave)
    return np.asarray(cv2.subtract(cv2.add(smooth, above), below), np.uint8)


def _resized(plane: cv2.typing.MatLike, size: tuple[int, int], method: int) -> Luma:
    return np.asarray(cv2.resize(plane, size, interpolation=method), np.uint8)
