"""Reading picture files, as frames or as paintings."""

import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime_nst.errors import MediaError
from realtime_nst.stream import Image

SUFFIXES = (".avif", ".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")

_JPEG = b"\xff\xd8"
_MARKER = re.compile(rb"\xff+([^\x00\xff])")
_FRAME_HEADERS = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_ALONE = {0x01, *range(0xD0, 0xD9)}
"""Markers without a length."""

_BAND = 256
"""Rows composited over white at a time, to bound memory."""


def read_picture(path: str | Path) -> Image:
    """The picture at ``path`` as RGB uint8 ``(height, width, 3)``.

    The EXIF orientation is applied (except to pictures with transparency), 16 bits are reduced to
    8, grey, palette and CMYK are converted, transparency is composited over white. An animation
    gives its first picture. Raises :class:`MediaError` if it cannot be read.
    """
    return decode(load(Path(path)), str(path))


def is_picture(path: Path) -> bool:
    """By its suffix, or if that is unknown by the file's contents."""
    if path.suffix.lower() in SUFFIXES or not path.is_file():
        return path.suffix.lower() in SUFFIXES and not path.is_dir()
    return bool(cv2.haveImageReader(str(path)))


def load(path: Path) -> bytes:
    """The file's contents. Raises :class:`MediaError` if it cannot be read or is empty."""
    if path.is_char_device() or path.is_block_device():  # /dev/zero has no end
        raise MediaError(f"{str(path)!r} is a device, not a file; name a picture")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise MediaError(f"{str(path)!r} cannot be read: {error.strerror or error}") from error
    if not data:
        raise MediaError(f"{str(path)!r} is empty; give a picture ({', '.join(SUFFIXES)})")
    return data


def decode(data: bytes, name: str, longest: int = 0) -> Image:
    """Like :func:`read_picture`, for the picture in ``data``, called ``name`` in errors.

    A JPEG whose longer side has 8 times ``longest`` pixels or more is decoded at an eighth of its
    size, so that it is never in memory in full; not if ``longest`` is 0.
    """
    try:
        return _decoded(np.frombuffer(data, np.uint8), name, longest)
    except (cv2.error, MemoryError) as error:
        reason = getattr(error, "err", "") or "not enough memory"
        raise MediaError(f"{name!r} cannot be decoded: {reason}; try a smaller copy") from error


def jpeg_size(data: bytes) -> tuple[int, int]:
    """Width and height from a JPEG's frame header (ITU-T T.81, B.2.2); 0, 0 if it has none.

    Read without decoding: libjpeg keeps all coefficients of a progressive JPEG in memory, and 565
    bytes may stand for 20000x20000 of them.
    """
    at = len(_JPEG)
    while found := _MARKER.search(data, at):
        marker, at = found[1][0], found.end()
        if marker in _FRAME_HEADERS and len(data) >= at + 7:
            return int.from_bytes(data[at + 5 : at + 7]), int.from_bytes(data[at + 3 : at + 5])
        if marker not in _ALONE:
            at += int.from_bytes(data[at : at + 2])
    return 0, 0


def _decoded(data: NDArray[np.uint8], name: str, longest: int) -> Image:
    if data[:2].tobytes() == _JPEG:  # never has transparency
        image = _eighth(data, longest) if longest else None
    else:
        image = _transparent(data)
    if image is None:
        image = cv2.imdecode(data, cv2.IMREAD_COLOR)
    if image is None:
        raise MediaError(
            f"{name!r} is not a picture, or is damaged "
            f"(formats: {', '.join(SUFFIXES)}); convert it or leave it out"
        )
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)


def _eighth(data: NDArray[np.uint8], longest: int) -> NDArray[Any] | None:
    """BGR at an eighth of the size; None if that is smaller than ``longest``."""
    small = cv2.imdecode(data, cv2.IMREAD_REDUCED_COLOR_8)
    return small if small is not None and max(small.shape) >= longest else None


def _transparent(data: NDArray[np.uint8]) -> NDArray[Any] | None:
    """BGR of a picture with transparency, composited over white; None for any other."""
    bgra = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    if bgra is None or bgra.shape[2:] != (4,) or bgra.dtype not in (np.uint8, np.uint16):
        return None
    image = np.empty((*bgra.shape[:2], 3), np.uint8)
    for top in range(0, len(bgra), _BAND):
        image[top : top + _BAND] = _on_white(bgra[top : top + _BAND])
    return image


def _on_white(bgra: NDArray[Any]) -> NDArray[Any]:
    values = bgra.astype(np.float32) / (np.iinfo(bgra.dtype).max / 255)
    alpha = values[..., 3:] / 255
    return (values[..., :3] * alpha + 255 * (1 - alpha)).round()
