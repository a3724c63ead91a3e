"""Pictures from aiortc and to it."""

import time
from fractions import Fraction
from typing import cast

import numpy as np
from aiortc import MediaStreamTrack
from aiortc.mediastreams import VIDEO_CLOCK_RATE, VIDEO_TIME_BASE, MediaStreamError
from av import VideoFrame

from realtime_nst.serve.newest import Newest
from realtime_nst.serve.sizes import painted_size
from realtime_nst.stream import Frame, Image

RATE = 30
"""Pictures a second that are painted; what a faster camera sends beyond is left out."""


class PaintedTrack(MediaStreamTrack):
    """The newest painted picture, whenever the encoder is ready for one.

    ``encoding`` is how many seconds it kept the last one.
    """

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self.pictures: Newest[VideoFrame] = Newest()
        self.encoding = 0.0
        self._handed: float | None = None

    async def recv(self) -> VideoFrame:
        if self.readyState != "live":
            raise MediaStreamError
        if self._handed is not None:
            self.encoding = time.monotonic() - self._handed
        picture = await self.pictures.get()
        self._handed = time.monotonic()
        return picture


class RateLimit:
    """Lets ``rate`` a second through, and ``burst`` more in close succession, for cameras are not
    regular."""

    def __init__(self, rate: float, burst: int = 1) -> None:
        self._gap, self._ahead = 1 / rate, burst / rate
        self._due = -np.inf

    def admits(self, seconds: float) -> bool:
        """``seconds`` is the time of arrival."""
        if seconds < self._due - self._ahead:
            return False
        self._due = max(self._due, seconds) + self._gap
        return True


def decoded(picture: VideoFrame, index: int, captured: float) -> Frame:
    """The picture at its :func:`painted_size`."""
    ticks = picture.pts or 0
    width, height = painted_size(picture.width, picture.height)
    image = cast(Image, picture.to_ndarray(format="rgb24", width=width, height=height))
    return Frame(image, index, Fraction(ticks, VIDEO_CLOCK_RATE), captured)


def encodable(image: Image, like: Frame) -> VideoFrame:
    """``image`` in the pixel format the encoder takes, with the time of ``like``."""
    picture = VideoFrame.from_ndarray(image, format="rgb24").reformat(format="yuv420p")
    picture.pts, picture.time_base = int(like.pts * VIDEO_CLOCK_RATE), VIDEO_TIME_BASE
    return picture
