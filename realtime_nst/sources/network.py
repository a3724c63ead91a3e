"""A stream over the network: RTSP, HTTP and whatever else FFmpeg receives."""

import time
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import chain
from typing import Self
from urllib.parse import urlsplit

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from realtime_nst.errors import MediaError, SourceStalled, UsageError
from realtime_nst.media.container import frame_rate, main_video
from realtime_nst.media.orientation import Orientation, pixel_shape
from realtime_nst.stream import Frame, Image, Managed, StreamInfo

PROTOCOLS = ("http", "https", "rtmp", "rtsp", "rtsps", "srt", "tcp", "udp")
_LONGEST_SECONDS = 5.0
_SLICE_SECONDS = 0.1
_REMEDY = "check the address and the network, or use the built-in scene with `camera` synthetic"


class NetworkSource(Managed):
    """The video at ``url``, always live; the protocol is one of ``PROTOCOLS``.

    A video of known length, such as a file on a web server, is played in real time and ends; no
    picture stays for longer than five seconds, whatever the timestamps say. Any other stream is
    delivered as it arrives, and its end is a failure. Raises :class:`UsageError` for another
    protocol, :class:`MediaError` if the stream cannot be opened or ends early, and
    :class:`SourceStalled` if nothing arrives for ``timeout`` seconds.
    """

    def __init__(self, url: str, *, timeout: float = 5.0) -> None:
        if not is_stream(url):
            raise UsageError(
                f"{url!r} is not the address of a stream (choices: {', '.join(PROTOCOLS)}); "
                "give one as rtsp://host/name",
                choices=PROTOCOLS,
            )
        self._url, self._timeout = url, timeout
        self._container: InputContainer | None = None
        self._info: StreamInfo | None = None

    @property
    def name(self) -> str:
        """The address without user and password."""
        try:
            parts = urlsplit(self._url)
        except ValueError:  # as of "rtsp://[::1/x"
            return self._url.rpartition("@")[2]
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()

    @property
    def info(self) -> StreamInfo:
        if self._info is None:
            raise MediaError(f"{self.name} is not open yet; enter the source first")
        return self._info

    def __enter__(self) -> Self:
        try:
            self._container = self._opened()
            self._pictures = self._decoded(self._container)
            self._first = next(self._pictures)
        except StopIteration:
            self._close()
            raise MediaError(f"{self.name} contains no picture; {_REMEDY}") from None
        except BaseException:
            self._close()
            raise
        stream = main_video(self._container)
        self._orientation = Orientation.of(self._first) or Orientation()
        size = self._first.width, self._first.height
        width, height = size[::-1] if self._orientation.transposed else size
        aspect = pixel_shape(stream, self._orientation)
        self._info = StreamInfo(width, height, frame_rate(stream), live=True, aspect=aspect)
        return self

    def __iter__(self) -> Iterator[Frame]:
        began = due = time.monotonic()
        before = self._first.time or 0.0
        for index, picture in enumerate(chain([self._first], self._pictures)):
            image = self._orientation.apply(_rgb(picture))
            if self._ends:
                now = picture.time or 0.0
                due += min(max(0.0, now - before), _LONGEST_SECONDS)
                before = now
                self._wait_until(due)
            captured = time.monotonic()
            pts = Fraction(captured - began).limit_denominator(90_000)
            yield Frame(image, index, pts, captured)
        if not self._ends:
            raise MediaError(f"{self.name} ended; {_REMEDY}")

    def _wait_until(self, due: float) -> None:
        """Sleep until ``due``, or until the source is closed."""
        while self._container is not None and (left := due - time.monotonic()) > 0:
            time.sleep(min(left, _SLICE_SECONDS))

    @property
    def _ends(self) -> bool:
        return bool(self._container and self._container.duration)

    def _opened(self) -> InputContainer:
        options = {"rtsp_transport": "tcp"} if self._url.startswith("rtsp") else {}
        try:
            container = av.open(self._url, timeout=self._timeout, options=options)
        except av.FFmpegError as error:
            raise self._failure(error) from error
        if not container.streams.video:
            container.close()
            raise MediaError(f"{self.name} has no video; choose another stream")
        main_video(container).thread_type = "SLICE"  # threads for whole frames delay them
        return container

    def _decoded(self, container: InputContainer) -> Iterator[VideoFrame]:
        for packet in self._received(container):
            with suppress(av.InvalidDataError):  # a damaged picture; the next may be intact
                yield from packet.decode()

    def _received(self, container: InputContainer) -> "Iterator[Packet[VideoStream]]":
        """The packets in time: after a timeout, FFmpeg still delivers the one it waited for."""
        packets = container.demux(main_video(container))
        while True:
            asked = time.monotonic()
            try:
                packet = next(packets, None)
            except av.FFmpegError as error:
                raise self._failure(error) from error
            if packet is None:
                return
            if time.monotonic() - asked >= self._timeout:
                raise self._stalled()
            yield packet

    def _failure(self, error: av.FFmpegError) -> MediaError:
        if isinstance(error, av.ExitError):
            return self._stalled()
        return MediaError(f"{self.name} cannot be received: {error.strerror}; {_REMEDY}")

    def _stalled(self) -> SourceStalled:
        return SourceStalled(f"{self.name} has sent nothing for {self._timeout:g} s; {_REMEDY}")

    def _close(self) -> None:
        if self._container is not None:
            self._container.close()
            self._container = None


def is_stream(address: str) -> bool:
    """Whether ``address`` begins with a protocol of ``PROTOCOLS``."""
    return address.partition("://")[0].lower() in PROTOCOLS and "://" in address


def _rgb(picture: VideoFrame) -> Image:
    return np.asarray(picture.to_ndarray(format="rgb24"), np.uint8)
