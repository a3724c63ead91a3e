"""What becomes of each stream of a source beside its main video, decided before the work begins."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import DataStream, Stream

from realtime_nst.errors import UnknownName, UsageError
from realtime_nst.media.container import VideoFile, every_packet, is_cover, main_video, open_input
from realtime_nst.sinks._convert import filter_of, filtered_by
from realtime_nst.sinks.formats import CONTAINERS, Container

DROPPABLE: Mapping[str, str] = {
    "sound": "audio",
    "subtitles": "subtitle",
    "data": "data",
    "other": "",
}
"""Names of kinds of streams, and FFmpeg's; "other" is what has no name here, such as covers."""

COVER_TYPES = {"png": "image/png", "mjpeg": "image/jpeg"}
_TRIED_PACKETS = 2
_SEARCHED_PACKETS = 500
_FEW_PLAYERS = ("pcm_", "vorbis")


@dataclass(frozen=True)
class Fate:
    """One stream of a source. ``codec`` is what it is converted to; None: it is copied."""

    index: int
    codec: str | None = None


def decide(
    container: InputContainer,
    source: VideoFile,
    target: Path,
    kind: Container,
    codec: str,
    *,
    drop: Collection[str] = (),
    strict: bool = False,
) -> tuple[list[Fate], list[str]]:
    """The streams of ``source``, open as ``container``, that are written, and notices.

    What ``kind``, the container of ``target``, cannot hold is found by writing some packets of each
    stream to memory. Sound and text are then converted; the rest is left out. Raises
    :class:`UnknownName` if ``drop`` has something else than names of ``DROPPABLE``, and, if
    ``strict``, :class:`UsageError` instead of converting sound, subtitles, covers and attachments
    or leaving them out.
    """
    check_dropped(drop)
    streams = [stream for stream in _others(container) if _kind_of(stream) not in drop]
    packets = _first_packets(source, streams)
    fates: list[Fate] = []
    notices: list[str] = []
    failed = [stream for stream in streams if not _holds(kind, stream, packets[stream.index])]
    serious = [stream for stream in failed if stream.type != "data"]
    if serious and strict:
        raise UsageError(
            f"a {target.suffix} file cannot hold the {_listing(serious)} of {source.name}; "
            + _remedy(source, container, target, codec)
        )
    for stream in streams:
        if stream not in failed:
            fates.append(Fate(stream.index))
            notices += _warnings(stream, target)
        elif not _is_timecode(stream):
            new = _convertible(kind, stream, packets[stream.index])
            fates += [Fate(stream.index, new)] if new else []
            notices.append(_loss(stream, source, target, new))
    return fates, notices


def check_dropped(drop: Collection[str]) -> None:
    """Raises :class:`UnknownName` if it has something else than names of ``DROPPABLE``."""
    for name in drop:
        if name not in DROPPABLE:
            raise UnknownName("kind of stream", name, DROPPABLE)


def _others(container: InputContainer) -> list[Stream]:
    """Every stream but the main video and the text track that repeats the chapters."""
    main, chapters = main_video(container), container.chapters()
    return [
        stream
        for stream in container.streams
        if stream.index != main.index
        and not (chapters and isinstance(stream, DataStream) and stream.name == "bin_data")
    ]


def _kind_of(stream: Stream) -> str:
    return next((name for name, kind in DROPPABLE.items() if kind == stream.type), "other")


def _first_packets(source: VideoFile, streams: list[Stream]) -> dict[int, list[Packet[Any]]]:
    """A few packets of each stream, from the beginning of the file."""
    found: dict[int, list[Packet[Any]]] = defaultdict(list)
    wanted = {stream.index for stream in streams}
    if not wanted:
        return found
    with open_input(source) as container, suppress(av.FFmpegError):
        for count, packet in enumerate(every_packet(container)):
            if packet and packet.size and packet.stream_index in wanted:
                found[packet.stream_index].append(packet)
                if len(found[packet.stream_index]) == _TRIED_PACKETS:
                    wanted.remove(packet.stream_index)
            if not wanted or count > _SEARCHED_PACKETS:
                break
    return found


