"""Paintings enlarged to a size at which only a band of rows is in memory beside the picture."""

import cv2
import numpy as np

from realtime_nst.runtime.bands import around, bands, enlarged
from realtime_nst.runtime.enlarge import AROUND, Enlarger, Luma, lost, next_size, without_weave
from realtime_nst.stream import Image

_NEARLY = 1e-6
_MARGIN = 48
"""Rows that the network sees up and down, and more: 24."""


class BandEnlarger:
    """``painting`` at the size of ``source``, as :meth:`Enlarger.rgb` makes it: the rows asked for.

    Steps before the last one are done here, in bands as well. Raises the errors of the enlarger.
    """

    def __init__(self, enlarger: Enlarger, painting: Image, source: Image) -> None:
        self._enlarger, self._source = enlarger, source
        y, *colours = cv2.split(cv2.cvtColor(painting, cv2.COLOR_RGB2YCrCb))
        self._colours = [np.asarray(each, np.uint8) for each in colours]
        self._size = source.shape[1], source.shape[0]
        luma = np.asarray(y, np.uint8)
        while (step := next_size((luma.shape[1], luma.shape[0]), self._size)) != self._size:
            near = cv2.resize(source, step, interpolation=cv2.INTER_AREA)
            guide = np.asarray(cv2.cvtColor(near, cv2.COLOR_RGB2GRAY), np.uint8)
            last = _Step(enlarger, luma, step)
            luma = np.empty_like(guide)
            for rows in bands(*step):
                seen = around(rows, _MARGIN, *step)
                luma[rows] = last(rows, seen, guide[seen])
        self._last = _Step(enlarger, luma, self._size)

    def __call__(self, rows: slice) -> Image:
        seen = around(rows, _MARGIN, *self._size)
        guide = np.asarray(cv2.cvtColor(self._source[seen], cv2.COLOR_RGB2GRAY), np.uint8)
        wide = (enlarged(each, rows, self._size, cubic=False) for each in self._colours)
        full = cv2.merge([self._last(rows, seen, guide), *wide])
        return np.asarray(cv2.cvtColor(full, cv2.COLOR_YCrCb2RGB), np.uint8)


class _Step:
    """The brightness ``painted``, enlarged to the width and height ``size`` at once."""

    def __init__(self, enlarger: Enlarger, painted: Luma, size: tuple[int, int]) -> None:
        self._enlarger, self._size = enlarger, size
        self._painted = painted = without_weave(painted)
        self._least = np.asarray(cv2.erode(painted, AROUND), np.uint8)
        self._most = np.asarray(cv2.dilate(painted, AROUND), np.uint8)

    def __call__(self, rows: slice, seen: slice, guide: Luma) -> Luma:
        """``rows``, of which ``seen`` are drawn, with the ``guide`` of these."""
        base = enlarged(self._painted, seen, self._size)
        least, most = (
            enlarged(each, seen, self._size, cubic=False) for each in (self._least, self._most)
        )
        drawn = self._enlarger.drawn(base, guide, least, most, lambda luma: self._true(luma, seen))
        return drawn[rows.start - seen.start : rows.stop - seen.start]

    def _true(self, detailed: Luma, seen: slice) -> Luma:
        """The rows ``seen`` of what the enlarger makes of the whole."""
        factor = self._size[1] / self._painted.shape[0]
        whole = slice(-int(-seen.start // factor), int(seen.stop / factor + _NEARLY))
        small = self._painted.copy()
        small[whole] = _shrunk(detailed, self._painted.shape[1], whole, factor, seen.start)
        more, less = (enlarged(each, seen, self._size) for each in lost(self._painted, small))
        return np.asarray(cv2.subtract(cv2.add(detailed, more), less), np.uint8)


def _shrunk(band: Luma, width: int, rows: slice, factor: float, top: int) -> Luma:
    """The ``rows`` of a picture shrunk by ``factor`` to ``width``, by area. ``band`` holds its rows
    from ``top`` on."""
    narrow = cv2.resize(band, (width, band.shape[0]), interpolation=cv2.INTER_AREA)
    above = np.vstack([np.zeros((1, width)), np.cumsum(narrow, 0, np.float64)])
    ends = np.arange(rows.start, rows.stop + 1) * factor - top
    before = np.minimum(ends.astype(int), band.shape[0] - 1)
    share = (ends - before)[:, np.newaxis]
    until = above[before] * (1 - share) + above[before + 1] * share
    return np.asarray(np.round(np.diff(until, axis=0) / factor), np.uint8)
