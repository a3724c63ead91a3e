"""What is kept of a video file: sound, subtitles, covers, attachments, chapters and tags."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from functools import partial
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Disposition, Stream

from realtime_nst.media.container import VideoFile, is_cover, open_input
from realtime_nst.media.span import WHOLE, Span
from realtime_nst.media.timeline import Timeline
from realtime_nst.sinks._convert import (
    SHORT_TICK,
    Change,
    ConvertedSound,
    ConvertedText,
    filter_of,
    filtered_by,
)
from realtime_nst.sinks._cut import chapters_of, cut_packets
from realtime_nst.sinks._fates import COVER_TYPES, Fate, becomes_attachment
from realtime_nst.sinks._unbroken import UnbrokenText, is_text
from realtime_nst.sinks.formats import Container

# Tags that describe the old file, not its content.
_FILE_TAGS = {"encoder", "major_brand", "minor_version", "compatible_brands", "duration"}
_STREAM_TAGS = {
    "alpha_mode",
    "bps",
    "duration",
    "encoder",
    "number_of_bytes",
    "number_of_frames",
    "vendor_id",
}
"""Those that are not copied; muxers write their own."""
_LONGEST_PRIMING = Fraction(1, 10)


class CopiedStreams:
    """The packets of the streams of ``source`` that ``fates`` names, in the file's order.

    They are those that begin in ``span``, from whose start times count.

    Packets stay as they are unless their fate is to be converted, with one exception: AAC loses a
    header that other containers store once.
    """

    def __init__(
        self, source: VideoFile, kind: Container, fates: Sequence[Fate], span: Span = WHOLE
    ) -> None:
        self._source, self._kind, self._span = source, kind, span
        self._input = open_input(source)
        self._timeline = Timeline.of(source, quick=span.quick)
        self._codecs = {fate.index: fate.codec for fate in fates}
        # In a damaged file, further streams may come to light while it is read.
        found = len(self._input.streams)
        self._streams = [self._input.streams[fate.index] for fate in fates if fate.index < found]
        self._chains: dict[int, UnbrokenText] = defaultdict(
            partial(UnbrokenText, self._timeline.origin, span)
        )
        self._last: dict[int, Fraction] = {}
        self.damaged = 0
        """Packets left out: they cannot be read, or go back in time."""

    @property
    def has_keys(self) -> bool:
        """True if there are tags of QuickTime or Android, which MP4 keeps in a place of its own."""
        return any(key.lower().startswith("com.") for key in self._input.metadata)

    @property
    def has_cover(self) -> bool:
        return any(is_cover(stream) for stream in self._streams)

    @property
    def tick_rates(self) -> list[int]:
        """Ticks a second of each copied stream."""
        return [stream.time_base.denominator for stream in self._streams if stream.time_base]

    def attach(self, output: OutputContainer) -> None:
        """Declare the streams, chapters and tags in ``output``."""
        self._changes: dict[int, Change] = {}
        self._outputs: dict[int, Stream] = {}
        for stream in self._streams:
            if not becomes_attachment(self._kind, stream):
                self._declare(stream, output)
        output.metadata.update(_kept(self._input.metadata, _FILE_TAGS))
        output.set_chapters(chapters_of(self._input, self._timeline.origin, self._span))
        for stream in self._streams:
            if becomes_attachment(self._kind, stream):
                self._attach_cover(stream, output)
        self._packets = self._changed()
        self._next = next(self._packets, None)

    def until(self, seconds: Fraction | None = None) -> Iterator[Packet[Any]]:
        """The packets due by ``seconds`` (None: all that are left), ready to be written."""
        while self._next is not None and (seconds is None or _due(self._next) <= seconds):
            packet, self._next = self._next, next(self._packets, None)
            yield packet

    def close(self) -> None:
        self._input.close()

    def _changed(self) -> Iterator[Packet[Any]]:
        for packet in self._read():
            index = packet.stream_index
            # The first packet that is filtered has the header; what is converted is cut behind it.
            wanted = self._codecs.get(index) or self._begins_within(index, packet)
            if index in self._outputs and wanted:
                yield from self._ready(index, packet)
        for index in self._outputs:
            yield from self._ready(index, None)

    def _ready(self, index: int, packet: Packet[Any] | None) -> Iterator[Packet[Any]]:
        try:
            ready = list(self._changes[index](packet))
        except av.FFmpegError:  # a damaged header
            self.damaged += 1
            return
        for changed in ready:
            if not self._begins_within(index, changed):
                continue
            if self._is_in_order(index, changed):
                changed.stream = self._outputs[index]
                yield changed
            else:
                self.damaged += 1

    def _begins_within(self, index: int, packet: Packet[Any]) -> bool:
        """Of a part, what begins before it or behind it, as converted sound may, is left out."""
        stream = self._input.streams[index]
        if self._span.is_whole or is_cover(stream) or stream.type == "subtitle":
            return True
        return packet.pts is None or packet.pts * packet.time_base + self._span.start in self._span

    def _is_in_order(self, index: int, packet: Packet[Any]) -> bool:
        """Muxers refuse decoding times that go back, and MP4 refuses those that stay."""
        if packet.dts is None:
            return True
        last = self._last.get(index)
        now = packet.dts * packet.time_base
        if last is not None and now < last:
            return False
        if last is not None and not self._kind.milliseconds:
            late = last + _tick(self._input.streams[index], packet) - now
            packet.dts += max(0, math.ceil(late / packet.time_base))
            now = packet.dts * packet.time_base
        if packet.pts is not None:
            packet.pts = max(packet.pts, packet.dts)
        self._last[index] = now
        return True

    def _read(self) -> Iterator[Packet[Any]]:
        """A source that is cut off just ends here: the one that reads the pictures reports it."""
        if not self._streams:
            return
        cut: dict[int, bool] = {}
        with suppress(av.FFmpegError):
            for packet in cut_packets(self._input, self._streams, self._timeline, self._span):
                # Matroska has no edit lists. Packets that only prepare the decoder are few.
                discarded = self._kind.milliseconds and packet.is_discard
                if discarded and cut.setdefault(
                    packet.stream_index, _due(packet) < -_LONGEST_PRIMING
                ):
                    continue
                if packet.size and is_text(packet.stream):
                    yield from self._chains[packet.stream_index].packets(packet)
                elif packet.size:
                    yield packet

    def _declare(self, stream: Stream, output: OutputContainer) -> None:
        codec = self._codecs[stream.index]
        if codec is not None:
            convert = ConvertedSound if stream.type == "audio" else ConvertedText
            converted = convert(stream, codec, output)
            new, self._changes[stream.index] = converted.stream, converted
        else:
            new = output.add_stream_from_template(stream, opaque=True)
            self._changes[stream.index] = filtered_by(filter_of(stream), stream)
            if is_text(new) and stream.time_base:
                new.time_base = stream.time_base / math.ceil(stream.time_base / SHORT_TICK)
        self._outputs[stream.index] = new
        new.metadata.update(stream_tags(stream))
        new.disposition = stream.disposition
        if stream.type == "video" and not is_cover(stream):
            new.disposition &= ~Disposition.default  # the painted stream has it

    def _attach_cover(self, stream: Stream, output: OutputContainer) -> None:
        """Matroska stores covers as attached files."""
        media_type = COVER_TYPES[stream.codec_context.name]
        name = stream.metadata.get("filename", f"cover.{media_type[6:]}")
        with open_input(self._source) as again:
            picture = next(again.demux(again.streams[stream.index]))
            output.add_attachment(name, media_type, bytes(picture))


def _tick(stream: Stream, packet: Packet[Any]) -> Fraction:
    """The length of a tick of ``stream`` in MP4."""
    if isinstance(stream, AudioStream) and stream.codec_context is not None:
        return Fraction(1, stream.codec_context.sample_rate or 1000)
    return packet.time_base


def stream_tags(stream: Stream) -> dict[str, str]:
    """The tags to copy. QuickTime calls the title of a track its "name"."""
    tags = _kept(stream.metadata, _STREAM_TAGS)
    if "name" in tags:
        tags.setdefault("title", tags.pop("name"))
    return tags


def _kept(tags: Mapping[str, str], but: set[str]) -> dict[str, str]:
    return {
        key: value
        for key, value in tags.items()
        if key.lower() not in but and not key.startswith("_STATISTICS")
    }


def _due(packet: Packet[Any]) -> Fraction:
    """Seconds; 0 for a packet without times, such as a cover."""
    ticks = packet.pts if packet.dts is None else packet.dts
    return Fraction(0) if ticks is None else ticks * packet.time_base
