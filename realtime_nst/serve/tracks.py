"""Pictures between the event loop and aiortc: mailbox, rate limit, painted size, track, encoder."""

import asyncio
import time
from fractions import Fraction
from typing import Generic, TypeVar, cast

import numpy as np
from aiortc import MediaStreamTrack
from aiortc.codecs.vpx import Vp8Encoder
from aiortc.mediastreams import VIDEO_CLOCK_RATE, VIDEO_TIME_BASE, MediaStreamError
from av import VideoFrame

from realtime_nst.stream import Frame, Image

RATE = 30
"""Pictures painted a second at most; those of a faster camera are dropped."""

_BITS_A_SECOND = 4_000_000
"""At 640x480 and 30 pictures a second, brush strokes have a PSNR of 38 dB: 4 more than with the
most that aiortc spends, and 8 more than with what it begins with."""

_FEWEST_BITS_A_SECOND = 250_000

_SHORTER_SIDES = (120, 180, 240, 360, 480, 720)
_ASPECTS = (1, 5 / 4, 4 / 3, 3 / 2, 16 / 9)
_MULTIPLE = 16

T = TypeVar("T")


class Newest(Generic[T]):
    """A single-slot mailbox for one event loop: a new item replaces one that was not taken.

    ``dropped`` counts the items replaced.
    """

    def __init__(self) -> None:
        self.dropped = 0
        self._items: list[T] = []
        self._filled = asyncio.Event()

    def put(self, item: T) -> None:
        self.dropped += len(self._items)
        self._items = [item]
        self._filled.set()

    async def get(self) -> T:
        """Wait for an item and take it."""
        await self._filled.wait()
        self._filled.clear()
        return self._items.pop()


class RateLimit:
    """Admits ``rate`` pictures a second, and bursts of ``burst``, since cameras are irregular."""

    def __init__(self, rate: float, burst: int = 1) -> None:
        self._gap, self._ahead = 1 / rate, burst / rate
        self._due = -np.inf

    def admits(self, seconds: float) -> bool:
        """Whether to admit a picture that arrives at ``seconds``."""
        if seconds < self._due - self._ahead:
            return False
        self._due = max(self._due, seconds) + self._gap
        return True


class PaintedTrack(MediaStreamTrack):
    """Delivers the newest painted picture whenever the encoder is ready.

    ``encoding`` is how many seconds the encoder spent on the last picture.
    """

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self.pictures: Newest[VideoFrame] = Newest()
        self.encoding = 0.0
        self._delivered: float | None = None

    async def recv(self) -> VideoFrame:
        if self.readyState != "live":
            raise MediaStreamError
        if self._delivered is not None:
            self.encoding = time.monotonic() - self._delivered
        picture = await self.pictures.get()
        self._delivered = time.monotonic()
        return picture


class PaintingEncoder(Vp8Encoder):
    """VP8 at a higher bit rate than aiortc's: brush strokes need more bits than a face.

    It begins with the most. If the viewer's network cannot carry that, the browser reports it and
    aiortc lowers ``target_bitrate``, in bits a second.
    """

    _target = _BITS_A_SECOND

    @property
    def target_bitrate(self) -> int:
        return self._target

    @target_bitrate.setter
    def target_bitrate(self, bitrate: int) -> None:
        self._target = max(_FEWEST_BITS_A_SECOND, min(bitrate, _BITS_A_SECOND))


def painted_size(width: int, height: int) -> tuple[int, int]:
    """The width and height to paint a camera picture at; common camera sizes are unchanged.

    There are few of them, since a network is compiled for each size and cached on disk. The shorter
    side is rounded down to one of six, at least 120 pixels; the aspect ratio is rounded to the
    nearest of five, landscape or portrait.
    """
    short, long = sorted((width, height))
    side = max((each for each in _SHORTER_SIDES if each <= short), default=_SHORTER_SIDES[0])
    aspect = min(_ASPECTS, key=lambda each: abs(each - long / short))
    longer = side if aspect == 1 else round(side * aspect / _MULTIPLE) * _MULTIPLE
    return (longer, side) if width > height else (side, longer)


def decoded(picture: VideoFrame, index: int, captured: float) -> Frame:
    """The picture as a frame of its :func:`painted_size`."""
    ticks = picture.pts or 0
    width, height = painted_size(picture.width, picture.height)
    image = cast(Image, picture.to_ndarray(format="rgb24", width=width, height=height))
    return Frame(image, index, Fraction(ticks, VIDEO_CLOCK_RATE), captured)


def encodable(image: Image, like: Frame) -> VideoFrame:
    """``image`` in the encoder's pixel format, with the time of ``like``."""
    picture = VideoFrame.from_ndarray(image, format="rgb24").reformat(format="yuv420p")
    picture.pts, picture.time_base = int(like.pts * VIDEO_CLOCK_RATE), VIDEO_TIME_BASE
    return picture
