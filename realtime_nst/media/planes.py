"""Pictures as videos code them: brightness at full size, colour at half of it (4:2:0)."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from functools import cache, cached_property
from typing import Any

import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray

from realtime_nst.media.colours import MATRICES, Colours
from realtime_nst.stream import Image, Picture

Plane = NDArray[np.uint8]

EXACT = Interpolation.BILINEAR | Interpolation.FULL_CHR_H_INT
"""Else most pixel formats become 2 of 255 too dark in RGB: white 253. With 16 bits, which are right
without it, it makes noise."""

PLANES = "yuv420p"
"""FFmpeg's name of the pixel format. It has another for the full range, which some decoders give.
"""

_FORMS = (PLANES, "yuvj420p")

_SHARES = {int(Colorspace.ITU601): (0.299, 0.114), int(Colorspace.ITU709): (0.2126, 0.0722)}
"""Of red and blue in luma."""

_LIMITED = (219 / 255, 224 / 255, 224 / 255), (16, 128, 128)
"""Scales and shifts of luma, Cb and Cr."""


class _Converters(threading.local):
    """FFmpeg's converters, which are not for two threads, and keep what they prepare for pictures
    of one size."""

    def __init__(self) -> None:
        self._kept: dict[Any, VideoReformatter] = {}

    def __call__(self, frame: VideoFrame, size: tuple[int, int], form: str, how: int) -> VideoFrame:
        key = frame.width, frame.height, frame.format.name, size, form
        if key not in self._kept:
            if len(self._kept) == _KEPT:
                self._kept.clear()
            self._kept[key] = VideoReformatter()
        return self._kept[key].reformat(frame, *size, format=form, interpolation=how, threads=1)


_KEPT = 8
_converted = _Converters()


class Planes:
    """A picture of an even width and height, from which RGB is made when somebody asks.

    ``luma`` ``[H, W]``, ``cb`` and ``cr`` ``[H/2, W/2]`` are uint8, in ``colours``. They lie in
    PyAV's ``frame``, and are not to be written to: a decoder may still need them if they are
    ``decoded``.
    """

    def __init__(self, frame: VideoFrame, colours: Colours, *, decoded: bool = False) -> None:
        self.frame, self.colours, self.decoded = frame, colours, decoded
        self.luma, self.cb, self.cr = (_view(frame, number) for number in range(3))
        self._converting = threading.Lock()

    @classmethod
    def decoded_from(cls, frame: VideoFrame, colours: Colours) -> Planes | None:
        """Those of ``frame``, tagged with ``colours``; None if it holds others or more: another
        pixel format, interlaced fields, odd sides, colours that must be mapped."""
        odd = frame.width % 2 or frame.height % 2
        if odd or frame.interlaced_frame or frame.format.name not in _FORMS:
            return None
        if colours.needs_mapping or colours.matrix not in MATRICES:
            return None
        if any(plane.line_size < plane.width for plane in frame.planes):  # from bottom to top
            return None
        return cls(frame, colours, decoded=True)

    @classmethod
    def of(cls, luma: Plane, cb: Plane, cr: Plane, colours: Colours) -> Planes:
        """Copies of those."""
        frame = VideoFrame(luma.shape[1], luma.shape[0], PLANES)
        colours.tag(frame)
        made = cls(frame, colours)
        for own, given in ((made.luma, luma), (made.cb, cb), (made.cr, cr)):
            np.copyto(own, given)
        return made

    def encodable(self) -> VideoFrame:
        """A frame that an encoder may have: what a decoder says of a picture is not for it."""
        if self.decoded:
            return Planes.of(self.luma, self.cb, self.cr, self.colours).frame
        return self.frame

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.frame.width, self.frame.height

    @property
    def image(self) -> Image:
        """RGB, the same object each time."""
        with self._converting:
            return self._image

    @cached_property
    def _image(self) -> Image:
        return np.asarray(_converted(self.frame, self.size, "rgb24", EXACT).to_ndarray(), np.uint8)

    def rgb_at(self, size: tuple[int, int]) -> Image:
        """RGB of that width and height, without RGB of the full size on the way."""
        frame = self._resized(size, "yuv444p")
        merged = cv2.merge([_view(frame, number) for number in range(3)])
        return np.asarray(cv2.transform(merged, _to_rgb(self.colours)), np.uint8)

    def at(self, size: tuple[int, int]) -> Planes:
        """The planes of that even width and height."""
        resized = self._resized(size, PLANES)
        self.colours.tag(resized)
        return Planes(resized, self.colours)

    def _resized(self, size: tuple[int, int], form: str) -> VideoFrame:
        """By area when shrinking, bicubic when enlarging."""
        shrinks = size[0] * size[1] < self.luma.size
        how = Interpolation.AREA if shrinks else Interpolation.BICUBIC
        return _converted(self.frame, size, form, how)


def coded(image: Image, colours: Colours) -> tuple[Plane, Plane, Plane]:
    """RGB as luma, Cb and Cr in ``colours``, all of the size of ``image``."""
    luma, cb, cr = cv2.split(cv2.transform(image, _from_rgb(colours)))
    return np.asarray(luma, np.uint8), np.asarray(cb, np.uint8), np.asarray(cr, np.uint8)


def size_of(picture: Picture) -> tuple[int, int]:
    """Width and height."""
    if isinstance(picture, np.ndarray):
        return picture.shape[1], picture.shape[0]
    return picture.size


def grey_of(picture: Picture) -> Plane:
    """Brightness: luma as it is coded, of RGB that of ITU-R BT.601."""
    if isinstance(picture, Planes):
        return picture.luma
    return np.asarray(cv2.cvtColor(rgb_of(picture), cv2.COLOR_RGB2GRAY), np.uint8)


def rgb_of(picture: Picture) -> Image:
    return picture if isinstance(picture, np.ndarray) else picture.image


def rgb_at(picture: Picture, size: tuple[int, int]) -> Image:
    """``picture`` in RGB of that width and height, by area when shrinking and bicubic when
    enlarging."""
    if isinstance(picture, Planes) and size != picture.size:
        return picture.rgb_at(size)
    shrinks = math.prod(size) < math.prod(size_of(picture))
    return shrunk(rgb_of(picture), *size) if shrinks else _resized(rgb_of(picture), size)


def at_size(picture: Picture, size: tuple[int, int], enlarge: int = cv2.INTER_CUBIC) -> Picture:
    """``picture`` of that width and height, as planes if it is and can be. ``enlarge`` is OpenCV's
    interpolation for larger RGB."""
    if isinstance(picture, Planes) and not (size[0] % 2 or size[1] % 2):
        return picture if size == picture.size else picture.at(size)
    return _resized(rgb_of(picture), size, enlarge)


def shrunk(image: cv2.typing.MatLike, width: int, height: int) -> NDArray[np.uint8]:
    """``image`` at that size, by area. It is halved as often as possible first: OpenCV does that
    forty times as fast as any other factor (1920x1080 to 256x144: 1 ms in place of 20). What then
    is left to shrink by less than half is interpolated (to 856x480: 1.8 ms in place of 7)."""
    while image.shape[1] >= 2 * width and image.shape[0] >= 2 * height:
        down, across = (side // 2 for side in image.shape[:2])
        even = image[: 2 * down, : 2 * across]
        image = cv2.resize(even, (across, down), interpolation=cv2.INTER_AREA)
    little = image.shape[1] < 1.5 * width and image.shape[0] < 1.5 * height
    method = cv2.INTER_LINEAR if little else cv2.INTER_AREA
    return np.asarray(cv2.resize(image, (width, height), interpolation=method), np.uint8)


def _resized(image: Image, size: tuple[int, int], enlarge: int = cv2.INTER_CUBIC) -> Image:
    height, width = image.shape[:2]
    if size == (width, height):
        return image
    shrinks = size[0] * size[1] < width * height
    method = cv2.INTER_AREA if shrinks else enlarge
    return np.asarray(cv2.resize(image, size, interpolation=method), np.uint8)


def each_plane(work: Callable[..., Plane], *pictures: Picture) -> Picture:
    """What ``work`` makes of ``pictures`` of one size: of their lumas, their Cbs and their Crs if
    all are planes in the same colours, else of RGB."""
    planes = [picture for picture in pictures if isinstance(picture, Planes)]
    colours = {each.colours for each in planes}
    if len(planes) < len(pictures) or len(colours) > 1:
        return work(*map(rgb_of, pictures))
    parts = zip(*((each.luma, each.cb, each.cr) for each in planes), strict=True)
    luma, cb, cr = (work(*each) for each in parts)
    return Planes.of(luma, cb, cr, colours.pop())


@cache
def _from_rgb(colours: Colours) -> NDArray[np.float64]:
    """``[3, 4]``: H.273, equations 1 to 3 and 20 to 25 for 8 bits."""
    red, blue = _SHARES[colours.swscale_matrix]
    luma = np.array([red, 1 - red - blue, blue])
    cb, cr = (np.eye(3)[[2, 0]] - luma) / (2 - 2 * np.array([[blue], [red]]))
    scales, shifts = ((1, 1, 1), (0, 128, 128)) if colours.full else _LIMITED
    return np.column_stack([np.stack([luma, cb, cr]) * np.array(scales)[:, None], shifts])


@cache
def _to_rgb(colours: Colours) -> NDArray[np.float64]:
    """The inverse, ``[3, 4]``."""
    return np.linalg.inv(np.vstack([_from_rgb(colours), [0, 0, 0, 1]]))[:3]


def _view(frame: VideoFrame, number: int) -> Plane:
    plane = frame.planes[number]
    lines = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)  # type: ignore[call-overload]
    return np.asarray(lines[:, : plane.width])
