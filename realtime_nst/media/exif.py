"""EXIF data (CIPA DC-008): the orientation, and the update that a painted picture needs.

Values are changed in place: rewriting the directories would break the offsets inside a camera's own
notes.
"""

import struct
from collections.abc import Iterator

PREFIX = b"Exif\0\0"
_ORIENTATION, _EXIF_IFD, _WIDTH, _HEIGHT = 0x0112, 0x8769, 0xA002, 0xA003
_MAKER_NOTE = 0x927C
_THUMBNAIL, _THUMBNAIL_BYTES = 0x0201, 0x0202
DESCRIPTION = frozenset({0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x8298})
"""Title, make, model, software, date, artist and copyright: the tags of the first directory that
say nothing of how pixels are stored."""

DIRECTORIES = frozenset({_EXIF_IFD, 0x8825})
"""Settings of the camera; the place."""

_FORMATS = {3: "H", 4: "I"}
"""The types SHORT and LONG."""


def orientation(data: bytes) -> int:
    """1 to 8; 0 if there is none."""
    try:
        exif = _Exif(data)
        value = exif.values(exif.first).get(_ORIENTATION, 0)
    except struct.error:
        return 0
    return value if 1 <= value <= 8 else 0


def updated(data: bytes, width: int, height: int) -> bytes:
    """``data`` for an upright picture of that size, without the thumbnail of the source.

    Empty if ``data`` cannot be read.
    """
    try:
        exif = _Exif(data)
        exif.set(exif.first, {_ORIENTATION: 1})
        exif.drop_thumbnail()
        if inner := exif.values(exif.first).get(_EXIF_IFD):
            exif.set(inner, {_WIDTH: width, _HEIGHT: height})
    except struct.error:
        return b""
    return PREFIX + bytes(exif.data)


def shortened(data: bytes, most: int) -> tuple[bytes, str]:
    """``data`` in at most ``most`` bytes, and what was left out for that, in words.

    A camera's own notes (MakerNote) go first: they alone may be large, and only its maker reads
    them.
    """
    if len(data) <= most:
        return data, ""
    from PIL import Image as Pillow

    directories = Pillow.Exif()
    try:
        directories.load(data)
        directories.get_ifd(_EXIF_IFD).pop(_MAKER_NOTE, None)
        short = directories.tobytes()
    except Exception:  # whatever damaged data make the reader trip over
        short = data
    return (short, "the notes of its camera") if len(short) <= most else (b"", "its EXIF data")


class _Exif:
    """TIFF directories in memory. Raises struct.error where an offset leads outside."""

    def __init__(self, data: bytes) -> None:
        self.data = bytearray(data.removeprefix(PREFIX))
        self._order = {b"II*\0": "<", b"MM\0*": ">"}.get(bytes(self.data[:4]), "")
        if not self._order:
            raise struct.error("no byte order")
        self.first = self._get("I", 4)

    def values(self, directory: int) -> dict[int, int]:
        """The single whole numbers in a directory, by tag."""
        return {tag: self._get(form, at) for tag, form, at in self._entries(directory)}

    def set(self, directory: int, values: dict[int, int]) -> None:
        """Change the tags that are there."""
        for tag, form, at in self._entries(directory):
            if tag in values:
                struct.pack_into(self._order + form, self.data, at, values[tag])

    def drop_thumbnail(self) -> None:
        link = self.first + 2 + 12 * self._get("H", self.first)
        second = self._get("I", link)
        if not second:
            return
        struct.pack_into(self._order + "I", self.data, link, 0)
        values = self.values(second)
        start, size = values.get(_THUMBNAIL, 0), values.get(_THUMBNAIL_BYTES, 0)
        if start and start + size < len(self.data):
            self.data[start : start + size] = bytes(size)
        elif start:
            del self.data[start:]

    def _entries(self, directory: int) -> Iterator[tuple[int, str, int]]:
        """Tag, format and place of each single whole number."""
        for at in range(directory + 2, directory + 2 + 12 * self._get("H", directory), 12):
            kind, count = self._get("H", at + 2), self._get("I", at + 4)
            if kind in _FORMATS and count == 1:
                yield self._get("H", at), _FORMATS[kind], at + 8

    def _get(self, form: str, at: int) -> int:
        value: int = struct.unpack_from(self._order + form, self.data, at)[0]
        return value