def _holds(kind: Container, stream: Stream, packets: list[Packet[Any]]) -> bool:
    """Tried by writing a file with only this stream into memory.

    Some muxers accept a stream and refuse its packets.
    """
    if becomes_attachment(kind, stream):
        return stream.codec_context is not None and stream.codec_context.name in COVER_TYPES
    if is_cover(stream) and kind.streamed:  # in fragments, a second, empty video
        return False
    options = {} if is_cover(stream) else kind.options
    output = av.open(io.BytesIO(), "w", format=kind.format, container_options=dict(options))
    try:
        copy = output.add_stream_from_template(stream, opaque=True)
        copy.disposition = stream.disposition
        output.start_encoding()
        change = filtered_by(filter_of(stream), stream)
        for packet in packets:
            for changed in change(_copied(packet)):
                changed.stream = copy
                output.mux_one(changed)
        output.close()
    except (ValueError, av.FFmpegError):
        return False
    finally:
        with suppress(av.FFmpegError):
            output.close()
    return True


def _copied(packet: Packet[Any]) -> Packet[Any]:
    """A muxer keeps what it is given."""
    copy: Packet[Any] = Packet(bytes(packet))
    copy.time_base, copy.duration = packet.time_base, packet.duration or 0
    copy.pts, copy.dts = packet.pts, packet.dts
    copy.is_keyframe = packet.is_keyframe
    return copy


def becomes_attachment(kind: Container, stream: Stream) -> bool:
    """Matroska stores covers as attached files."""
    return is_cover(stream) and kind.format == "matroska"


def _convertible(kind: Container, stream: Stream, packets: list[Packet[Any]]) -> str | None:
    """The codec to convert to; None if that is not possible."""
    context = stream.codec_context
    if stream.type == "audio" and context is not None:
        return kind.sound
    if stream.type != "subtitle":
        return None
    is_text = _are_text(packets) if context is None else context.name in _TEXTS
    return kind.text if is_text else None


def _are_text(packets: list[Packet[Any]]) -> bool:
    """True for WebVTT in Matroska, whose name there FFmpeg does not know."""
    try:
        text = b"".join(bytes(packet) for packet in packets).decode()
    except UnicodeDecodeError:
        return False
    return bool(text) and all(character.isprintable() or character.isspace() for character in text)


_TEXTS = {"subrip", "srt", "ass", "ssa", "webvtt", "mov_text", "text", "microdvd", "sami"}


def _is_timecode(stream: Stream) -> bool:
    """Muxers write the time code by the tag of the pictures: MP4 and QuickTime as a track."""
    return stream.type == "data" and "timecode" in stream.metadata


def _warnings(stream: Stream, target: Path) -> list[str]:
    if target.suffix.lower() in (".mp4", ".m4v") and _coding(stream).startswith(_FEW_PLAYERS):
        return [
            f"few players take {_coding(stream)} sound in a {target.suffix} file; for those, name "
            f"the output {target.stem}.mkv"
        ]
    return []


def _loss(stream: Stream, source: VideoFile, target: Path, new: str | None) -> str:
    what = f"stream {stream.index} of {source.name}, {_listing([stream])},"
    why = f"a {target.suffix} file cannot hold it"
    if new:
        return f"{what} is converted to {_WRITTEN.get(new, new)}: {why}"
    if stream.codec_context is None and stream.type in ("audio", "video", "subtitle"):
        why = "its coding is unknown to this FFmpeg"
    return f"{what} is not copied: {why}"


_WRITTEN = {"aac": "AAC", "libopus": "Opus"}


def _listing(streams: list[Stream]) -> str:
    return ", ".join(
        f"{'cover' if is_cover(stream) else stream.type} ({_coding(stream)})" for stream in streams
    )


def _coding(stream: Stream) -> str:
    context = stream.codec_context
    if context is not None:
        return context.name
    return str(getattr(stream, "name", None) or "unknown coding")


def _remedy(source: VideoFile, container: InputContainer, target: Path, codec: str) -> str:
    packets = _first_packets(source, _others(container))
    for suffix in (".mkv", ".mp4", ".mov"):
        kind = CONTAINERS[suffix]
        if codec in kind.codecs and all(
            _holds(kind, stream, packets[stream.index]) for stream in _others(container)
        ):
            return f"name the output {target.stem}{suffix}"
    return "leave it out with `drop`, or run without `strict` to have it converted or left out"
