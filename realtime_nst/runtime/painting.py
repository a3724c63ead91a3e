"""Reads a painting the way encoders take it."""

from pathlib import Path
from typing import cast

import cv2

from realtime_nst.errors import UsageError
from realtime_nst.files import nearest
from realtime_nst.pictures import decode, load
from realtime_nst.stream import Image

PAINTING_SIZE = 896
"""The longer side of a painting, in pixels, when its code is made. A smaller one makes results more
like the painting and less like the photo. Chosen from measurements with Great Wave."""


def load_painting(path: Path) -> bytes:
    """The bytes of the file. Raises :class:`UsageError` if ``path`` is not a file, and
    :class:`MediaError` if the file is empty or cannot be read."""
    if path.is_dir():
        raise UsageError(f"{str(path)!r} is a folder; name one picture in it")
    if not path.exists():
        raise UsageError(f"there is no picture {str(path)!r}{nearest(path)}")
    return load(path)


def decode_painting(data: bytes, name: str, least: int) -> Image:
    """RGB uint8 ``(height, width, 3)``, its longer side PAINTING_SIZE pixels.

    Raises :class:`MediaError` if ``data`` is not a picture, :class:`UsageError` if its shorter side
    then has fewer than ``least`` pixels. ``name`` is for messages.
    """
    image = decode(data, name, PAINTING_SIZE)
    height, width = image.shape[:2]
    scale = PAINTING_SIZE / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    if min(size) < least:
        raise UsageError(
            f"{name!r} is too thin for a painting: {width}x{height} pixels, {size[0]}x{size[1]} "
            f"once scaled, and each side needs {least}; crop it to a wider part"
        )
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cast(Image, cv2.resize(image, size, interpolation=how))
