"""The kinds of picture files: recognised, and opened without decoding."""

import re
from collections.abc import Iterator
from importlib import import_module
from io import BytesIO
from typing import TYPE_CHECKING

from realtime_nst.errors import MediaError, MissingPackage
from realtime_nst.packages import require

if TYPE_CHECKING:  # Pillow takes 0.1 s to import, and most commands read no picture
    from PIL import Image as Pillow

LARGEST = 2**28
"""Pixels. The cameras of phones reach 200 million; a few hundred bytes may declare any number."""

_PLUGINS = {
    "AVIF": ("PIL.AvifImagePlugin", "AvifImageFile"),
    "BMP": ("PIL.BmpImagePlugin", "BmpImageFile"),
    "GIF": ("PIL.GifImagePlugin", "GifImageFile"),
    "HEIF": ("pi_heif", "HeifImageFile"),
    "JPEG": ("PIL.JpegImagePlugin", "JpegImageFile"),
    "JPEG 2000": ("PIL.Jpeg2KImagePlugin", "Jpeg2KImageFile"),
    "JPEG XL": ("pillow_jxl.JpegXLImagePlugin", "JXLImageFile"),
    "PNG": ("PIL.PngImagePlugin", "PngImageFile"),
    "TIFF": ("PIL.TiffImagePlugin", "TiffImageFile"),
    "WebP": ("PIL.WebPImagePlugin", "WebPImageFile"),
}
"""Classes of Pillow by the kind of file. ``Image.open`` would try formats that run other programs,
and refuse or warn by a limit that holds for the whole process."""

_SIGNATURES = {
    "BMP": rb"BM....\0\0\0\0",
    "GIF": rb"GIF8[79]a",
    "JPEG": rb"\xff\xd8",
    "JPEG 2000": rb"\xff\x4f\xff\x51|\0\0\0\x0cjP  ",
    "JPEG XL": rb"\xff\x0a|\0\0\0\x0cJXL ",
    "PNG": rb"\x89PNG\r\n\x1a\n",
    "TIFF": rb"II[*+]\0|MM\0[*+]",
    "WebP": rb"RIFF....WEBP",
    "AVIF": rb"....ftyp(?:avi[fs]|mi[af]1?.{5,40}avif)",
    "HEIF": rb"....ftyp(?:hei[cxms]|hev[cxms]|mi[af]1|msf1)",
}
"""How the files begin."""

_SEQUENCES = (b"avis", b"hevc", b"hevx", b"msf1")
"""Brands of image sequences (ISO/IEC 23008-12, 7)."""

HEAD = 64
"""Bytes that tell the kind."""

_COLOUR_WITHIN = 2**16
"""Bytes in which colours are described; pixels come behind."""

_MARKER = re.compile(rb"\xff+([^\x00\xff])")
_FRAME_HEADERS = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}
_SCAN = 0xDA
_ALONE = {0x01, *range(0xD0, 0xD9)}
"""Markers without a length."""


def kind_of(head: bytes) -> str:
    """The kind of picture that begins with ``head``; empty if it is none of those known."""
    for kind, signature in _SIGNATURES.items():
        if re.match(signature, head[:HEAD], re.DOTALL):
            return kind
    return ""


def is_still(head: bytes) -> bool:
    """True for a file of one picture that FFmpeg would open as a film of one tile or one frame."""
    return kind_of(head) in ("AVIF", "HEIF") and head[8:12] not in _SEQUENCES


def opened(data: bytes, name: str) -> "Pillow.Image | None":
    """The picture with its pixels still to be decoded; None if Pillow cannot read the kind.

    Raises :class:`MediaError` if it has more than ``LARGEST`` pixels, or needs another package.
    """
    kind = kind_of(data)
    if not kind:
        return None
    if kind == "JPEG XL":
        _require_jxl(name)
        _check_size(jxl_size(data), name)  # its reader decodes at once
    module, class_name = _PLUGINS[kind]
    try:
        picture: Pillow.Image = getattr(import_module(module), class_name)(BytesIO(data))
    except ImportError as error:
        raise MediaError(
            f"{name!r} needs the package {error.name}; install it with: pip install {error.name}"
        ) from error
    except Exception:  # the readers raise whatever a damaged file makes them trip over
        return None
    _check_size(picture.size, name)
    return picture


