"""What pictures say of themselves, in the form that each format has for it."""

import struct
import zlib
from dataclasses import replace
from typing import Any

from realtime_nst.media import exif
from realtime_nst.media.tags import IPTC_RESOURCE, IPTC_TAG, XMP_TAG, updated
from realtime_nst.stream import Tags

SEGMENT = 65_533
"""Bytes that a segment of a JPEG holds."""

_XMP_NAME = b"http://ns.adobe.com/xap/1.0/\0"
_IPTC_NAME = b"Photoshop 3.0\0"
_HELD = {"JPEG": ("exif", "xmp", "iptc"), "PNG": ("exif", "xmp"), "WEBP": ("exif", "xmp")}
_HELD["TIFF"] = _HELD["JPEG"]


def fitted(tags: Tags, form: str, width: int, height: int) -> tuple[Tags, list[str]]:
    """``tags`` for a painted picture of that size in the format that Pillow calls ``form``, and
    what of them is lost, in words."""
    tags, lost = updated(tags, width, height), []
    for name in ("exif", "xmp", "iptc"):
        if getattr(tags, name) and name not in _HELD.get(form, ()):
            tags = replace(tags, **{name: b""})
            lost.append(f"its {name.upper()} data, which {form} cannot hold")
    if form == "JPEG":
        tags, more = _within_segments(tags)
        lost += more
    return tags, lost


def _within_segments(tags: Tags) -> tuple[Tags, list[str]]:
    short, lost = exif.shortened(tags.exif, SEGMENT)
    left_out = [f"{lost}, as JPEG holds 64 KB of EXIF data"] if lost else []
    tags = replace(tags, exif=short)
    for name, segment in (("xmp", xmp_segment(tags.xmp)), ("iptc", iptc_segment(tags.iptc))):
        if len(segment) > SEGMENT:
            tags = replace(tags, **{name: b""})
            left_out.append(f"its {name.upper()} data, as JPEG holds 64 KB of them")
    return tags, left_out


def xmp_segment(packet: bytes) -> bytes:
    """ISO 16684-3, 1.1.3: APP1."""
    return _XMP_NAME + packet if packet else b""


def iptc_segment(records: bytes) -> bytes:
    """As a resource of Photoshop's, in APP13 (IPTC-IIM 4.2; Adobe Photoshop File Formats)."""
    if not records:
        return b""
    resource = struct.pack(">4sHHI", b"8BIM", IPTC_RESOURCE, 0, len(records))
    return _IPTC_NAME + resource + records + bytes(len(records) % 2)


def jpeg_segments(tags: Tags) -> bytes:
    """What stands between the header of a JPEG and its pixels."""
    parts = (
        (0xE1, tags.exif),
        (0xE1, xmp_segment(tags.xmp)),
        (0xED, iptc_segment(tags.iptc)),
    )
    return b"".join(segment(marker, body) for marker, body in parts if body)


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, 2 + len(body)) + body


def png_chunks(tags: Tags) -> bytes:
    """PNG, third edition, 11.3.3.4 and 11.3.2.4."""
    chunks = chunk(b"eXIf", tags.exif.removeprefix(exif.PREFIX)) if tags.exif else b""
    if tags.xmp:
        chunks += chunk(b"iTXt", b"XML:com.adobe.xmp" + bytes(5) + tags.xmp)
    return chunks


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def saved_with(tags: Tags, form: str) -> dict[str, Any]:
    """Options of Pillow's writers for TIFF and WebP."""
    if form != "TIFF":
        return {"exif": tags.exif, "xmp": tags.xmp}
    if not (tags.xmp or tags.iptc):
        return {"exif": tags.exif}
    from PIL import Image as Pillow

    directory = Pillow.Exif()
    directory.load(tags.exif)
    if tags.xmp:
        directory[XMP_TAG] = tags.xmp
    if tags.iptc:
        directory[IPTC_TAG] = tags.iptc
    return {"exif": directory.tobytes()}
