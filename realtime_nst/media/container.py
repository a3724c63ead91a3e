"""Opening a video file and choosing its stream, for sources and sinks."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO, cast

import av
import numpy as np
from av.container import Container, InputContainer
from av.packet import Packet
from av.sidedata.sidedata import Type as SideDataType
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from realtime_nst.errors import MediaError, UsageError
from realtime_nst.files import nearest
from realtime_nst.media.picture_kinds import HEAD, is_still
from realtime_nst.media.stored import Stored, StoredReader

_EBML = b"\x1a\x45\xdf\xa3"
_SEGMENT = b"\x18\x53\x80\x67"


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


def every_packet(container: InputContainer, *streams: Stream) -> Iterator[Packet[Any] | None]:
    """The packets of ``streams`` (default: all); None for one of a stream that was unknown when the
    file was opened, at which PyAV's own loop ends with an IndexError."""
    while True:
        try:
            yield from container.demux(*streams)
            return
        except IndexError:
            yield None


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


@dataclass(frozen=True)
class Orientation:
    """How a stored picture is shown: transposed, then mirrored from left to right and flipped from
    top to bottom."""

    transposed: bool = False
    mirrored: bool = False
    flipped: bool = False

    @classmethod
    def of(cls, frame: VideoFrame) -> Orientation | None:
        """From the display matrix (ISO/IEC 14496-12, 6.2.2); None if it is no quarter turn."""
        data = cast(Any, frame.side_data).get(SideDataType.DISPLAYMATRIX)
        if data is None:
            return cls()
        a, b, _, c, d = struct.unpack("=5i", bytes(data)[:20])
        if abs(b) + abs(c) < (abs(a) + abs(d)) * _SKEW and a and d:
            return cls(False, a < 0, d < 0)
        if abs(a) + abs(d) < (abs(b) + abs(c)) * _SKEW and b and c:
            return cls(True, c < 0, b < 0)
        return None

    def apply(self, image: NDArray[Any]) -> NDArray[Any]:
        """C-contiguous."""
        import cv2

        image = np.ascontiguousarray(image)
        if self.transposed:
            image = np.asarray(cv2.transpose(image))
        if self.mirrored or self.flipped:
            axes = -1 if self.mirrored and self.flipped else int(self.mirrored)
            image = np.asarray(cv2.flip(image, axes))
        return image


_SKEW = 1e-3


def pixel_shape(stream: VideoStream, orientation: Orientation) -> Fraction:
    """A pixel's width over its height in upright pictures."""
    aspect = stream.sample_aspect_ratio or Fraction(1)
    return 1 / aspect if orientation.transposed else aspect


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
    for packet in container.demux(stream):
        with suppress(av.FFmpegError):
            for frame in packet.decode():
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
        return "it contains text"
    return str(getattr(error, "strerror", None) or error)


def _head(path: VideoFile, size: int) -> bytes:
    with path.open("rb") as file:
        return file.read(size)


def _is_text(head: bytes) -> bool:
    return all(byte in b"\t\n\r\f\x1b" or byte >= 0x20 for byte in head)


def _check_has_video(path: VideoFile, container: InputContainer) -> None:
    kind = container.format.name
    if kind == "image2" or kind.endswith("_pipe") or is_still(_head(path, HEAD)):
        raise UsageError(f"{path} is a picture, not a video; use: realtime-nst image {path}")
    if kind == "tty":
        raise MediaError(f"{path} is not a readable video: it contains text")
    if not _moving(container):
        held = ", ".join(stream.type for stream in container.streams) or "nothing"
        raise MediaError(f"{path} has no video stream (it contains: {held}); choose another file")
    if main_video(container).codec_context is None:
        raise MediaError(f"{path} has video in a codec that this FFmpeg cannot decode; convert it")


def size_of(path: VideoFile) -> int:
    """Bytes."""
    return path.size if isinstance(path, Stored) else path.stat().st_size


def is_cut_off(path: VideoFile) -> bool:
    """True if an MP4, QuickTime, Matroska, WebM or AVI file is shorter than its header says.

    False for other formats, and for Matroska recorded live, which do not declare their length.
    """
    size = size_of(path)
    with path.open("rb") as file:
        head = file.read(12)
        file.seek(0)
        if head[:4] == _EBML:
            return _matroska_end(file) > size
        if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
            return 8 + int.from_bytes(head[4:8], "little") > size
        if head[4:8] == b"ftyp":
            return _boxes_end(file, size) > size
    return False


_Reader = BinaryIO | StoredReader


def _boxes_end(file: _Reader, size: int) -> int:
    """The declared end of the last top-level box (ISO/IEC 14496-12, 4.2)."""
    at = 0
    while at + 8 <= size:
        file.seek(at)
        head = file.read(16)
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if length < 8:
            return size
        at += length
    return at


def _matroska_end(file: _Reader) -> int:
    """The declared end of the segment (RFC 8794, 4 and 5); 0 if there is none."""
    file.seek(4)
    file.seek(_variable_size(file), os.SEEK_CUR)
    if file.read(4) != _SEGMENT:
        return 0
    length = _variable_size(file)
    return file.tell() + length if length else 0


def _variable_size(file: _Reader) -> int:
    """An EBML size; 0 for "unknown", which is encoded as all ones."""
    first = file.read(1)[0]
    extra = 8 - first.bit_length()
    value = int.from_bytes(bytes([first & ((1 << (7 - extra)) - 1)]) + file.read(extra), "big")
    return 0 if value == (1 << (7 * (extra + 1))) - 1 else value
