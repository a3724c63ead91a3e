"""A file played in real time: each frame is delivered when it is due."""

import time
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Self

import cv2
import numpy as np

from realtime_nst.stream import Frame, Image, Managed, Source, StreamInfo

_REPEAT_SECONDS = 0.1


class PacedSource(Managed):
    """``source`` as if it were live: each frame is delivered at its time.

    A picture shown for longer is repeated ten times a second, the last one until its end, so that
    a window keeps reacting. Pictures of another size than the first are scaled to fit, with black
    bars. Raises what ``source`` raises.
    """

    def __init__(self, source: Source) -> None:
        self._source = source

    @property
    def info(self) -> StreamInfo:
        return replace(self._source.info, live=True, frames=None)

    @property
    def notices(self) -> list[str]:
        """What of the source was left out or mended so far."""
        unreadable = getattr(self._source, "unreadable", {}).values()
        return [
            *getattr(self._source, "notices", ()),
            *(f"left out: {error}" for error in unreadable),
        ]

    def __enter__(self) -> Self:
        self._source.__enter__()
        return self

    def _close(self) -> None:
        self._source.__exit__(None, None, None)

    def __iter__(self) -> Iterator[Frame]:
        size = self.info.width, self.info.height
        for index, (frame, pts) in enumerate(self._shown()):
            picture = frame.picture if frame.size == size else fitted(frame.image, *size)
            yield Frame.of(picture, index, pts, time.monotonic())

    def _shown(self) -> Iterator[tuple[Frame, Fraction]]:
        """Every frame at its time, and again while it is shown."""
        shown: Frame | None = None
        start, began = Fraction(0), time.monotonic()
        for frame in self._source:
            if shown is None:
                start, began = frame.pts, time.monotonic()
            else:
                yield from _repeated(shown, began - float(start), frame.pts)
            yield frame, frame.pts
            shown = frame
        if shown is not None and self._source.info.rate:
            yield from _repeated(
                shown, began - float(start), shown.pts + 1 / self._source.info.rate
            )


def fitted(image: Image, width: int, height: int) -> Image:
    """``image`` scaled to fit into ``width`` by ``height``, its proportions kept by black bars."""
    if image.shape[:2] == (height, width):
        return image
    scale = min(width / image.shape[1], height / image.shape[0])
    inner = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    result = np.zeros((height, width, 3), np.uint8)
    left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    result[top : top + inner[1], left : left + inner[0]] = cv2.resize(
        image, inner, interpolation=method
    )
    return result


def _repeated(frame: Frame, origin: float, until: Fraction) -> Iterator[tuple[Frame, Fraction]]:
    """Repeat ``frame`` until the clock reads ``origin + until``."""
    while (left := origin + float(until) - time.monotonic()) > 0:
        time.sleep(min(left, _REPEAT_SECONDS))
        if left > _REPEAT_SECONDS:
            yield frame, until - Fraction(left - _REPEAT_SECONDS).limit_denominator(90_000)