def count_of(picture: "Pillow.Image") -> int:
    """How many pictures the file holds; 1 if it is too damaged to tell."""
    try:
        return int(getattr(picture, "n_frames", 1))
    except Exception:  # as in ``opened``
        return 1


def jpeg_size(data: bytes) -> tuple[int, int]:
    """Width and height from a JPEG's frame header (ITU-T T.81, B.2.2); 0, 0 if it has none.

    Read without decoding: libjpeg keeps all coefficients of a progressive JPEG in memory, and 565
    bytes may stand for 20000x20000 of them.
    """
    for marker, at in markers(data):
        if marker in _FRAME_HEADERS and len(data) >= at + 7:
            return int.from_bytes(data[at + 5 : at + 7]), int.from_bytes(data[at + 3 : at + 5])
    return 0, 0


def is_progressive(data: bytes) -> bool:
    """Of a JPEG."""
    return any(marker in _PROGRESSIVE for marker, _ in markers(data))


def is_cut_off(data: bytes) -> bool:
    """True if a JPEG or GIF has no end, though it may be readable: what is missing is left grey, or
    the later pictures of an animation are not there."""
    kind = kind_of(data)
    if kind == "JPEG":  # the mark of the end does not occur among coded pixels
        scans = (at for marker, at in markers(data) if marker == _SCAN)
        return data.find(b"\xff\xd9", next(scans, len(data))) < 0
    return kind == "GIF" and not _gif_ends(data)


def markers(data: bytes) -> Iterator[tuple[int, int]]:
    """The markers of a JPEG up to its coded pixels, and where what belongs to each begins."""
    at = 2
    while found := _MARKER.search(data, at):
        marker, at = found[1][0], found.end()
        yield marker, at
        if marker == _SCAN:
            return
        if marker not in _ALONE:
            at += int.from_bytes(data[at : at + 2])


def _gif_ends(data: bytes) -> bool:
    """Follows the blocks to the trailer (GIF89a, 17 to 27)."""

    def table(flags: int) -> int:
        return 3 << (flags & 7) + 1 if flags & 0x80 else 0

    at = 13 + table(data[10])
    while at < len(data) and data[at] != 0x3B:
        if data[at] == 0x2C and at + 9 < len(data):
            at += 11 + table(data[at + 9])
        else:
            at += 2
        while at < len(data) and data[at]:
            at += 1 + data[at]
        at += 1
    return at < len(data)


def jxl_size(data: bytes) -> tuple[int, int]:
    """Width and height from a JPEG XL codestream's header (ISO/IEC 18181-1, D.2); 0, 0 if it has
    none."""
    start = 0 if data.startswith(b"\xff\x0a") else data.find(b"\xff\x0a", 12)
    if start < 0:
        return 0, 0
    bits = int.from_bytes(data[start + 2 : start + 14], "little")

    def take(count: int) -> int:
        nonlocal bits
        value, bits = bits & ((1 << count) - 1), bits >> count
        return value

    def side() -> int:
        return 8 * (take(5) + 1) if small else take((9, 13, 18, 30)[take(2)]) + 1

    small = take(1)
    height = side()
    ratio = ((0, 1), (1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))[take(3)]
    return height * ratio[0] // ratio[1] or side(), height


def cicp(data: bytes) -> tuple[int, int]:
    """The codes of the primaries and the transfer (ITU-T H.273) in an AVIF, HEIF or PNG file; 2, 2,
    unspecified, if there are none."""
    if data.startswith(b"\x89PNG"):
        at = data.find(b"cICP", 0, _COLOUR_WITHIN)
        return (data[at + 4], data[at + 5]) if at > 0 else (2, 2)
    at = data.find(b"colrnclx", 0, _COLOUR_WITHIN)
    if at < 0:
        return 2, 2
    return int.from_bytes(data[at + 8 : at + 10]), int.from_bytes(data[at + 10 : at + 12])


def _require_jxl(name: str) -> None:
    try:
        require("reading JPEG XL", "jxl")
    except MissingPackage as error:
        raise MediaError(f"{name!r} cannot be read: {error}") from error


def _check_size(size: tuple[int, int], name: str) -> None:
    if size[0] * size[1] > LARGEST:
        raise MediaError(
            f"{name!r} has {size[0]}x{size[1]} pixels, and {LARGEST // 10**6} million are the most "
            "that are read; use a smaller copy"
        )
