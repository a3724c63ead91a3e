"""XMP packets (ISO 16684-1): the orientation, and the update that a painted picture needs.

They are changed as text, by the prefixes that all writers use: nothing else in them is touched, and
XML from strangers is not parsed.
"""

import re

_NUMBER = rb"""(\b%s(?:\s*=\s*["']|>\s*))(\d{1,9})"""
_BESIDE = re.compile(
    rb"""\s(?:GCamera:(?:MotionPhoto|MicroVideo)\w*|hdrgm:\w+|xmpNote:HasExtendedXMP)"""
    rb"""\s*=\s*(?:"[^"]*"|'[^']*')"""
)
"""What tells of a film, a gain map or another packet in the same file, which do not come along."""

_ELEMENTS = (b"xmp:Thumbnails", b"xap:Thumbnails", b"Container:Directory", b"GContainer:Directory")
"""Thumbnails of the source, and lists of what else is in the same file."""


def orientation(data: bytes) -> int:
    """As EXIF counts, 1 to 8; 0 if there is none."""
    found = re.search(_NUMBER % b"tiff:Orientation", data)
    value = int(found[2]) if found else 0
    return value if 1 <= value <= 8 else 0


def updated(data: bytes, width: int, height: int) -> bytes:
    """``data`` for an upright picture of that size, without what tells of the source's file.

    Empty if it is not in UTF-8, as it is in all but a few files.
    """
    data = data.rstrip(b"\0")
    if b"\0" in data:
        return b""
    numbers = {
        b"tiff:Orientation": 1,
        b"tiff:ImageWidth": width,
        b"tiff:ImageLength": height,
        b"exif:PixelXDimension": width,
        b"exif:PixelYDimension": height,
    }
    for name, number in numbers.items():
        data = re.sub(_NUMBER % name, rb"\g<1>%d" % number, data)
    for element in _ELEMENTS:
        data = _without(data, element)
    return _BESIDE.sub(b"", data)


def _without(data: bytes, element: bytes) -> bytes:
    end = b"</" + element + b">"
    while (start := data.find(b"<" + element)) >= 0 and (stop := data.find(end, start)) >= 0:
        data = data[:start] + data[stop + len(end) :]
    return data
