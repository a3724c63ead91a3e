"""What is copied from a video file: sound, subtitles, covers, attachments, chapters and tags."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.bitstream import BitStreamFilterContext
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import DataStream, Disposition, Stream

from realtime_nst.errors import UsageError
from realtime_nst.media import is_cover, main_video, open_input
from realtime_nst.sinks.formats import CONTAINERS, Container
from realtime_nst.timeline import Timeline

# Tags that describe the old file, not its content.
_FILE_TAGS = {"encoder", "major_brand", "minor_version", "compatible_brands", "duration"}
_STREAM_TAGS = {"encoder", "duration", "vendor_id", "bps", "number_of_frames", "number_of_bytes"}
_LONGEST_PRIMING = Fraction(1, 10)
_COVER_TYPES = {"png": "image/png", "mjpeg": "image/jpeg"}


def check_held(container: InputContainer, source: Path, target: Path, codec: str) -> list[str]:
    """Check that the container of ``target`` can hold every stream of ``source``, open already.

    Returns a notice for each data stream that is not copied. Raises :class:`UsageError` if sound,
    subtitles, a cover or an attachment would be lost, naming a suffix that keeps them.
    """
    kind = CONTAINERS[target.suffix.lower()]
    lost = [stream for stream in _others(container) if not _holds(kind, stream)]
    serious = [stream for stream in lost if stream.type != "data"]
    if serious:
        raise UsageError(
            f"a {target.suffix} file cannot hold the {_listing(serious)} of {source.name}; "
            + _remedy(source, container, target, codec)
        )
    return [
        f"stream {stream.index} of {source.name} ({stream.name or 'unknown'} data) is not copied: "
        f"a {target.suffix} file cannot hold it"
        for stream in lost
    ]


class CopiedStreams:
    """The packets of every stream of ``source`` but the main video, in the file's order.

    Packets stay as they are, with one exception: AAC from MPEG-TS and ADTS files has a header in
    each packet, which other containers store once. That header is removed.
    """

    def __init__(self, source: Path, kind: Container) -> None:
        self._source, self._kind = source, kind
        self._input = open_input(source)
        self._timeline = Timeline.of(source)
        self._streams = [stream for stream in _others(self._input) if _holds(kind, stream)]
        self._filters = {
            stream.index: filtered_by("aac_adtstoasc" if _is_adts(stream) else None, stream)
            for stream in self._streams
        }
        self._in_gap: dict[int, bool] = defaultdict(bool)
        self._packets = self._read()
        self._next = next(self._packets, None)

    @property
    def has_cover(self) -> bool:
        return any(is_cover(stream) for stream in self._streams)

    @property
    def tick_rates(self) -> list[int]:
        """Ticks a second of each copied stream."""
        return [stream.time_base.denominator for stream in self._streams if stream.time_base]

    def attach(self, output: OutputContainer) -> None:
        """Declare the streams, chapters and tags in ``output``."""
        self._outputs = {
            stream.index: self._declare(stream, output)
            for stream in self._streams
            if not _becomes_attachment(self._kind, stream)
        }
        output.metadata.update(_kept(self._input.metadata, _FILE_TAGS))
        output.set_chapters(_moved(self._input.chapters(), self._timeline.origin))
        for stream in self._streams:
            if _becomes_attachment(self._kind, stream):
                self._attach_cover(stream, output)

    def until(self, seconds: Fraction | None = None) -> Iterator[Packet[Any]]:
        """The packets due by ``seconds`` (None: all that are left), ready to be written."""
        while self._next is not None and (seconds is None or _due(self._next) <= seconds):
            packet, self._next = self._next, next(self._packets, None)
            target = self._outputs.get(packet.stream_index)
            if target is None:
                continue
            for kept in self._filters[packet.stream_index](packet):
                kept.stream = target
                yield kept

    def close(self) -> None:
        self._input.close()

    def _read(self) -> Iterator[Packet[Any]]:
        """A source that is cut off just ends here: the one that reads the pictures reports it."""
        if not self._streams:
            return
        cut: dict[int, bool] = {}
        with suppress(av.FFmpegError):
            for packet in self._timeline.moved(self._input.demux(self._streams)):
                if not packet.size:
                    continue
                if self._kind.milliseconds and packet.is_discard:
                    # Matroska has no edit lists. Packets that only prepare the decoder are few.
                    if cut.setdefault(packet.stream_index, _due(packet) < -_LONGEST_PRIMING):
                        continue
                yield from self._with_gaps(packet)

    def _with_gaps(self, packet: Packet[Any]) -> Iterator[Packet[Any]]:
        """Subtitles of MP4 are an unbroken chain: an empty text fills each gap between two.

        FFmpeg's muxer closes the chain with one that lasts as long as the packet before it, so the
        one before it is made as short as possible, or the film would grow.
        """
        index = packet.stream_index
        if not _is_text(packet.stream):
            yield packet
            return
        is_last = _end(packet) + self._timeline.origin >= _length(packet.stream)
        gap = bytes(packet) == _GAP
        if gap and self._in_gap[index]:
            return
        self._in_gap[index] = gap
        if gap and is_last:
            packet.duration = 1
        yield packet
        if is_last and not gap and packet.pts is not None:
            yield _gap_after(packet)

    def _declare(self, stream: Stream, output: OutputContainer) -> Stream:
        copy = output.add_stream_from_template(stream, opaque=True)
        copy.metadata.update(stream_tags(stream))
        if _is_text(copy) and stream.time_base:
            copy.time_base = _fine(stream.time_base)
        copy.disposition = stream.disposition
        if stream.type == "video" and not is_cover(stream):
            copy.disposition &= ~Disposition.default  # the painted stream has it
        return copy

    def _attach_cover(self, stream: Stream, output: OutputContainer) -> None:
        """Matroska stores covers as attached files."""
        media_type = _COVER_TYPES[stream.codec_context.name]
        name = stream.metadata.get("filename", f"cover.{media_type[6:]}")
        with open_input(self._source) as again:
            picture = next(again.demux(again.streams[stream.index]))
            output.add_attachment(name, media_type, bytes(picture))


def filtered_by(name: str | None, stream: Stream) -> Callable[[Packet[Any]], Iterable[Packet[Any]]]:
    """FFmpeg's bitstream filter ``name`` for packets of ``stream``; None changes nothing."""
    if name is None:
        return lambda packet: [packet]
    bitstream = BitStreamFilterContext(name, stream)

    def change(packet: Packet[Any]) -> Iterator[Packet[Any]]:
        time_base = packet.time_base
        for changed in bitstream.filter(packet):
            changed.time_base = time_base
            yield changed

    return change


