"""Warping and blending pictures at full size: the part of the stabiliser that takes time."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from weakref import finalize

import cv2
import numpy as np
from cv2.typing import MatLike

from realtime_nst.motion.tracking import Field, Motion, grid
from realtime_nst.stream import Image

_SHARPER = 4.0
"""The sharper picture adds this many times the detail that one blur removes."""

_FAINT, _MOST = 1, 4
"""Grey levels. A change by crispness of no more than the first is mostly noise or the network's
grid and is not made; one of more than the second would be a halo that flickers, and is limited."""


@dataclass(frozen=True)
class Shares:
    """On the small grid, 0 to 1: the share of a pixel that is ``held`` from the previous result,
    and the part of it that comes from the ``sharper`` picture. ``along_rows`` is the share of the
    sharpening that acts along rows, for the whole picture; the rest acts along columns."""

    held: Field
    sharper: Field
    along_rows: float


def shares(held: Field, motion: Motion, sharpen: float) -> Shares:
    """Sharpen more the further between two pixels the motion ends, along the axis of the motion.

    Resampling halfway between two pixels loses the most detail. At whole pixels, and across the
    motion, it loses none, and sharpening there would accumulate from frame to frame.
    """
    across, down = (_between(part) * held for part in cv2.split(motion.flow))
    total = across + down
    along_rows = float(across.sum() / max(float(total.sum()), 1e-6))
    return Shares(held, np.asarray(total * (2 * sharpen / _SHARPER), np.float32), along_rows)


def _between(shift: MatLike) -> Field:
    """From 0 at whole pixels to 0.25 halfway between them."""
    rest = shift - np.floor(shift)
    return np.asarray(rest * (1 - rest), np.float32)


class Mixer:
    """Blends the upper half of a picture on the calling thread and the lower on a second one, which
    runs from the first picture until ``rest`` is called or the mixer is deleted.

    Each half works in memory that is reused: allocating it anew costs as much as the arithmetic.
    Only the result is new memory.
    """

    def __init__(self) -> None:
        self._halves = _Strip(), _Strip()
        self._second_thread: ThreadPoolExecutor | None = None

    def rest(self) -> None:
        """End the second thread; the next picture starts another."""
        if self._second_thread is not None:
            self._second_thread.shutdown()
            self._second_thread = None

    def __call__(self, painted: Image, result: Image, motion: Motion, shares: Shares) -> Image:
        """``painted`` blended with ``result`` warped by ``motion``."""
        held, sharper = (
            _at_full_size(share, motion.factor, painted) for share in (shares.held, shares.sharper)
        )
        mixed = np.empty_like(painted)
        origins = _origins(motion)[: painted.shape[0], : painted.shape[1]]
        task = _Task(painted, result, held, sharper, origins, shares.along_rows, mixed)
        mix = _Strip.moved if motion.flow.any() else _Strip.still
        self._in_halves(partial(mix, task=task), painted)
        return mixed

    def crisp(self, image: Image, amount: float) -> Image:
        """``image`` minus ``amount`` times its Laplacian, the change being limited everywhere."""
        crisp, kernel = np.empty_like(image), _sharpening(amount, amount)
        self._in_halves(lambda strip, rows: strip.crisp(image, kernel, rows, crisp), image)
        return crisp

    def _in_halves(self, work: Callable[["_Strip", range], object], image: Image) -> None:
        height = image.shape[0]
        upper, lower = self._halves
        if self._second_thread is None:
            self._second_thread = ThreadPoolExecutor(1, "realtime_nst-mix")
            finalize(self, self._second_thread.shutdown, wait=False)
        other = self._second_thread.submit(work, lower, range(height // 2, height))
        if height > 1:
            work(upper, range(height // 2))
        other.result()


@dataclass(frozen=True)
class _Task:
    """The inputs of both halves at full size; ``mixed`` is the output."""

    painted: Image
    result: Image
    held: MatLike
    sharper: MatLike
    origins: MatLike
    along_rows: float
    mixed: Image


class _Strip:
    """Works on a range of rows."""

    def __init__(self) -> None:
        self._buffers: dict[str, MatLike] = {}

    def still(self, rows: range, task: _Task) -> None:
        at = slice(rows.start, rows.stop)
        self._painted(at, task)
        self._with(task.mixed[at], task.result[at], task.held[at])

    def moved(self, rows: range, task: _Task) -> None:
        at, wider, inner = _with_neighbours(rows, len(task.mixed))
        self._painted(at, task)
        maps = cv2.convertMaps(task.origins[wider], np.empty(0, np.float32), cv2.CV_16SC2)
        buffer, border = self._buffer("moved", task.mixed[wider]), cv2.BORDER_REPLICATE
        moved = cv2.remap(task.result, *maps, cv2.INTER_LINEAR, dst=buffer, borderMode=border)
        x, y = (_SHARPER / 4 * share for share in (task.along_rows, 1 - task.along_rows))
        crisp = cv2.filter2D(moved, -1, _sharpening(x, y), dst=self._buffer("crisp", moved))
        held, sharper = task.held[at], task.sharper[at]
        self._with(task.mixed[at], moved[inner], cv2.subtract(held, sharper))
        self._with(task.mixed[at], crisp[inner], sharper)

    def crisp(self, image: Image, kernel: MatLike, rows: range, into: Image) -> None:
        at, wider, inner = _with_neighbours(rows, len(image))
        buffer = self._buffer("crisp", image[wider])
        plain, crisp = image[at], cv2.filter2D(image[wider], -1, kernel, dst=buffer)[inner]
        lighter, darker = self._over(crisp, plain, "lighter"), self._over(plain, crisp, "darker")
        cv2.subtract(cv2.add(plain, lighter, dst=into[at]), darker, dst=into[at])

    def _over(self, more: MatLike, less: MatLike, name: str) -> MatLike:
        over = self._buffer(name, more)
        cv2.threshold(cv2.subtract(more, less, dst=over), _FAINT, 0, cv2.THRESH_TOZERO, dst=over)
        return cv2.threshold(over, _MOST, 0, cv2.THRESH_TRUNC, dst=over)[1]

    def _painted(self, at: slice, task: _Task) -> None:
        self._times(task.painted[at], cv2.bitwise_not(task.held[at]), task.mixed[at])

    def _with(self, mixed: Image, image: MatLike, weight: MatLike) -> None:
        cv2.add(mixed, self._times(image, weight, self._buffer("term", image)), dst=mixed)

    def _times(self, image: MatLike, weight: MatLike, into: MatLike) -> MatLike:
        weights = cv2.cvtColor(weight, cv2.COLOR_GRAY2RGB, dst=self._buffer("weights", image))
        return cv2.multiply(image, weights, scale=1 / 255, dst=into)

    def _buffer(self, name: str, like: MatLike) -> MatLike:
        buffer = self._buffers.get(name)
        if buffer is None or buffer.shape != like.shape:
            self._buffers[name] = buffer = np.empty(like.shape, np.uint8)
        return buffer


def _with_neighbours(rows: range, height: int) -> tuple[slice, slice, slice]:
    """Three slices: the rows; the rows and their neighbours inside the picture; the rows within
    the second."""
    first, last = max(0, rows.start - 1), min(height, rows.stop + 1)
    inner = slice(rows.start - first, rows.stop - first)
    return slice(rows.start, rows.stop), slice(first, last), inner


def _sharpening(x: float, y: float) -> MatLike:
    return np.array([[0, -y, 0], [-x, 1 + 2 * x + 2 * y, -x], [0, -y, 0]], np.float32)


def _at_full_size(share: Field, factor: int, like: Image) -> MatLike:
    """As uint8, 0 to 255."""
    small = cv2.convertScaleAbs(share, alpha=255)
    full = cv2.resize(small, (small.shape[1] * factor, small.shape[0] * factor))
    return full[: like.shape[0], : like.shape[1]]


def _origins(motion: Motion) -> MatLike:
    """Where each pixel was in the previous picture, ``[H, W, 2]``.

    The flow is extended by one pixel of the small grid on each side before it is enlarged, so that
    interpolation is exact up to the borders.
    """
    flow = cv2.copyMakeBorder(motion.flow, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    factor, (rows, columns) = motion.factor, flow.shape[:2]
    middle = (factor - 1) / 2 - factor
    small = flow + grid(rows, columns) * np.float32(factor) + np.float32(middle)
    return cv2.resize(small, (columns * factor, rows * factor))[factor:, factor:]
