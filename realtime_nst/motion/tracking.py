"""The motion from one source picture to the next, and how far it can be trusted.

It is computed at a small size, about 120 pixels on the shorter side: that costs a millisecond, and
the motion of a painting's strokes need not be known at every pixel.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from realtime_nst.errors import UnknownName
from realtime_nst.motion.flow import (
    DEFAULT_FLOW,
    FLOW_PRESETS,
    Flow,
    FlowPreset,
    FlowSearch,
    grey,
)
from realtime_nst.stream import Image

_SHORT_SIDE, _LARGEST_FACTOR = 120, 6

_STILL, _STILL_SHARE = 0.2, 1.2
"""A pixel counts as still if its difference without motion is at most the difference with motion
times the share, plus that many grey levels: the search finds some motion in mere noise."""

_TEXTURE, _APART = 4.0, 4
"""The camera's motion is sought in places that differ by that many grey levels from those around,
every so many pixels along rows and columns."""

_PLACES, _MISSED = 24, 0.6
"""How many such places are needed, and how far, in pixels, the camera's motion may miss one that it
explains. It must explain half of them."""

_CLEARER = 0.95
"""The camera moves if the pictures then differ by less than that share of what they do without
motion."""

_FITS, _DIFFERS = 12.0, 24.0
"""Mean difference in grey levels up to which the motion is believed, and from which it is not."""

_MISS, _MISS_SHARE = 6.0, 0.5
"""How far forward and backward flow may miss each other: in pixels of the picture, and as a share
of their squared lengths."""

_CUT_DIFFERS, _CUT_BELIEVED = 14.0, 0.5
"""A cut: at least that mean difference with motion, and at most that share of it believed."""

Field = NDArray[np.float32]

_BACKWARD = FlowPreset(1, 6, 3, 0)
"""The backward flow only shows where forward and backward flow disagree, so it may be coarse."""


@dataclass(frozen=True)
class Motion:
    """On a small grid ``[h, w]``, each of whose pixels covers ``factor`` x ``factor`` pixels of the
    picture: ``flow`` in pixels of the picture, exactly 0 where nothing moved; ``trust`` and
    ``still``, float32, 0 to 1."""

    flow: Flow
    trust: Field
    still: Field
    factor: int


class Tracker:
    """Follows the pictures of one source. ``flow`` is one of FLOW_PRESETS, else
    :class:`UnknownName` is raised."""

    def __init__(self, flow: str = DEFAULT_FLOW) -> None:
        if flow not in FLOW_PRESETS:
            raise UnknownName("optical flow preset", flow, FLOW_PRESETS)
        self._forward, self._backward = FlowSearch(FLOW_PRESETS[flow]), FlowSearch(_BACKWARD)
        self.reset()

    def reset(self) -> None:
        """Forget the previous picture."""
        self._last: MatLike | None = None
        self._size = (0, 0)

    def __call__(self, source: Image) -> Motion | None:
        """The motion since the previous picture; None if there was none, and after a cut or a
        change of size."""
        factor = _factor(source)
        now, last, size = _small(source, factor), self._last, self._size
        self._last, self._size = now, (source.shape[0], source.shape[1])
        if last is None or size != self._size:
            return None
        return _judged(last, now, self._forward(now, last), self._backward(last, now), factor)


def _judged(last: MatLike, now: MatLike, flow: Flow, back: Flow, factor: int) -> Motion | None:
    there = cv2.add(grid(*now.shape), flow)
    off = _difference(now, _sampled(last, there))
    believed = _believed(off)
    if float(off.mean()) > _CUT_DIFFERS and float(believed.mean()) < _CUT_BELIEVED:
        return None
    trust = believed * _returns(flow, _sampled(back, there), factor) * _within(there)
    unmoved = _difference(now, last)
    still = _still(unmoved, off)
    camera = _camera(last, now, flow, unmoved)
    moving = 1 - still
    flow = np.asarray(cv2.multiply(flow, cv2.merge([moving, moving])), np.float32)
    if camera is not None:  # nothing stands still
        flow += camera * still[..., np.newaxis]
        still = np.zeros_like(still)
    flow *= np.float32(factor)
    return Motion(flow, np.asarray(cv2.blur(trust, (3, 3)), np.float32), still, factor)


def _factor(image: Image) -> int:
    return int(min(_LARGEST_FACTOR, max(1, min(image.shape[:2]) // _SHORT_SIDE)))


def _small(image: Image, factor: int) -> MatLike:
    """Grey, ``factor`` times smaller, its sides rounded up."""
    picture = grey(image)
    below, right = (-side % factor for side in picture.shape)
    if below or right:
        picture = cv2.copyMakeBorder(picture, 0, below, 0, right, cv2.BORDER_REPLICATE)
    size = picture.shape[1] // factor, picture.shape[0] // factor
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def _sampled(image: MatLike, there: MatLike) -> MatLike:
    return cv2.remap(image, there, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload,no-any-return]


def _difference(current: MatLike, previous: MatLike) -> Field:
    """In grey levels; a change in brightness of the picture as a whole does not count."""
    change = cv2.subtract(current, previous, dtype=cv2.CV_32F)
    return np.asarray(np.abs(change - np.float32(cv2.mean(change)[0])), np.float32)


def _believed(off: Field) -> Field:
    fits = (_DIFFERS - cv2.blur(off, (3, 3))) / (_DIFFERS - _FITS)
    return np.asarray(np.clip(fits, 0, 1, out=fits), np.float32)


def _still(unmoved: Field, moved: Field) -> Field:
    """1 where the picture fits as well without motion, with soft edges: noise is not motion."""
    fits = cv2.blur(unmoved, (5, 5)) <= _STILL_SHARE * cv2.blur(moved, (5, 5)) + _STILL
    core = cv2.erode(fits.astype(np.float32), np.ones((3, 3), np.uint8))
    return np.asarray(cv2.blur(core, (3, 3)), np.float32)


def _camera(last: MatLike, now: MatLike, flow: Flow, unmoved: Field) -> Flow | None:
    """The motion of the picture as a whole: a shift, turn and zoom; None if there is none.

    Flat places fit as well without motion. If the camera moves, they go with it: else the strokes
    in them would stand still in a picture that moves, or twitch.
    """
    texture = cv2.blur(cv2.absdiff(now, cv2.blur(now, (5, 5))), (5, 5)) >= _TEXTURE
    places = grid(*now.shape)[::_APART, ::_APART][texture[::_APART, ::_APART]]
    if len(places) < _PLACES:
        return None
    there = places + flow[::_APART, ::_APART][texture[::_APART, ::_APART]]
    way, fits = cv2.estimateAffinePartial2D(places, there, ransacReprojThreshold=_MISSED)
    if way is None or 2 * int(fits.sum()) < len(places):
        return None
    ends = cv2.transform(grid(*now.shape), way)
    moved = _difference(now, _sampled(last, ends))
    if float(moved[texture].mean()) >= _CLEARER * float(unmoved[texture].mean()):
        return None
    return np.asarray(ends - grid(*now.shape), np.float32)


def _returns(flow: Flow, returned: MatLike, factor: int) -> Field:
    """Sundaram's test (see ``occlusion``), soft and wide: flows this coarse miss each other by some
    pixels."""
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
