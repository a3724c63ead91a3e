"""Opening a video file and choosing its stream, for sources and sinks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import Container, InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from realtime_nst.errors import MediaError, UsageError
from realtime_nst.files import nearest
from realtime_nst.media.orientation import Orientation
from realtime_nst.media.picture_kinds import HEAD, is_still
from realtime_nst.media.stored import Stored

VideoFile = Path | Stored


def open_input(path: VideoFile) -> InputContainer:
    """Open a video file for reading.

    Raises :class:`UsageError` if there is no file at ``path`` or it is a picture, and
    :class:`MediaError` if it cannot be read or contains no video.
    """
    if isinstance(path, Path):
        _check_is_file(path)
    try:
        # With "file:", a colon in the name does not end a protocol. The white list keeps a playlist
        # from opening network addresses.
        container = av.open(
            f"file:{path}" if isinstance(path, Path) else path.open(),
            "r",
            container_options={"protocol_whitelist": "file"},
            metadata_errors="replace",
        )
    except PermissionError:
        raise MediaError(f"{path} cannot be read; check its permissions") from None
    except (av.FFmpegError, ValueError, OSError) as error:
        check(path)
        raise MediaError(f"{path} is not a readable video: {_why(path, error)}") from None
    try:
        check(path)
        _check_has_video(path, container)
    except BaseException:
        container.close()
        raise
    return container


def check(path: VideoFile) -> None:
    """Raises :class:`MediaError` if ``path`` seemed to end where it could not be read any more."""
    if isinstance(path, Stored):
        path.check()


def main_video(container: InputContainer) -> VideoStream:
    """The stream to stylise: the default one, or the first that is not a cover picture."""
    moving = _moving(container)
    return next((stream for stream in moving if stream.disposition & _DEFAULT), moving[0])


_DEFAULT = av.stream.Disposition.default
_COVER = av.stream.Disposition.attached_pic


def is_cover(stream: av.stream.Stream) -> bool:
    return bool(stream.disposition & _COVER)


def _moving(container: InputContainer) -> list[VideoStream]:
    return [stream for stream in container.streams.video if not is_cover(stream)]


_FASTEST = 10_000
_NO_TIMESTAMPS = 0x80  # FFmpeg's AVFMT_NOTIMESTAMPS


def readable(packets: Iterator[Packet[Any]]) -> Iterator[Packet[Any]]:
    """Those of ``packets`` that hold something, until the end or the first that cannot be read."""
    while True:
        try:
            packet = next(packets, None)
        except av.FFmpegError:
            return
        if packet is None:
            return
        if packet.size:
            yield packet


def every_packet(container: InputContainer, *streams: Stream) -> Iterator[Packet[Any] | None]:
    """The packets of ``streams`` (default: all); None for one of a stream that was unknown when the
    file was opened, at which PyAV's own loop ends with an IndexError."""
    while True:
        try:
            yield from container.demux(*streams)
            return
        except IndexError:
            yield None


SEEK_MARGINS = (1, 30, None)
"""How many seconds before a start to look for a key frame; None means from the beginning."""


def seek(container: InputContainer, stream: VideoStream, seconds: Fraction) -> None:
    """Go on reading at a key frame of ``stream`` before ``seconds`` of the file's clock; at the
    beginning if there is none, or no index."""
    try:
        container.seek(int(seconds / (stream.time_base or 1)), stream=stream)
    except av.FFmpegError:
        with suppress(av.FFmpegError):  # it was not left
            container.seek(0)


def frame_rate(stream: VideoStream) -> Fraction | None:
    """Frames a second; None if unknown.

    Raw streams have no times: their average is FFmpeg's default of 25, and only the guess has the
    rate that the coded stream tells. DV is given an average of 60,000.
    """
    average, guessed = stream.average_rate, stream.guessed_rate
    if guessed and (is_timeless(stream.container) or not average or average > _FASTEST):
        return guessed
    return average or guessed or None


def is_timeless(container: Container) -> bool:
    """True for a raw stream, whose format has no times."""
    return bool(container.format.flags & _NO_TIMESTAMPS)


