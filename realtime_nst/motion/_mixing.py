"""Moving and mixing pictures at full size: what of the stabiliser takes time."""

from dataclasses import dataclass

import cv2
import numpy as np
from cv2.typing import MatLike

from realtime_nst.motion.tracking import Field, Motion, grid
from realtime_nst.stream import Image

_SHARPER = 4.0
"""How many times what a blur takes away the sharper picture adds."""


@dataclass(frozen=True)
class Shares:
    """On the small grid, 0 to 1: how much of a pixel is ``held`` of the result before, and how
    much of that is from the sharper picture; ``along_rows`` is the share of its sharpening, in
    the whole picture, that goes along rows, the rest goes along columns."""

    held: Field
    sharper: Field
    along_rows: float


def shares(held: Field, motion: Motion, sharpen: float) -> Shares:
    """Sharper by how far between pixels the motion leads, along the axis on which it does.

    Halfway between two pixels their mean has lost most; at a whole pixel, and across the motion,
    nothing is lost, and sharpening would grow from frame to frame.
    """
    between = motion.flow - np.floor(motion.flow)
    across, down = cv2.split(between * (1 - between) * held[..., None])
    total = across + down
    along_rows = float(across.sum() / max(float(total.sum()), 1e-6))
    return Shares(held, np.asarray(total * (2 * sharpen / _SHARPER), np.float32), along_rows)


class Mixer:
    """Works in memory written over again and again: fresh memory costs as much as what is done in
    it. Only the result is new."""

    def __init__(self) -> None:
        self._rooms: dict[str, MatLike] = {}

    def __call__(self, painted: Image, result: Image, motion: Motion, shares: Shares) -> Image:
        """``painted``, with what ``shares`` says of ``result``, moved by ``motion``."""
        held = _at_full_size(shares.held, motion.factor, painted)
        mixed = np.empty_like(painted)
        self._times(painted, cv2.bitwise_not(held), mixed)
        if not motion.flow.any():
            return self._with(mixed, result, held)
        moved = self._moved(result, motion)
        sharper = _at_full_size(shares.sharper, motion.factor, painted)
        self._with(mixed, moved, cv2.subtract(held, sharper))
        return self._with(mixed, self._sharpened(moved, shares.along_rows), sharper)

    def _moved(self, image: Image, motion: Motion) -> MatLike:
        there = _origins(motion)[: image.shape[0], : image.shape[1]]
        maps = cv2.convertMaps(there, np.empty(0, np.float32), cv2.CV_16SC2)
        moved, border = self._room("moved", image), cv2.BORDER_REPLICATE
        return cv2.remap(image, *maps, cv2.INTER_LINEAR, dst=moved, borderMode=border)

    def _sharpened(self, image: MatLike, along_rows: float) -> MatLike:
        x, y = (_SHARPER / 4 * share for share in (along_rows, 1 - along_rows))
        kernel = np.array([[0, -y, 0], [-x, 1 + 2 * x + 2 * y, -x], [0, -y, 0]], np.float32)
        return cv2.filter2D(image, -1, kernel, dst=self._room("sharper", image))

    def _with(self, mixed: Image, image: MatLike, weight: MatLike) -> Image:
        term = self._times(image, weight, self._room("term", image))
        cv2.add(mixed, term, dst=mixed)
        return mixed

    def _times(self, image: MatLike, weight: MatLike, into: MatLike) -> MatLike:
        weights = cv2.cvtColor(weight, cv2.COLOR_GRAY2RGB, dst=self._room("weights", image))
        return cv2.multiply(image, weights, scale=1 / 255, dst=into)

    def _room(self, name: str, like: MatLike) -> MatLike:
        room = self._rooms.get(name)
        if room is None or room.shape != like.shape:
            self._rooms[name] = room = np.empty(like.shape, np.uint8)
        return room


def _at_full_size(share: Field, factor: int, like: Image) -> MatLike:
    """As 0 to 255."""
    small = cv2.convertScaleAbs(share, alpha=255)
    full = cv2.resize(small, (small.shape[1] * factor, small.shape[0] * factor))
    return full[: like.shape[0], : like.shape[1]]


def _origins(motion: Motion) -> MatLike:
    """Where in the picture before each pixel was, ``[H, W, 2]``.

    Interpolated with a small pixel more on each side, so that it is exact up to the borders.
    """
    flow = cv2.copyMakeBorder(motion.flow, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    factor, (rows, columns) = motion.factor, flow.shape[:2]
    middle = (factor - 1) / 2 - factor
    small = flow + grid(rows, columns) * np.float32(factor) + np.float32(middle)
    return cv2.resize(small, (columns * factor, rows * factor))[factor:, factor:]
