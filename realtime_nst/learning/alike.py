"""Which pictures of a folder show the same as some others, whatever their file and size."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np

from realtime_nst.learning.data import decode

_SIDE = 8
_FEWEST_BITS = 10
"""Of 64; two pictures chosen at random differ in about 32."""


def alike(pictures: Iterable[Path], others: Sequence[Path]) -> list[Path]:
    """Those of ``pictures`` that look like one of ``others``; the unreadable look like none."""
    known = [mark for mark in map(_mark, others) if mark is not None]
    return [path for path in pictures if _is_near(_mark(path), known)]


def _is_near(mark: np.ndarray | None, known: Sequence[np.ndarray]) -> bool:
    return mark is not None and any((mark != other).sum() < _FEWEST_BITS for other in known)


def _mark(path: Path) -> np.ndarray | None:
    """Whether it gets lighter from left to right, at each place of a coarse grid."""
    image = decode(path)
    if image is None:
        return None
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    coarse = cv2.resize(grey, (_SIDE + 1, _SIDE), interpolation=cv2.INTER_AREA).astype(int)
    return np.asarray(coarse[:, 1:] > coarse[:, :-1])
