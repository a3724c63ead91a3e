"""What both ends of a video file share: opening one, choosing its stream, and its colours."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace
from av.video.stream import VideoStream

from realtime_nst.errors import MediaError, UsageError
from realtime_nst.files import nearest

# Code points of ITU-T H.273, which FFmpeg's enumerations follow.
_RGB, _BT709, _UNSPECIFIED, _BT470BG, _SMPTE170M, _SMPTE240M, _BT2020 = 0, 1, 2, 5, 6, 7, 9
_BT601 = (_BT470BG, _SMPTE170M)
_PQ, _HLG = 16, 18
LIMITED, FULL = 1, 2


@dataclass(frozen=True)
class Colours:
    """How the numbers in a video stand for colours.

    ``matrix``, ``primaries`` and ``transfer`` are code points of ITU-T H.273; ``full`` is True when
    luma uses 0–255 (at 8 bits), False for 16–235.
    """

    matrix: int = _BT709
    primaries: int = _BT709
    transfer: int = _BT709
    full: bool = False

    @classmethod
    def of(cls, pictures: Any) -> Self:
        """The colours of a decoded frame or of a stream's codec context, gaps filled by guessing.

        An untagged matrix is taken for BT.709 above 576 lines or from 1280 columns on, else for
        BT.601: the rule of mpv and VLC. Untagged levels are limited, as all players take them.
        """
        matrix = pictures.colorspace
        if matrix == _UNSPECIFIED:
            large = pictures.width >= 1280 or pictures.height > 576
            matrix = _BT709 if large else _SMPTE170M
        guess = matrix if matrix in (_BT709, *_BT601, _SMPTE240M, _BT2020) else _BT709
        primaries, transfer = pictures.color_primaries, pictures.color_trc
        full = pictures.color_range == FULL or _named_full(pictures)
        return cls(
            matrix,
            guess if primaries == _UNSPECIFIED else primaries,
            _transfer_of(guess) if transfer == _UNSPECIFIED else transfer,
            full,
        )

    @property
    def hdr(self) -> bool:
        return self.transfer in (_PQ, _HLG)

    @property
    def needs_mapping(self) -> bool:
        """True for HDR and for BT.2020: eight bits of RGB stand for BT.709 there."""
        return self.hdr or self.primaries == _BT2020

    def written(self) -> "Colours":
        """What a frame read with these colours is written with: 8-bit, limited range."""
        if self.needs_mapping or self.matrix not in (_BT709, *_BT601):
            return Colours()
        return Colours(self.matrix, self.primaries, self.transfer)

    @property
    def swscale_matrix(self) -> int:
        return int(Colorspace.ITU601 if self.matrix in _BT601 else Colorspace.ITU709)

    def tag(self, pictures: Any) -> None:
        """Write these colours on a frame or an encoder's context."""
        pictures.colorspace = self.matrix
        pictures.color_primaries = self.primaries
        pictures.color_trc = self.transfer
        pictures.color_range = FULL if self.full else LIMITED


def _named_full(pictures: Any) -> bool:
    """Old pixel formats have their range in their name."""
    return pictures.format is not None and pictures.format.name.startswith("yuvj")


def _transfer_of(matrix: int) -> int:
    """The transfer characteristic that goes with an untagged stream's matrix."""
    return _SMPTE170M if matrix in _BT601 else matrix if matrix == _SMPTE240M else _BT709


def open_input(path: Path) -> InputContainer:
    """Open a video file for reading.

    Raises :class:`UsageError` where ``path`` names no file, and :class:`MediaError` where the file
    cannot be read or is no video.
    """
    _check_is_file(path)
    try:
        # "file:" keeps a colon in the name from being taken for a protocol, and the white list
        # keeps a playlist from reaching for the network.
        container = av.open(
            f"file:{path}",
            container_options={"protocol_whitelist": "file"},
            metadata_errors="replace",
        )
    except PermissionError:
        raise MediaError(f"{path} may not be read; check its permissions") from None
    except (av.FFmpegError, ValueError, OSError) as error:
        raise MediaError(f"{path} is not a video that can be read: {_why(path, error)}") from None
    try:
        _check_has_video(path, container)
    except BaseException:
        container.close()
        raise
    return container


def main_video(container: InputContainer) -> VideoStream:
    """The stream that is stylised: the default one, or the first that is not a cover picture."""
    moving = _moving(container)
    return next((stream for stream in moving if stream.disposition & _DEFAULT), moving[0])


_DEFAULT = av.stream.Disposition.default
_COVER = av.stream.Disposition.attached_pic


def is_cover(stream: av.stream.Stream) -> bool:
    return bool(stream.disposition & _COVER)


def _moving(container: InputContainer) -> list[VideoStream]:
    return [stream for stream in container.streams.video if not is_cover(stream)]


def frame_rate(stream: VideoStream) -> Fraction | None:
    return stream.average_rate or stream.guessed_rate or None


def pixel_aspect(container: InputContainer, stream: VideoStream) -> Fraction | None:
    """Width over height of one pixel as shown, rotation applied; None for square ones.

    Decodes one frame where pixels are not square: only a frame knows its rotation.
    """
    aspect = stream.sample_aspect_ratio
    if not aspect or aspect == 1:
        return None
    first: VideoFrame | None = next(_decodable(container, stream), None)
    if first is None:
        return aspect
    return 1 / aspect if first.rotation % 180 else aspect


def _decodable(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    for packet in container.demux(stream):
        with suppress(av.FFmpegError):
            yield from packet.decode()


def is_full_colour(stream: VideoStream) -> bool:
    """True where colour is stored at every pixel: 4:4:4, or RGB."""
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
        raise UsageError(f"{path} is a folder; name one video file in it")
    if not path.exists():
        raise UsageError(f"no such file: {path}{nearest(path)}")
    if path.is_file() and path.stat().st_size == 0:
        raise MediaError(f"{path} is empty (0 bytes); copy or download it again")


def _why(path: Path, error: Exception) -> str:
    with path.open("rb") as file:
        head = file.read(512)
    if head[4:8] == b"ftyp":
        return "its index is missing, as when a recording or a copy was cut off; copy it again"
    if _is_text(head):
        return "it holds text"
    return str(getattr(error, "strerror", None) or error)


def _is_text(head: bytes) -> bool:
    return all(byte in b"\t\n\r\f\x1b" or byte >= 0x20 for byte in head)


def _check_has_video(path: Path, container: InputContainer) -> None:
    kind = container.format.name
    if kind == "image2" or kind.endswith("_pipe"):
        raise UsageError(f"{path} is a picture, not a video; use: realtime-nst image {path}")
    if kind == "tty":
        raise MediaError(f"{path} is not a video that can be read: it holds text")
    if not _moving(container):
        held = ", ".join(stream.type for stream in container.streams) or "nothing"
        raise MediaError(f"{path} has no video stream (it holds: {held}); name another")
    if main_video(container).codec_context is None:
        raise MediaError(f"{path} has video in a codec that this FFmpeg cannot decode; convert it")
