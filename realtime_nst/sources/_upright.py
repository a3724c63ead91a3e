"""Decoded frames as RGB pictures, upright and all of one size."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorTrc, VideoReformatter
from av.video.stream import VideoStream

from realtime_nst.media.colours import Colours
from realtime_nst.media.container import Orientation
from realtime_nst.stream import Image


class Upright:
    """The pictures of a video whose first frame is ``first``.

    The display matrix is applied, YUV is converted with the frame's own matrix and range, and HDR
    and BT.2020 are mapped to BT.709. A frame of another size is fitted into the first one's, with
    bars; ``resized`` is the size, (width, height), of the first such frame.
    """

    def __init__(self, first: VideoFrame, stream: VideoStream) -> None:
        self._orientation = Orientation.of(first) or Orientation()
        self._stored, self._pixel_shape = (first.width, first.height), _pixel_shape(stream)
        self._reformatter = VideoReformatter()
        self.resized: tuple[int, int] | None = None

    @property
    def stored(self) -> tuple[int, int]:
        """Width and height of the first frame as it is stored."""
        return self._stored

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the pictures."""
        return self._stored[::-1] if self._orientation.transposed else self._stored

    def picture(self, frame: VideoFrame, stream: VideoStream) -> Image:
        """RGB, uint8."""
        colours = Colours.of(frame)
        if not frame.format.is_rgb:
            colours.tag(frame)
        mapped = colours.needs_mapping
        size = self._stored
        if (frame.width, frame.height) != size:
            size = self._fitting(frame, _pixel_shape(stream))
        image = self._reformatter.reformat(
            frame,
            *size,
            format="rgb24",
            dst_color_trc=ColorTrc.BT709 if mapped else None,
            dst_color_primaries=ColorPrimaries.BT709 if mapped else None,
            threads=1,
        ).to_ndarray()
        return self._orientation.apply(_with_bars(np.asarray(image, np.uint8), self._stored))

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


def _with_bars(image: Image, size: tuple[int, int]) -> Image:
    height, width = image.shape[:2]
    if (width, height) == size:
        return image
    framed = np.zeros((size[1], size[0], 3), np.uint8)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    framed[top : top + height, left : left + width] = image
    return framed
