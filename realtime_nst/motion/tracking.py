"""From one source picture to the next: what moved where, and how far that can be trusted.

All of it at a small size, some 120 pixels on the shorter side: that costs a millisecond, and the
motion of a painting's strokes need not be known at every pixel.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from realtime_nst.errors import UnknownName
from realtime_nst.motion.flow import Flow
from realtime_nst.stream import Image

_SHORT_SIDE, _LARGEST_FACTOR = 120, 6
_LEAST = 32
"""Pixels a side: OpenCV's search reads past the ends of smaller pictures, so they are padded."""

_STILL, _STILL_SHARE = 0.2, 1.2
"""A place is still whose difference unmoved is at most that share of the one moved, and those grey
levels more: a search finds some motion in mere noise."""

_FITS, _DIFFERS = 12.0, 24.0
"""Mean grey levels of difference up to which the motion is believed, and from which it is not."""

_MISS, _MISS_SHARE = 6.0, 0.5
"""How far from home there and back may lead: pixels of the picture, and share of the squares."""

_CUT_DIFFERS, _CUT_BELIEVED = 14.0, 0.5
"""A cut: at least that mean difference after motion, and at most that share believed."""

Field = NDArray[np.float32]


@dataclass(frozen=True)
class Search:
    """Dense inverse search (Kroeger et al. 2016): finest scale as a power of two, pixels between
    patches, gradient steps a patch, iterations of variational refinement."""

    finest: int
    stride: int
    steps: int
    refinement: int

    def open(self) -> cv2.DISOpticalFlow:
        search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        search.setFinestScale(self.finest)
        search.setPatchStride(self.stride)
        search.setGradientDescentIterations(self.steps)
        search.setVariationalRefinementIterations(self.refinement)
        return search


SEARCHES: Mapping[str, Search] = {
    "fast": Search(0, 5, 3, 0),
    "medium": Search(0, 5, 5, 2),
    "slow": Search(0, 4, 3, 5),
}
"""By accuracy. Presets of OpenCV spend their time elsewhere: few steps at a fine scale come nearer
to RAFT's flow than many at a coarse one."""

DEFAULT_SEARCH = "fast"

_BACK = Search(1, 6, 3, 0)
"""The flow back only tells where there and back does not lead home."""


@dataclass(frozen=True)
class Motion:
    """On a small grid, ``[h, w]``, whose pixels are ``factor`` pixels of the picture a side:
    ``flow`` in pixels of the picture, exactly 0 where nothing moved; ``trust`` and ``still`` are
    float32, 0 to 1."""

    flow: Flow
    trust: Field
    still: Field
    factor: int


class Tracker:
    """Follows source pictures; raises UnknownName for an accuracy not in SEARCHES."""

    def __init__(self, accuracy: str = DEFAULT_SEARCH) -> None:
        if accuracy not in SEARCHES:
            raise UnknownName("flow accuracy", accuracy, SEARCHES)
        self._search, self._back = SEARCHES[accuracy].open(), _BACK.open()
        self.reset()

    def reset(self) -> None:
        """Forget the picture before."""
        self._last: MatLike | None = None
        self._size = (0, 0)

    def __call__(self, source: Image) -> Motion | None:
        """The motion since the picture before; None where there was none, or this one is of
        another size or of another scene."""
        factor = _factor(source)
        grey, last, size = _small(source, factor), self._last, self._size
        self._last, self._size = grey, (source.shape[0], source.shape[1])
        if last is None or size != self._size:
            return None
        flow = _searched(self._search, grey, last)
        return _judged(last, grey, flow, _searched(self._back, last, grey), factor)