_GAP = b"\0\0"


def _is_text(stream: Stream) -> bool:
    context = stream.codec_context
    return context is not None and context.name == "mov_text"


def _fine(tick: Fraction) -> Fraction:
    """FFmpeg's muxer of MP4 compares the ticks of subtitles to those of other streams as if they
    were of one length, and adds needless gaps unless those of subtitles are the shortest."""
    while tick > Fraction(1, 1_000_000):
        tick /= 10
    return tick


def _end(packet: Packet[Any]) -> Fraction:
    return ((packet.pts or 0) + (packet.duration or 0)) * packet.time_base


def _length(stream: Stream) -> Fraction:
    return ((stream.start_time or 0) + (stream.duration or 0)) * (stream.time_base or 0)


def _gap_after(packet: Packet[Any]) -> Packet[Any]:
    gap = Packet(_GAP)
    gap.stream, gap.time_base, gap.duration = packet.stream, packet.time_base, 1
    gap.pts = gap.dts = packet.pts + (packet.duration or 0)
    return gap


def _is_adts(stream: Stream) -> bool:
    context = stream.codec_context
    return context is not None and context.name == "aac" and not context.extradata


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


def _others(container: InputContainer) -> list[Stream]:
    """Every stream but the main video and the text track that repeats the chapters."""
    main, chapters = main_video(container), container.chapters()
    return [
        stream
        for stream in container.streams
        if stream.index != main.index
        and not (chapters and isinstance(stream, DataStream) and stream.name == "bin_data")
    ]


def _moved(chapters: list[Any], origin: Fraction) -> list[Any]:
    for chapter in chapters:
        ticks = round(origin / chapter["time_base"])
        chapter["start"], chapter["end"] = chapter["start"] - ticks, chapter["end"] - ticks
    return chapters


def _due(packet: Packet[Any]) -> Fraction:
    """Seconds; 0 for a packet without times, such as a cover."""
    ticks = packet.pts if packet.dts is None else packet.dts
    return Fraction(0) if ticks is None else ticks * packet.time_base


def _becomes_attachment(kind: Container, stream: Stream) -> bool:
    return is_cover(stream) and kind.format == "matroska"


def _holds(kind: Container, stream: Stream) -> bool:
    """Tried by writing a header with only this stream into memory."""
    if _becomes_attachment(kind, stream):
        return stream.codec_context is not None and stream.codec_context.name in _COVER_TYPES
    output = av.open(io.BytesIO(), "w", format=kind.format)
    try:
        output.add_stream_from_template(stream, opaque=True)
        output.start_encoding()
    except (ValueError, av.FFmpegError):
        return False
    finally:
        with suppress(av.FFmpegError):
            output.close()
    return True


def _listing(streams: list[Stream]) -> str:
    return ", ".join(
        f"{'cover' if is_cover(stream) else stream.type} ({_coding(stream)})" for stream in streams
    )


def _coding(stream: Stream) -> str:
    context = stream.codec_context
    return context.name if context is not None else "unknown coding"


def _remedy(source: Path, container: InputContainer, target: Path, codec: str) -> str:
    for suffix in (".mkv", ".mp4", ".mov"):
        kind = CONTAINERS[suffix]
        if codec in kind.codecs and all(_holds(kind, stream) for stream in _others(container)):
            return f"name the output {target.stem}{suffix}"
    return f"no suffix can hold all of it: convert {source.name} to .mkv with ffmpeg first"