def is_in_decoding_order(container: InputContainer) -> bool:
    """True for AVI, which has places instead of times."""
    return container.format.name == "avi"


def displayed(
    container: InputContainer, stream: VideoStream
) -> tuple[tuple[int, int], Fraction | None]:
    """Width and height as displayed, rotation applied, and the width over the height of a pixel;
    None if pixels are square.

    If they are not, one frame is decoded: only frames carry the rotation.
    """
    size, aspect = (stream.width, stream.height), stream.sample_aspect_ratio
    if not aspect or aspect == 1:
        return size, None
    first = first_frame(container, stream)
    turned = first is not None and (Orientation.of(first) or Orientation()).transposed
    return (size[::-1], 1 / aspect) if turned else (size, aspect)


def first_frame(container: InputContainer, stream: VideoStream) -> VideoFrame | None:
    """The next frame of ``stream`` that can be decoded; None if there is none."""
    with suppress(av.FFmpegError):
        for packet in every_packet(container, stream):
            with suppress(av.FFmpegError):
                for frame in packet.decode() if packet else ():
                    return frame
    return None


def is_full_colour(stream: VideoStream) -> bool:
    """True if colour is stored for every pixel: 4:4:4 or RGB."""
    pixels = stream.codec_context.format
    if pixels is None or len(pixels.components) < 3:
        return False
    return bool(pixels.chroma_width(64) == 64 and pixels.chroma_height(64) == 64)


def clock(seconds: Fraction) -> str:
    """``hours:minutes:seconds.thousandths``, as FFmpeg writes times."""
    thousandths = round(seconds * 1000)
    minutes, rest = divmod(abs(thousandths), 60_000)
    sign = "-" if thousandths < 0 else ""
    return f"{sign}{minutes // 60}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


def _check_is_file(path: Path) -> None:
    if path.is_dir():
        raise UsageError(f"{path} is a folder; name a video file in it")
    if not path.exists():
        raise UsageError(f"no such file: {path}{nearest(path)}")
    if not path.is_file():  # a pipe can be read only once
        raise UsageError(f"{path} is not a regular file; save the video to a file first")
    if path.stat().st_size == 0:
        raise MediaError(f"{path} is empty (0 bytes); copy or download it again")


def _why(path: VideoFile, error: Exception) -> str:
    head = _head(path, 512)
    if head.lstrip()[:9].lower() in (b"<!doctype", b"<html>"):
        return "it is a web page; give the address of the video itself"
    if head.startswith(b"#EXTM3U"):
        return f"it is a playlist; save what it plays first: ffmpeg -i {path} -c copy film.mkv"
    if head[4:8] == b"ftyp":
        return "its index is missing, as if a recording or a copy was cut off; copy it again"
    if _is_text(head):
        return "it contains text; name a video file"
    return str(getattr(error, "strerror", None) or error)


def _head(path: VideoFile, size: int) -> bytes:
    with path.open("rb") as file:
        return file.read(size)


def _is_text(head: bytes) -> bool:
    return all(byte in b"\t\n\r\f\x1b" or byte >= 0x20 for byte in head)


def _check_has_video(path: VideoFile, container: InputContainer) -> None:
    kind = container.format.name
    if kind == "image2" or kind.endswith("_pipe") or is_still(_head(path, HEAD)):
        file = path if isinstance(path, Path) else "FILE, once it is saved"
        raise UsageError(f"{path} is a picture, not a video; use: realtime-nst image {file}")
    if kind == "tty":
        raise MediaError(f"{path} is not a readable video: it contains text; name a video file")
    if not _moving(container):
        held = ", ".join(stream.type for stream in container.streams) or "nothing"
        raise MediaError(f"{path} has no video stream (it contains: {held}); choose another file")
    if main_video(container).codec_context is None:
        raise MediaError(f"{path} has video in a codec that this FFmpeg cannot decode; convert it")


def size_of(path: VideoFile) -> int:
    """Bytes."""
    return path.size if isinstance(path, Stored) else path.stat().st_size
