"""One reading of a video file: its good frames, and when each is shown."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Self

import av
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from realtime_nst.media.colours import Told
from realtime_nst.media.container import (
    VideoFile,
    clock,
    every_packet,
    frame_rate,
    is_in_decoding_order,
    is_timeless,
    main_video,
    open_input,
    seek,
)
from realtime_nst.media.pixels import alpha_decoder
from realtime_nst.media.span import Span
from realtime_nst.media.timeline import Timeline

Timed = tuple[VideoFrame, Fraction]
"""A frame, and the seconds of the film at which it is shown."""


@dataclass
class Faults:
    """What was wrong with a file, known once it has been read.

    ``corrupt`` counts damaged frames, which are skipped. ``doubtful`` has the times, in ticks, of
    frames that decode although bytes of them are missing. ``truncated`` is True if the file ends
    too early; ``reached`` is the time of its last good frame in seconds.
    """

    corrupt: int = 0
    doubtful: set[int] = field(default_factory=set)
    truncated: bool = False
    reached: Fraction | None = None

    @property
    def message(self) -> str:
        """One line; empty if nothing was wrong."""
        parts = []
        if self.corrupt:
            parts.append(f"{self.corrupt} damaged frame{'s' * (self.corrupt > 1)} skipped")
        if doubtful := len(self.doubtful):
            parts.append(f"{doubtful} frame{'s' * (doubtful > 1)} incomplete")
        if self.truncated:
            parts.append("the file is cut off")
            if self.reached is not None:
                parts.append(f"its last good frame is at {clock(self.reached)}")
        return "; ".join(parts)

    def add(self, later: Self) -> None:
        """Those of a later piece of the same file."""
        self.corrupt += later.corrupt
        self.doubtful |= later.doubtful
        self.truncated = self.truncated or later.truncated
        self.reached = self.reached if later.reached is None else later.reached

    def __bool__(self) -> bool:
        return bool(self.corrupt or self.doubtful or self.truncated)


_SLICED = {"dvvideo": "SLICE"}
"""Decoders that need, for a frame with a damaged header, what they know from the one before, which
is in another of several frame threads."""


class Decoding:
    """The main video of the file at ``path``, from a key frame before ``seconds`` of the film
    (None: from the beginning).

    ``threads`` is FFmpeg's kind of threads. Damaged frames within ``counted`` (None: all) are
    counted in ``faults``, of which ``corrupt`` begins at 0.
    """

    def __init__(
        self,
        path: VideoFile,
        timeline: Timeline,
        faults: Faults,
        seconds: Fraction | None = None,
        *,
        threads: str = "AUTO",
        counted: Span | None = None,
    ) -> None:
        self._timeline, self._faults, self._counted = timeline, faults, counted
        self.container = open_input(path)
        self.stream = main_video(self.container)
        self.stream.thread_type = _SLICED.get(self.stream.codec_context.name, threads)
        self._told = Told.of(self.stream.codec_context)
        self._decoder = alpha_decoder(self.stream) or self.stream.codec_context
        faults.corrupt = 0
        self.damaged_before_end = 0
        """Damaged frames met before the decoder was flushed."""
        self._due: list[int] = []
        self._newest: int | None = None
        self._undecoded = 0
        self._incomplete: set[int] = set()
        self._since_key: list[Packet[VideoStream]] = []
        if seconds is not None:
            seek(self.container, self.stream, seconds + timeline.origin)

    def close(self) -> None:
        self.container.close()

    def ends_after(self, reached: Fraction) -> bool:
        """Whether there are packets of frames that are shown after ``reached`` seconds."""
        if is_timeless(self.container):
            return self._undecoded > 0
        if self._due:
            return True
        newest = self._newest
        return newest is not None and newest * (self.stream.time_base or 1) > reached

    def frames(self) -> Iterator[Timed]:
        """Frames without a time follow the previous one at the nominal rate.

        AVI stores no times: the n-th frame shown has the n-th place of the file, and what FFmpeg
        makes of reordered frames repeats and leaves out times.
        """
        time_base = self.stream.time_base or Fraction(1)
        step = 1 / (frame_rate(self.stream) or Fraction(25))
        expected = Fraction(0)
        for frame in self._pictures():
            ticks = heapq.heappop(self._due) if self._due else frame.pts
            if is_timeless(self.container):
                ticks = None
            pts = expected if ticks is None else ticks * time_base
            expected = pts + step
            yield frame, pts

    def _pictures(self) -> Iterator[VideoFrame]:
        for packet in self._packets():
            if self._decoder is not self.stream.codec_context:
                if packet.is_keyframe:
                    self._since_key.clear()
                self._since_key.append(packet)
            yield from self._decoded(packet)
        self.damaged_before_end = self._faults.corrupt
        yield from self._decoded(None)

    def _packets(self) -> Iterator[Packet[VideoStream]]:
        packets = self._timeline.moved(every_packet(self.container, self.stream))
        while True:
            try:
                packet = next(packets, None)
            except av.FFmpegError:
                self._faults.truncated = True
                return
            if packet is None:
                return
            # An empty packet would signal the end of the stream to the decoder. Others need what is
            # left of an incomplete one: without the key frame, all would be lost up to the next.
            if packet.size:
                if packet.is_corrupt and packet.pts is not None:
                    self._incomplete.add(packet.pts)
                if is_in_decoding_order(self.container) and packet.dts is not None:
                    heapq.heappush(self._due, packet.dts)
                elif packet.pts is not None and not packet.is_discard:
                    self._newest = max(packet.pts, self._newest or packet.pts)
                self._undecoded += 1
                yield packet

    def _decoded(self, packet: Packet[VideoStream] | None) -> Iterator[VideoFrame]:
        try:
            frames = self._decoder.decode(packet)
        except av.FFmpegError:
            if packet is not None and self._decoder is not self.stream.codec_context:
                yield from self._without_alpha(packet)
            else:
                self._count_damaged(packet)
            return
        self._undecoded -= len(frames)
        for frame in frames:
            if frame.is_corrupt:
                self._count(frame.pts)
                if self._due:
                    heapq.heappop(self._due)
            else:
                if frame.pts in self._incomplete and self._counts(frame.pts):
                    self._faults.doubtful.add(frame.pts)
                self._told.tell(frame)
                yield frame

    def _without_alpha(self, packet: Packet[VideoStream]) -> Iterator[VideoFrame]:
        """The decoder of alpha gives up a picture for damage to its alpha alone, and those that
        depend on it: from here on, FFmpeg's usual decoder takes over."""
        self.stream.thread_type = "SLICE"  # so that each frame comes with its packet
        self._decoder = self.stream.codec_context
        for earlier in self._since_key[:-1]:
            with suppress(av.FFmpegError):
                self._decoder.decode(earlier)
        self._since_key.clear()
        if packet.pts is not None:
            self._incomplete.add(packet.pts)
        yield from self._decoded(packet)

    def _count_damaged(self, packet: Packet[VideoStream] | None) -> None:
        if packet is not None and packet.dts in self._due:
            self._due.remove(packet.dts)
            heapq.heapify(self._due)
        self._count(None if packet is None else packet.pts)

    def _count(self, ticks: int | None) -> None:
        self._faults.corrupt += self._counts(ticks)

    def _counts(self, ticks: int | None) -> bool:
        base = self.stream.time_base or Fraction(1)
        return ticks is None or self._counted is None or ticks * base in self._counted
