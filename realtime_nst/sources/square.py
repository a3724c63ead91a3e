"""Frames with square pixels, which windows and pictures need."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, Self

import cv2
import numpy as np

from realtime_nst.stream import Frame, Managed, Source, StreamInfo


class SquareSource(Managed):
    """``source`` with its pixels made square: pictures are stretched in one direction, to an even
    number of pixels. Raises what ``source`` raises."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def __enter__(self) -> Self:
        self._source.__enter__()
        return self

    def _close(self) -> None:
        self._source.__exit__(None, None, None)

    @property
    def info(self) -> StreamInfo:
        info = self._source.info
        width, height = _squared(info.width, info.height, info.aspect)
        return replace(info, width=width, height=height, aspect=Fraction(1))

    @property
    def notices(self) -> Sequence[str]:
        return getattr(self._source, "notices", ())

    @property
    def faults(self) -> Any:
        """What was wrong with the source's file, as it says; None if it does not."""
        return getattr(self._source, "faults", None)

    @property
    def path(self) -> Any:
        """The source's file, if it has one."""
        return getattr(self._source, "path", None)

    def __iter__(self) -> Iterator[Frame]:
        aspect = self._source.info.aspect
        for frame in self._source:
            size = _squared(*frame.size, aspect)
            if size != frame.size:
                image = np.asarray(cv2.resize(frame.image, size), np.uint8)
                frame = replace(frame, image=image, original=None)
            yield frame


def _squared(width: int, height: int, aspect: Fraction) -> tuple[int, int]:
    if aspect > 1:
        return 2 * round(width * aspect / 2), height
    return (width, 2 * round(height / aspect / 2)) if aspect < 1 else (width, height)
