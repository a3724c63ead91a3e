"""Frames of a video file, upright, in RGB, at their exact times."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Self

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorTrc, VideoReformatter
from av.video.stream import VideoStream

from realtime_nst.colours import Colours
from realtime_nst.errors import MediaError, UsageError
from realtime_nst.media import clock, frame_rate, is_cut_off, main_video, open_input
from realtime_nst.stream import Frame, Image, Managed, StreamInfo

# How many seconds before the start to look for a key frame; None means from the beginning.
_SEEK_MARGINS = (1, 30, None)


@dataclass
class Faults:
    """What was wrong with a file, known once it has been read.

    ``corrupt`` counts damaged frames, which are skipped. ``truncated`` is True if the file ends too
    early; ``reached`` is the time of its last good frame in seconds.
    """

    corrupt: int = 0
    truncated: bool = False
    reached: Fraction | None = None

    @property
    def message(self) -> str:
        """One line; empty if nothing was wrong."""
        parts = []
        if self.corrupt:
            parts.append(f"{self.corrupt} damaged frame{'s' * (self.corrupt > 1)} skipped")
        if self.truncated:
            parts.append("the file is cut off")
            if self.reached is not None:
                parts.append(f"its last good frame is at {clock(self.reached)}")
        return "; ".join(parts)

    def __bool__(self) -> bool:
        return bool(self.corrupt or self.truncated)


class VideoSource(Managed):
    """The frames of the video file at ``path``, from the first one at or after ``start`` seconds.

    Rotation in the metadata is applied, YUV is converted with the file's own matrix and range, and
    HDR and BT.2020 are mapped to BT.709. ``notices`` has a line for each property that is lost; it
    is complete once the source is open. Damaged frames are skipped, and a file that is cut off
    delivers all its good frames: then iteration ends as usual and ``faults`` says what was wrong.

    Entering raises :class:`UsageError` if there is no such file or no frame after ``start``, and
    :class:`MediaError` if the file cannot be read.
    """

    def __init__(self, path: Path | str, *, start: Fraction | None = None) -> None:
        self.path = Path(path)
        self.notices: list[str] = []
        self.faults = Faults()
        self._start = start
        self._reformatter = VideoReformatter()
        self._container: InputContainer | None = None
        self._info: StreamInfo | None = None

    def __enter__(self) -> Self:
        self.faults.truncated = is_cut_off(self.path) if self.path.is_file() else False
        try:
            first = self._open_at_start()
            self._turns = _quarter_turns(first)
            self._size = first.width, first.height
            self._describe(first)
        except BaseException:
            self._close()
            raise
        return self

    @property
    def info(self) -> StreamInfo:
        if self._info is None:
            raise MediaError(f"{self.path} is not open yet; enter the source first")
        return self._info

    def __iter__(self) -> Iterator[Frame]:
        for index, (picture, pts) in enumerate(self._frames):
            self.faults.reached = pts
            yield Frame(self._upright(picture), index, pts, time.monotonic())

    def _open_at_start(self) -> VideoFrame:
        for margin in _SEEK_MARGINS if self._start else (None,):
            self._close()
            self._container = open_input(self.path)
            self._stream = main_video(self._container)
            self._stream.thread_type = "AUTO"
            self.faults.corrupt = 0
            decoded = self._timed(self._pictures())
            if margin is not None:
                _seek(self._container, self._stream, (self._start or Fraction(0)) - margin)
            first = next(decoded, None)
            if margin is None or (first and first[1] <= (self._start or 0)):
                break
        return self._from_start(first, decoded)

    def _from_start(
        self,
        first: tuple[VideoFrame, Fraction] | None,
        rest: Iterator[tuple[VideoFrame, Fraction]],
    ) -> VideoFrame:
        """Skip to ``start``, let ``_frames`` continue there, and return the picture found."""
        if first is None:
            raise MediaError(self._no_frame())
        last = first[1]
        while first is not None and self._start is not None and first[1] < self._start:
            last = max(last, first[1])
            first = next(rest, None)
        if first is None:
            raise UsageError(
                f"{self.path} has no frame at or after {clock(self._start or Fraction(0))}; "
                f"its last one is at {clock(last)}"
            )
        self._frames = _chain(first, rest)
        return first[0]

    def _no_frame(self) -> str:
        damaged = self.faults.corrupt
        why = f"all {damaged} are damaged" if damaged else "it has none"
        return f"{self.path} contains no readable frame: {why}; copy or download it again"

    def _pictures(self) -> Iterator[VideoFrame]:
        for packet in self._packets():
            yield from self._decoded(packet)
        yield from self._decoded(None)

    def _packets(self) -> Iterator[Packet[VideoStream]]:
        assert self._container is not None
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except av.FFmpegError:
                self.faults.truncated = True
                return
            if packet is None:
                return
            # An empty packet would signal the end of the stream to the decoder.
            if packet.size and packet.is_corrupt:
                self.faults.corrupt += 1
            elif packet.size:
                yield packet

    def _decoded(self, packet: Packet[VideoStream] | None) -> Iterator[VideoFrame]:
        try:
            frames = self._stream.codec_context.decode(packet)
        except av.FFmpegError:
            self.faults.corrupt += 1
            return
        for frame in frames:
            if frame.is_corrupt:
                self.faults.corrupt += 1
            else:
                yield frame

    def _timed(self, frames: Iterator[VideoFrame]) -> Iterator[tuple[VideoFrame, Fraction]]:
        """Frames without a time follow the previous one at the nominal rate."""
        time_base = self._stream.time_base or Fraction(1)
        step = 1 / (frame_rate(self._stream) or Fraction(25))
        expected = Fraction(0)
        for frame in frames:
            pts = expected if frame.pts is None else frame.pts * time_base
            expected = pts + step
            yield frame, pts

    def _upright(self, frame: VideoFrame) -> Image:
        colours = Colours.of(frame)
        if not frame.format.is_rgb:
            colours.tag(frame)
        mapped = colours.needs_mapping
        image = self._reformatter.reformat(
            frame,
            *self._size,
            format="rgb24",
            dst_color_trc=ColorTrc.BT709 if mapped else None,
            dst_color_primaries=ColorPrimaries.BT709 if mapped else None,
            threads=1,
        ).to_ndarray()
        return _turned(np.asarray(image, np.uint8), self._turns)

    def _describe(self, first: VideoFrame) -> None:
        width, height = self._size if self._turns % 2 == 0 else self._size[::-1]
        rate = frame_rate(self._stream)
        self._info = StreamInfo(width, height, rate, self._expected_frames(rate))
        self._note_what_is_lost(first)

    def _expected_frames(self, rate: Fraction | None) -> int | None:
        stream, container = self._stream, self._container
        total: Fraction | None = Fraction(stream.frames) if stream.frames else None
        if total is None and rate and container is not None and container.duration:
            total = Fraction(container.duration, 1_000_000) * rate
        if total is None:
            return None
        done = (self._start or 0) * (rate or 0)
        return max(1, round(total - done))

    def _note_what_is_lost(self, first: VideoFrame) -> None:
        name = self.path.name
        if first.interlaced_frame:
            self.notices.append(
                f"{name} is interlaced: both fields are stylised as one picture, and the result "
                "is progressive; if motion shows combs, deinterlace it first"
            )
        colours = Colours.of(first)
        if colours.needs_mapping:
            what = "HDR" if colours.hdr else "wide-gamut (BT.2020)"
            lost = "highlights above paper white" if colours.hdr else "colours outside it"
            self.notices.append(f"{name} is {what}: mapped to 8-bit BT.709, {lost} are lost")
        if any(component.is_alpha for component in first.format.components):
            self.notices.append(f"{name} has transparency, which is lost")
        if first.rotation % 90:
            self.notices.append(
                f"{name} has a rotation of {first.rotation} degrees, which is not applied "
                "(choices: 90, 180, 270)"
            )

    def _close(self) -> None:
        if self._container is not None:
            self._container.close()
            self._container = None


def _chain(
    first: tuple[VideoFrame, Fraction], rest: Iterator[tuple[VideoFrame, Fraction]]
) -> Iterator[tuple[VideoFrame, Fraction]]:
    yield first
    yield from rest


def _seek(container: InputContainer, stream: VideoStream, seconds: Fraction) -> None:
    try:
        container.seek(int(seconds / (stream.time_base or 1)), stream=stream)
    except av.FFmpegError:
        # Before the first key frame, or a format without an index: read from the beginning.
        container.seek(0)


def _quarter_turns(frame: VideoFrame) -> int:
    """Counter-clockwise."""
    return round(frame.rotation / 90) % 4 if frame.rotation % 90 == 0 else 0


def _turned(image: Image, turns: int) -> Image:
    if turns == 0:
        return np.ascontiguousarray(image)
    import cv2

    how = (cv2.ROTATE_90_COUNTERCLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_CLOCKWISE)[turns - 1]
    return np.asarray(cv2.rotate(np.ascontiguousarray(image), how), np.uint8)
