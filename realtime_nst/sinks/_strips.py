"""Large JPEG and PNG files, coded a strip of rows at a time.

The encoders at hand want all pixels in one array, in their own order of colours, and give the file
as one string.
"""

import struct
import zlib
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from realtime_nst.media.picture_kinds import markers
from realtime_nst.sinks._picture_tags import chunk

Rows = Callable[[slice], NDArray[np.uint8]]
"""Gives some rows of a picture, RGB or RGBA."""

_WHOLE = 2**23
"""Pixels up to which a picture is coded in one piece."""

_STRIP = 2**21
"""Pixels of a strip."""

_BLOCK = 16
"""Rows of the blocks that a JPEG is coded in, at most."""

_LONGEST = 65_500
"""Pixels of a side of a JPEG that libjpeg writes."""

_FRAME, _SCAN, _INTERVAL, _RESTART = 0xC0, 0xDA, 0xDD, 0xD0
"""Markers (ITU-T T.81, table B.1)."""


def is_large(width: int, height: int) -> bool:
    """Whether a picture of that size is to be coded in strips."""
    return width * height > _WHOLE


def strips(width: int, height: int) -> Iterator[slice]:
    """Rows of a picture of that size, each strip of whole blocks but the last."""
    each = max(1, _STRIP // width // _BLOCK) * _BLOCK
    for top in range(0, height, each):
        yield slice(top, min(top + each, height))


def jpeg(
    width: int, height: int, rows: Rows, coded: Callable[[NDArray[np.uint8]], bytes]
) -> Iterator[bytes]:
    """A baseline JPEG, of which ``coded`` makes each strip: their scans follow one another with
    restart markers between, behind the headers of the first (ITU-T T.81, E.1.4).

    Raises ValueError for a side that JPEG cannot have.
    """
    if max(width, height) > _LONGEST:
        raise ValueError(f"a side of a JPEG has at most {_LONGEST} pixels")
    for number, strip in enumerate(strips(width, height)):
        data = coded(rows(strip))
        frame, scan = _places(data)
        if number == 0:
            sampled = data[frame + 9]
            across, down = 8 * (sampled >> 4), 8 * (sampled & 15)
            blocks = -(-width // across) * -(-strip.stop // down)
            whole = data[: frame + 3] + struct.pack(">H", height) + data[frame + 5 : scan - 2]
            yield whole + struct.pack(">BBHH", 0xFF, _INTERVAL, 4, blocks) + data[scan - 2 : -2]
        else:
            behind = scan + int.from_bytes(data[scan : scan + 2])
            yield bytes([0xFF, _RESTART + (number - 1) % 8]) + data[behind:-2]
    yield b"\xff\xd9"


def _places(data: bytes) -> tuple[int, int]:
    """Where the header of the frame and that of the scan begin."""
    at = dict(markers(data))
    return at[_FRAME], at[_SCAN]


def png(width: int, height: int, rows: Rows, chunks: bytes) -> Iterator[bytes]:
    """A PNG with ``chunks`` before its pixels, filtered and compressed as OpenCV does: each pixel
    less the one on its left, runs alone (PNG, third edition, 9.2)."""
    channels = rows(slice(0, 1)).shape[2]
    header = struct.pack(">IIBBBBB", width, height, 8, 6 if channels == 4 else 2, 0, 0, 0)
    yield b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunks
    squeezed = zlib.compressobj(1, strategy=zlib.Z_RLE)
    for strip in strips(width, height):
        flat = rows(strip).reshape(strip.stop - strip.start, -1)
        lines = np.empty((flat.shape[0], 1 + flat.shape[1]), np.uint8)
        lines[:, 0], lines[:, 1 : 1 + channels] = 1, flat[:, :channels]
        np.subtract(flat[:, channels:], flat[:, :-channels], out=lines[:, 1 + channels :])
        yield chunk(b"IDAT", squeezed.compress(lines.data))
    yield chunk(b"IDAT", squeezed.flush()) + chunk(b"IEND", b"")
