"""Decoded frames as RGB pictures, upright and all of one size."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from realtime_nst.media.orientation import Orientation
from realtime_nst.media.pixels import Pixels
from realtime_nst.sources._rgb import ToRgb
from realtime_nst.stream import Original, Picture


class Upright:
    """The pictures of a video whose first frame is ``first``, for an output that holds ``kept``.

    The display matrix is applied. A frame of another size is fitted into the first one's, with
    bars; ``resized`` is the size, (width, height), of the first such frame.
    """

    def __init__(self, first: VideoFrame, stream: VideoStream, kept: Pixels) -> None:
        self._to_rgb = ToRgb(first, kept)
        self._orientation = Orientation.of(first) or Orientation()
        self._stored, self._pixel_shape = (first.width, first.height), _pixel_shape(stream)
        self.resized: tuple[int, int] | None = None

    @property
    def stored(self) -> tuple[int, int]:
        """Width and height of the first frame as it is stored."""
        return self._stored

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the pictures."""
        return self._stored[::-1] if self._orientation.transposed else self._stored

    def picture(self, frame: VideoFrame, stream: VideoStream) -> tuple[Picture, Original | None]:
        """Planes or RGB, uint8, and what is kept beside it."""
        size = self._stored
        if (frame.width, frame.height) != size:
            size = self._fitting(frame, _pixel_shape(stream))
        upright = self._orientation == Orientation()
        as_stored = upright and (frame.width, frame.height) == self._stored
        if as_stored and (planes := self._to_rgb.planes(frame)):
            return planes, None
        image, original = self._to_rgb(frame, size, self._placed)
        if original and as_stored and self._to_rgb.is_kept(frame):
            original = replace(original, decoded=frame)
        return image, original

    def _placed(self, pixels: NDArray[Any]) -> NDArray[Any]:
        return self._orientation.apply(_with_bars(pixels, self._stored))

    def _fitting(self, frame: VideoFrame, pixel_shape: Fraction) -> tuple[int, int]:
        """The largest size of the frame's shape that fits into the first frame's."""
        self.resized = self.resized or (frame.width, frame.height)
        width, height = self._stored
        shape = Fraction(frame.width, frame.height) * pixel_shape / self._pixel_shape
        if shape * height > width:
            return width, max(1, round(width / shape))
        return max(1, round(height * shape)), height


def _pixel_shape(stream: VideoStream) -> Fraction:
    return stream.codec_context.sample_aspect_ratio or Fraction(1)


def _with_bars(image: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """Black; opaque if ``image`` has transparency."""
    height, width = image.shape[:2]
    if (width, height) == size:
        return image
    framed = np.zeros((size[1], size[0], image.shape[2]), image.dtype)
    framed[..., 3:] = np.iinfo(image.dtype).max
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    framed[top : top + height, left : left + width] = image
    return framed
