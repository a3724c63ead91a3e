"""Paintings enlarged to the size of their source."""

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime_nst.runtime.networks import Networks
from realtime_nst.stream import Image

Luma = NDArray[np.uint8]
"""Brightness, uint8, shape ``(height, width)``."""


class Enlarger:
    """Enlarges paintings, by any factor above 1, on the provider of ``networks``.

    What is seen sharply is brightness: colours are interpolated between pixels.
    """

    def __init__(self, networks: Networks) -> None:
        self._networks = networks

    def prepare(self, painted: tuple[int, int], size: tuple[int, int]) -> None:
        """Compile for paintings of the width and height ``painted`` that become ``size``."""

    def luma(self, painted: Luma, guide: Luma) -> Luma:
        """The brightness ``painted`` ``[h, w]`` at the size of ``guide`` ``[H, W]``, the brightness
        of the source."""
        return _enlarged(painted, guide, cv2.INTER_CUBIC)

    def rgb(self, painted: Image, source: Image) -> Image:
        """The painting ``[h, w, 3]`` at the size of its ``source`` ``[H, W, 3]``."""
        y, *colours = cv2.split(cv2.cvtColor(painted, cv2.COLOR_RGB2YCrCb))
        guide = np.asarray(cv2.cvtColor(source, cv2.COLOR_RGB2GRAY), np.uint8)
        wide = (_enlarged(np.asarray(each), guide, cv2.INTER_LINEAR) for each in colours)
        full = cv2.merge([self.luma(np.asarray(y), guide), *wide])
        return np.asarray(cv2.cvtColor(full, cv2.COLOR_YCrCb2RGB), np.uint8)


def _enlarged(plane: Luma, like: Luma, method: int) -> Luma:
    size = like.shape[1], like.shape[0]
    return np.asarray(cv2.resize(plane, size, interpolation=method), np.uint8)