def _judged(last: MatLike, grey: MatLike, flow: Flow, back: Flow, factor: int) -> Motion | None:
    there = cv2.add(grid(*grey.shape), flow)
    off = _difference(grey, _sampled(last, there))
    believed = _believed(off)
    if float(off.mean()) > _CUT_DIFFERS and float(believed.mean()) < _CUT_BELIEVED:
        return None
    trust = believed * _returns(flow, _sampled(back, there), factor) * _within(there)
    still = _still(_difference(grey, last), off)
    moving = (1 - still) * np.float32(factor)
    flow = np.asarray(cv2.multiply(flow, cv2.merge([moving, moving])), np.float32)
    return Motion(flow, np.asarray(cv2.blur(trust, (3, 3)), np.float32), still, factor)


def _factor(image: Image) -> int:
    return int(min(_LARGEST_FACTOR, max(1, min(image.shape[:2]) // _SHORT_SIDE)))


def _small(image: Image, factor: int) -> MatLike:
    """Grey, ``factor`` times smaller, its sides rounded up."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    below, beside = (-side % factor for side in grey.shape)
    if below or beside:
        grey = cv2.copyMakeBorder(grey, 0, below, 0, beside, cv2.BORDER_REPLICATE)
    size = grey.shape[1] // factor, grey.shape[0] // factor
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA)


def _searched(search: cv2.DISOpticalFlow, current: MatLike, previous: MatLike) -> Flow:
    height, width = current.shape
    flow = search.calc(_padded(current), _padded(previous), None)  # type: ignore[call-overload]
    return np.ascontiguousarray(flow[:height, :width], np.float32)


def _padded(grey: MatLike) -> MatLike:
    below, beside = (max(0, _LEAST - side) for side in grey.shape)
    if not below and not beside:
        return grey
    return cv2.copyMakeBorder(grey, 0, below, 0, beside, cv2.BORDER_REPLICATE)


def _sampled(image: MatLike, there: MatLike) -> MatLike:
    return cv2.remap(image, there, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload,no-any-return]


def _difference(current: MatLike, previous: MatLike) -> Field:
    """Grey levels at each pixel, without what the whole picture became lighter or darker."""
    change = cv2.subtract(current, previous, dtype=cv2.CV_32F)
    return np.asarray(np.abs(change - np.float32(cv2.mean(change)[0])), np.float32)


def _believed(off: Field) -> Field:
    fits = (_DIFFERS - cv2.blur(off, (3, 3))) / (_DIFFERS - _FITS)
    return np.asarray(np.clip(fits, 0, 1, out=fits), np.float32)


def _still(unmoved: Field, moved: Field) -> Field:
    """1 where the picture fits as well without motion, soft at its borders: noise moves nothing."""
    fits = cv2.blur(unmoved, (5, 5)) <= _STILL_SHARE * cv2.blur(moved, (5, 5)) + _STILL
    core = cv2.erode(fits.astype(np.float32), np.ones((3, 3), np.uint8))
    return np.asarray(cv2.blur(core, (3, 3)), np.float32)


def _returns(flow: Flow, returned: MatLike, factor: int) -> Field:
    """Sundaram's test, soft and wide: a search this coarse misses its way home by some pixels."""
    off = cv2.add(flow, returned)
    both = cv2.add(cv2.multiply(flow, flow), cv2.multiply(returned, returned))
    allowed = _MISS_SHARE * _summed(both) + (_MISS / factor) ** 2
    found = 2 - _summed(cv2.multiply(off, off)) / allowed
    return np.asarray(np.clip(found, 0, 1, out=found), np.float32)


def _summed(pairs: MatLike) -> MatLike:
    return pairs[..., 0] + pairs[..., 1]


def _within(there: MatLike) -> NDArray[np.bool_]:
    height, width = there.shape[:2]
    return cv2.inRange(there, (-0.5, -0.5), (width - 0.5, height - 0.5)).view(np.bool_)


@lru_cache(maxsize=8)
def grid(height: int, width: int) -> NDArray[np.float32]:
    """The coordinates of every pixel, ``[height, width, 2]``, x then y."""
    y, x = np.mgrid[:height, :width]
    return np.dstack([x, y]).astype(np.float32)
