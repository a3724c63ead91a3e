"""What picture files say of themselves: read, and made true of a painted picture."""

import struct
from typing import TYPE_CHECKING, Any

from realtime_nst.media import exif, xmp
from realtime_nst.stream import Tags

if TYPE_CHECKING:  # Pillow takes 0.1 s to import, and most commands read no picture
    from PIL import Image as Pillow

IPTC_RESOURCE = 0x0404
"""Photoshop's number of the place of IPTC records, in JPEG."""

IPTC_TAG, XMP_TAG = 33723, 700
"""Where TIFF has them."""

_TELL_BY_XMP = ("JPEG", "PNG", "WEBP")
"""Formats without an orientation of their own that a reader applies."""


def tags_of(picture: "Pillow.Image") -> Tags:
    """The tags of a picture that is loaded, as stored; of a TIFF, whose directory is the EXIF
    directory, those that concern people."""
    packet = picture.info.get("xmp") or _raw_profile(picture, "xmp")
    if isinstance(packet, str):
        packet = packet.encode()
    if picture.format == "TIFF":
        return Tags(_exif_of_tiff(picture), packet, _iptc_of_tiff(picture))
    resources = picture.info.get("photoshop")
    iptc = resources.get(IPTC_RESOURCE) if isinstance(resources, dict) else None
    data = picture.info.get("exif") or _raw_profile(picture, "exif")
    return Tags(data, packet, iptc if isinstance(iptc, bytes) else b"")


def orientation(picture: "Pillow.Image", tags: Tags) -> int:
    """1 to 8, of the pixels as they are decoded; that in XMP counts only if EXIF has none.

    1 if the reader has applied it, as that of JPEG XL does unless it rebuilds a JPEG.
    """
    if picture.format == "JXL" and not getattr(picture, "jpeg", False):
        return 1
    told = xmp.orientation(tags.xmp) if picture.format in _TELL_BY_XMP else 0
    return exif.orientation(tags.exif) or told or 1


def updated(tags: Tags, width: int, height: int) -> Tags:
    """``tags`` for an upright picture of that size; without what cannot be read."""
    return Tags(
        exif.updated(tags.exif, width, height), xmp.updated(tags.xmp, width, height), tags.iptc
    )


def _raw_profile(picture: "Pillow.Image", name: str) -> bytes:
    """As ImageMagick writes it into the text of a PNG: a name, a length, and hexadecimal digits."""
    text = picture.info.get(f"Raw profile type {name}")
    try:
        return bytes.fromhex("".join(str(text).split("\n")[3:])) if text else b""
    except ValueError:
        return b""


def _exif_of_tiff(picture: "Pillow.Image") -> bytes:
    from PIL import Image as Pillow

    source, result = picture.getexif(), Pillow.Exif()
    try:
        for tag in exif.DESCRIPTION & set(source):
            result[tag] = source[tag]
        for directory in exif.DIRECTORIES & set(source):
            result[directory] = source.get_ifd(directory)
        return result.tobytes() if result else b""
    except Exception:  # whatever tags of a wrong type make the writer trip over
        return b""


def _iptc_of_tiff(picture: "Pillow.Image") -> bytes:
    """Some writers say that they are numbers of four bytes."""
    records: Any = picture.getexif().get(IPTC_TAG) or b""
    if isinstance(records, tuple):
        order = picture.getexif().endian or "<"
        return struct.pack(f"{order}{len(records)}I", *records)
    return records if isinstance(records, bytes) else b""
