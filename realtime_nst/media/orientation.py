"""Which way up a video is, and how wide its pixels are."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, cast

import numpy as np
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray


@dataclass(frozen=True)
class Orientation:
    """How a stored picture is shown: transposed, then mirrored from left to right and flipped from
    top to bottom."""

    transposed: bool = False
    mirrored: bool = False
    flipped: bool = False

    @classmethod
    def of(cls, frame: VideoFrame) -> Orientation | None:
        """From the display matrix (ISO/IEC 14496-12, 6.2.2); None if it is no quarter turn."""
        data = cast(Any, frame.side_data).get(SideDataType.DISPLAYMATRIX)
        if data is None:
            return cls()
        a, b, _, c, d = struct.unpack("=5i", bytes(data)[:20])
        if abs(b) + abs(c) < (abs(a) + abs(d)) * _SKEW and a and d:
            return cls(False, a < 0, d < 0)
        if abs(a) + abs(d) < (abs(b) + abs(c)) * _SKEW and b and c:
            return cls(True, c < 0, b < 0)
        return None

    def apply(self, image: NDArray[Any]) -> NDArray[Any]:
        """C-contiguous."""
        import cv2

        image = np.ascontiguousarray(image)
        if self.transposed:
            image = np.asarray(cv2.transpose(image))
        if self.mirrored or self.flipped:
            axes = -1 if self.mirrored and self.flipped else int(self.mirrored)
            image = np.asarray(cv2.flip(image, axes))
        return image


_SKEW = 1e-3


def pixel_shape(stream: VideoStream, orientation: Orientation) -> Fraction:
    """A pixel's width over its height in upright pictures."""
    aspect = stream.sample_aspect_ratio or Fraction(1)
    return 1 / aspect if orientation.transposed else aspect
