"""Paintings enlarged to a size at which only a band of rows is in memory beside the picture."""

import cv2
import numpy as np

from realtime_nst.runtime.bands import bands, enlarged
from realtime_nst.runtime.enlarge import Luma, next_size, with_contrast
from realtime_nst.stream import Image


class BandEnlarger:
    """``painting`` with the width and height ``size``, as
    :func:`~realtime_nst.runtime.enlarge.enlarged_rgb` makes it: the rows asked for.

    Steps before the last one are done here, in bands as well.
    """

    def __init__(self, painting: Image, size: tuple[int, int]) -> None:
        y, *colours = cv2.split(cv2.cvtColor(painting, cv2.COLOR_RGB2YCrCb))
        self._colours = [np.asarray(each, np.uint8) for each in colours]
        self._size = size
        luma = np.asarray(y, np.uint8)
        while (step := next_size((luma.shape[1], luma.shape[0]), size)) != size:
            last = _Step(luma, step)
            luma = np.empty(step[::-1], np.uint8)
            for rows in bands(*step):
                luma[rows] = last(rows)
        self._last = _Step(luma, size)

    def __call__(self, rows: slice) -> Image:
        wide = (enlarged(each, rows, self._size, cubic=False) for each in self._colours)
        full = cv2.merge([self._last(rows), *wide])
        return np.asarray(cv2.cvtColor(full, cv2.COLOR_YCrCb2RGB), np.uint8)


class _Step:
    """The brightness ``painted``, enlarged to the width and height ``size`` at once."""

    def __init__(self, painted: Luma, size: tuple[int, int]) -> None:
        self._size = size
        self._strokes, self._least, self._most = with_contrast(painted)

    def __call__(self, rows: slice) -> Luma:
        wide = enlarged(self._strokes, rows, self._size)
        cv2.min(wide, enlarged(self._most, rows, self._size, cubic=False), dst=wide)
        cv2.max(wide, enlarged(self._least, rows, self._size, cubic=False), dst=wide)
        return wide
