"""Whether a video file ends earlier than it says."""

from __future__ import annotations

import os
from typing import BinaryIO

from realtime_nst.media.container import VideoFile, size_of
from realtime_nst.media.stored import StoredReader

_EBML = b"\x1a\x45\xdf\xa3"
_SEGMENT = b"\x18\x53\x80\x67"


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
    """An EBML size; 0 for "unknown", which is encoded as all ones, and for one that is damaged."""
    first = (file.read(1) or b"\0")[0]
    if not first:
        return 0
    extra = 8 - first.bit_length()
    value = int.from_bytes(bytes([first & ((1 << (7 - extra)) - 1)]) + file.read(extra), "big")
    return 0 if value == (1 << (7 * (extra + 1))) - 1 else value
