"""Pictures too large for further copies: beside the source there is the result, and no more.

The painting is enlarged, given back what is kept of the source, and composited a band of rows at a
time.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from realtime_nst import memory
from realtime_nst.masks.composite import mixed
from realtime_nst.masks.edges import Fit, SoftEdge
from realtime_nst.masks.mask import Mask, Weights
from realtime_nst.media.planes import rgb_at
from realtime_nst.runtime.bands import WHOLE, bands, enlarged
from realtime_nst.runtime.colour import OF_PARTS
from realtime_nst.runtime.enlarge_bands import BandEnlarger
from realtime_nst.runtime.stages import given_back
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.runtime.tiles import TILE
from realtime_nst.stream import Frame, Image

Progress = Callable[[float], None]
"""Is told the share that is done, 0 to 1; what it raises ends the work."""

_TILES = 0.8
"""The share of the time that painting in tiles takes, at least."""

_MASK = 2**21
"""Pixels at which the edges of masks are made; soft ones are far wider than such a pixel."""


class Large:
    """Paints by the first of ``stylizers`` where ``mask`` is white (None: everywhere) and by the
    second where it is black (None: the source shows). ``fit`` makes the edge in between (None: a
    soft one). ``kept`` are strength and way to keep colours, as in
    :class:`~realtime_nst.runtime.stages.Blend`."""

    def __init__(
        self,
        stylizers: tuple[Stylizer, Stylizer | None],
        mask: Mask | None,
        fit: Fit | None,
        kept: tuple[float, str],
    ) -> None:
        self._inside, self._outside = stylizers
        self._mask, self._fit = mask, fit or SoftEdge()
        self._strength, self._keep_colour = kept

    def require_memory(self, size: tuple[int, int], painted: tuple[int, int]) -> None:
        """Raises :class:`UsageError` if there is not enough for results of that width and height,
        painted at ``painted``."""
        self._inside.require_memory(*(min(n, TILE) if _in_tiles(painted) else n for n in painted))
        twice = self._outside is not None and painted == size
        needed = 3 * size[0] * size[1] * (2 if twice else 1)
        memory.require(needed, "painting {}x{}".format(*size), "give a smaller `size`")

    def __call__(self, frame: Frame, size: tuple[int, int], progress: Progress) -> Frame:
        """``frame`` painted at the width and height ``size``; itself where nothing is painted."""
        source, weights = frame.image, self._weights(frame)
        height, width = source.shape[:2]
        inside = outside = None
        if self._strength and (weights is None or weights.any()):
            inside = _painted(self._inside, source, size, lambda share: progress(share * _TILES))
        if self._strength and self._outside and weights is not None and weights.min() < 255:
            outside = _painted(self._outside, source, size, lambda share: progress(_TILES))
        paintings = [each for each in (inside, outside) if each is not None]
        if not paintings:
            return frame
        same = (each for each in paintings if each.shape == source.shape)
        result = next(same, None)  # each band is written where it was read
        result = np.empty_like(source) if result is None else result
        parts = self._parts(source, inside), self._parts(source, outside)
        for rows in bands(width, height):
            part = parts[0](rows)
            if weights is not None:
                shares = enlarged(weights, rows, (width, height), cubic=False)
                part = mixed(shares, part, parts[1](rows))
            result[rows] = part
            done = rows.stop / height
            progress(_TILES + (1 - _TILES) * done if _in_tiles(size) else done)
        return replace(frame, image=result)

    def _parts(self, source: Image, painting: Image | None) -> Callable[[slice], Image]:
        """What is shown of ``painting`` in some rows; of the source, if it is None."""
        if painting is None:
            return lambda rows: source[rows]
        colours = OF_PARTS[self._keep_colour](source, painting)
        full: Callable[[slice], Image] = painting.__getitem__
        if painting.shape != source.shape:
            full = BandEnlarger(painting, (source.shape[1], source.shape[0]))
        return lambda rows: given_back(source[rows], full(rows), self._strength, colours)

    def _weights(self, frame: Frame) -> Weights | None:
        if self._mask is None:
            return None
        height, width = frame.image.shape[:2]
        share = min(1.0, (_MASK / (width * height)) ** 0.5)
        size = max(1, round(width * share)), max(1, round(height * share))
        return self._fit(self._mask(frame), rgb_at(frame.image, size))


def _in_tiles(size: tuple[int, int]) -> bool:
    return size[0] * size[1] > WHOLE


def _painted(stylizer: Stylizer, source: Image, size: tuple[int, int], progress: Progress) -> Image:
    asked = rgb_at(source, size)
    return stylizer.in_tiles(asked, progress) if _in_tiles(size) else stylizer(asked)
