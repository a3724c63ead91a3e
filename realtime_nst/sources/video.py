"""Frames of a video file, upright, in RGB, at their exact times."""

from __future__ import annotations

import heapq
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Self, cast

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.sidedata.sidedata import SideData
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorTrc, VideoReformatter
from av.video.stream import VideoStream

from realtime_nst.errors import MediaError, UsageError
from realtime_nst.media.colours import Colours
from realtime_nst.media.container import (
    Orientation,
    clock,
    every_packet,
    frame_rate,
    is_cut_off,
    is_timeless,
    main_video,
    open_input,
)
from realtime_nst.media.timeline import Timeline
from realtime_nst.stream import Frame, Image, Managed, StreamInfo

# How many seconds before the start to look for a key frame; None means from the beginning.
_SEEK_MARGINS = (1, 30, None)

_SEARCHED_FOR_EXTRAS = 100
"""Frames from the beginning."""
_EXTRAS = {
    SideDataType.A53_CC: "captions inside the pictures (CEA-608 or 708)",
    SideDataType.SPHERICAL: "the tags of a 360-degree video",
    SideDataType.STEREO3D: "the tags of a stereoscopic video",
}

_Timed = tuple[VideoFrame, Fraction]


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

    Times are those of the file's :class:`~realtime_nst.media.timeline.Timeline`. The display matrix
    is applied, YUV is converted with the file's own matrix and range, and
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
        self._resized = False
        self._misplaced = 0
        self._reformatter = VideoReformatter()
        self._container: InputContainer | None = None
        self._info: StreamInfo | None = None

    def __enter__(self) -> Self:
        self.faults.truncated = is_cut_off(self.path) if self.path.is_file() else False
        try:
            first = self._open_at_start()
            self._orientation = Orientation.of(first) or Orientation()
            self._size, self._pixel_shape = (first.width, first.height), _pixel_shape(self._stream)
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
            if index < _SEARCHED_FOR_EXTRAS:
                self._note_extras(picture)
            duration = (picture.duration or 0) * (self._stream.time_base or Fraction(0)) or None
            yield Frame(self._upright(picture), index, pts, time.monotonic(), duration)

    def _open_at_start(self) -> VideoFrame:
        self._timeline = Timeline.of(self.path)
        self._reopen(None)
        for margin in _SEEK_MARGINS if self._start and self._seeks else (None,):
            if self._start:
                self._reopen(None if margin is None else self._start - margin)
            decoded = self._in_order(self._timed_frames())
            first = next(decoded, None)
            if margin is None or (first and first[1] <= (self._start or 0)):
                break
        return self._from_start(first, decoded)

    @property
    def _seeks(self) -> bool:
        """Only reading from the beginning tells which of several joined clocks holds, and which
        place in an AVI file or a raw stream a frame has."""
        timeless = is_timeless(self._stream)
        return not (self._timeline.joins or self._in_decoding_order or timeless)

    def _reopen(self, seconds: Fraction | None, threads: str = "AUTO") -> None:
        """Continue at a key frame before ``seconds`` of the film (None: at the beginning)."""
        self._close()
        self._container = open_input(self.path)
        self._stream = main_video(self._container)
        self._stream.thread_type = threads
        self.faults.corrupt = 0
        self._due: list[int] = []
        self._newest: int | None = None
        self._undecoded = 0
        self._counted_after: Fraction | None = None
        if seconds is not None:
            _seek(self._container, self._stream, seconds + self._timeline.origin)

    def _from_start(
        self,
        first: _Timed | None,
        rest: Iterator[_Timed],
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

    def _timed_frames(self) -> Iterator[_Timed]:
        """All frames, including those that an error at the end would take along.

        Frame threads meet a damaged packet near the end only when they are flushed. Then FFmpeg or
        PyAV drops the frames behind it, often without an error.
        """
        reached: Fraction | None = None
        for timed in self._timed(self._pictures()):
            reached = timed[1]
            yield timed
        if reached is not None and self._ends_after(reached):
            yield from self._tail(reached)

    def _in_order(self, timed: Iterator[_Timed]) -> Iterator[_Timed]:
        """A frame whose time is not between those of its neighbours, as damage leaves it, is shown
        in the middle between them, if there is room."""
        tick = self._stream.time_base or Fraction(1)
        before: Fraction | None = None
        frame, pts = next(timed, (None, Fraction(0)))
        while frame is not None:
            after, limit = next(timed, (None, None))
            if before is not None and limit is not None and not before < pts < limit:
                between = before + round((limit - before) / 2 / tick) * tick
                if before < between < limit:
                    pts = between
                    self._misplaced += 1
            yield frame, pts
            before = pts
            frame, pts = after, limit or Fraction(0)
        if self._misplaced:
            plural = "s" * (self._misplaced > 1)
            self.notices.append(
                f"{self._misplaced} frame{plural} of {self.path.name} had a wrong time and was put "
                "between its neighbours"
            )

    def _ends_after(self, reached: Fraction) -> bool:
        if is_timeless(self._stream):
            return self._undecoded > 0
        if self._due:
            return True
        newest = self._newest
        return newest is not None and newest * (self._stream.time_base or 1) > reached

    def _tail(self, reached: Fraction) -> Iterator[_Timed]:
        """Decode what comes after ``reached`` again, without frame threads."""
        damaged = self._damaged_before_end
        for margin in _SEEK_MARGINS if self._seeks else (None,):
            self._reopen(None if margin is None else reached - margin, "SLICE")
            self._counted_after = reached
            frames = self._timed(self._pictures())
            first = next(frames, None)
            if first is None or (margin is not None and first[1] > reached):
                continue
            yield from (timed for timed in _chain(first, frames) if timed[1] > reached)
            break
        self.faults.corrupt += damaged

    def _pictures(self) -> Iterator[VideoFrame]:
        for packet in self._packets():
            yield from self._decoded(packet)
        self._damaged_before_end = self.faults.corrupt
        yield from self._decoded(None)

    def _packets(self) -> Iterator[Packet[VideoStream]]:
        assert self._container is not None
        packets = self._timeline.moved(every_packet(self._container, self._stream))
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
                if self._in_decoding_order and packet.dts is not None:
                    heapq.heappush(self._due, packet.dts)
                elif packet.pts is not None and not packet.is_discard:
                    self._newest = max(packet.pts, self._newest or packet.pts)
                self._undecoded += 1
                yield packet

    def _decoded(self, packet: Packet[VideoStream] | None) -> Iterator[VideoFrame]:
        try:
            frames = self._stream.codec_context.decode(packet)
        except av.FFmpegError:
            self._count_damaged(packet)
            return
        self._undecoded -= len(frames)
        for frame in frames:
            if frame.is_corrupt:
                self.faults.corrupt += 1
                if self._due:
                    heapq.heappop(self._due)
            else:
                yield frame

    def _count_damaged(self, packet: Packet[VideoStream] | None) -> None:
        if packet is not None and packet.dts in self._due:
            self._due.remove(packet.dts)
            heapq.heapify(self._due)
        ticks = None if packet is None else packet.pts
        after = self._counted_after
        if ticks is None or after is None or ticks * (self._stream.time_base or 1) > after:
            self.faults.corrupt += 1

    def _timed(self, frames: Iterator[VideoFrame]) -> Iterator[_Timed]:
        """Frames without a time follow the previous one at the nominal rate.

        AVI stores no times: the n-th frame shown has the n-th place of the file, and what FFmpeg
        makes of reordered frames repeats and leaves out times.
        """
        time_base = self._stream.time_base or Fraction(1)
        step = 1 / (frame_rate(self._stream) or Fraction(25))
        expected = Fraction(0)
        for frame in frames:
            ticks = heapq.heappop(self._due) if self._due else frame.pts
            if is_timeless(self._stream):
                ticks = None
            pts = expected if ticks is None else ticks * time_base
            expected = pts + step
            yield frame, pts

    @property
    def _in_decoding_order(self) -> bool:
        return self._container is not None and self._container.format.name == "avi"

    def _upright(self, frame: VideoFrame) -> Image:
        colours = Colours.of(frame)
        if not frame.format.is_rgb:
            colours.tag(frame)
        mapped = colours.needs_mapping
        size = self._size
        if (frame.width, frame.height) != size:
            size = self._fitting(frame)
        image = self._reformatter.reformat(
            frame,
            *size,
            format="rgb24",
            dst_color_trc=ColorTrc.BT709 if mapped else None,
            dst_color_primaries=ColorPrimaries.BT709 if mapped else None,
            threads=1,
        ).to_ndarray()
        return self._orientation.apply(_with_bars(np.asarray(image, np.uint8), self._size))

    def _fitting(self, frame: VideoFrame) -> tuple[int, int]:
        """The largest size of the frame's shape that fits into the first frame's."""
        if not self._resized:
            self._resized = True
            self.notices.append(
                f"{self.path.name} changes its size to {frame.width}x{frame.height}: fitted into "
                f"{self._size[0]}x{self._size[1]} with bars"
            )
        width, height = self._size
        shape = Fraction(frame.width, frame.height) * _pixel_shape(self._stream) / self._pixel_shape
        if shape * height > width:
            return width, max(1, round(width / shape))
        return max(1, round(height * shape)), height

    def _describe(self, first: VideoFrame) -> None:
        width, height = self._size[::-1] if self._orientation.transposed else self._size
        rate = frame_rate(self._stream)
        self._info = StreamInfo(width, height, rate, self._expected_frames(rate))
        self._note_what_is_lost(first)

    def _expected_frames(self, rate: Fraction | None) -> int | None:
        if self._timeline.joins:
            return None
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
        # The alpha of VP8 and VP9 is a stream of its own, which their usual decoders leave out.
        if _has_alpha(first) or self._stream.metadata.get("alpha_mode") == "1":
            self.notices.append(f"{name} has transparency, which is lost")
        self.notices += self._timeline.notices(name)
        if Orientation.of(first) is None:
            self.notices.append(
                f"{name} has a rotation of {first.rotation} degrees, which is not applied "
                "(choices: 90, 180, 270)"
            )

    def _note_extras(self, frame: VideoFrame) -> None:
        for data in cast("Iterable[SideData]", frame.side_data):
            what = _EXTRAS.get(data.type)
            notice = f"{self.path.name} has {what}, which are lost"
            if what and notice not in self.notices:
                self.notices.append(notice)

    def _close(self) -> None:
        if self._container is not None:
            self._container.close()
            self._container = None


def _chain(first: _Timed, rest: Iterator[_Timed]) -> Iterator[_Timed]:
    yield first
    yield from rest


def _seek(container: InputContainer, stream: VideoStream, seconds: Fraction) -> None:
    try:
        container.seek(int(seconds / (stream.time_base or 1)), stream=stream)
    except av.FFmpegError:
        # Before the first key frame, or a format without an index: read from the beginning.
        with suppress(av.FFmpegError):  # it was not left
            container.seek(0)


def _has_alpha(frame: VideoFrame) -> bool:
    """FFmpeg decodes every GIF to BGRA, most of them opaque."""
    if frame.format.name == "bgra":
        return bool((frame.to_ndarray(format="rgba")[..., 3] < 255).any())
    return any(component.is_alpha for component in frame.format.components)


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
