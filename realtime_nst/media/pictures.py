"""Reading picture files, as frames or as paintings."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import cv2
import numpy as np

from realtime_nst.errors import MediaError
from realtime_nst.media.decoded import Decoded, decoded, finished, require_memory, swapped
from realtime_nst.media.picture_kinds import HEAD, count_of, is_cut_off, kind_of, opened
from realtime_nst.stream import Animated, Image, Original

if TYPE_CHECKING:  # Pillow takes 0.1 s to import, and most commands read no picture
    from PIL import Image as Pillow

SUFFIXES = tuple(
    ".apng .avif .bmp .dib .gif .heic .heif .hif .jfif .jp2 .jpe .jpeg .jpg .jxl .png .tif .tiff "
    ".webp".split()
)

RAW = tuple(".arw .cr2 .cr3 .dng .nef .nrw .orf .pef .raf .rw2 .srw".split())
"""Data of a camera's sensor; many are a TIFF whose first picture is a thumbnail."""

ANIMATED = ("AVIF", "GIF", "PNG", "WEBP")
"""Kinds in which several pictures are an animation, by Pillow's names."""

LONGEST = 2**29
"""Pixels of an animation, all of whose pictures are in memory when it is written."""

_TOO_LARGE = "{!r} cannot be decoded: {}; try a smaller copy"


def read_picture(path: str | Path) -> Image:
    """The picture at ``path`` as RGB uint8 ``(height, width, 3)``, in sRGB.

    The ICC profile and the EXIF orientation are applied, more than 8 bits are reduced to 8, grey,
    palette, CMYK and Lab are converted, transparency is composited over white. An animation gives
    its first picture. Raises :class:`MediaError` if it cannot be read.
    """
    return read_with_original(path)[0]


def read_with_original(path: str | Path) -> tuple[Image, Original]:
    """Like :func:`read_picture`, with what else the file holds."""
    return _decoded(load(Path(path)), str(path))


def read_animation(
    path: str | Path, *, longest: int | None = LONGEST
) -> Iterator[tuple[Image, Original]]:
    """All pictures of a file, as :func:`read_with_original` gives the first: one, but for an
    animated GIF, WebP, PNG or AVIF. They may have ``longest`` pixels together (None: any number).

    Raises :class:`MediaError` where one cannot be read, after those before it, which are an
    animation of their own.
    """
    data = load(Path(path))
    picture = opened(data, str(path))
    count = count_of(picture) if picture is not None and picture.format in ANIMATED else 1
    if picture is None or count == 1:
        yield _decoded(data, str(path))
        return
    if longest is not None and count * picture.width * picture.height > longest:
        raise MediaError(
            f"{str(path)!r} has {count} pictures of {picture.width}x{picture.height}, too many to "
            "be painted as a picture; use: realtime-nst video"
        )
    before: tuple[Image, Original] | None = None
    cut_off = is_cut_off(data)
    for number in range(count):
        found = _seek(picture, number, data, str(path))
        if before is not None:
            yield _placed(*before, last=found is None)
        if found is None:
            kept = "; those before it are painted" if number else ""
            raise MediaError(
                f"{str(path)!r} is damaged from picture {number + 1} of {count} on{kept}"
            )
        delay = round(picture.info.get("duration") or 0)
        animated = Animated(delay, last=True, loop=picture.info.get("loop"))
        before = found[0], replace(found[1], animated=animated, cut_off=cut_off)
    if before is not None:
        yield before


def _placed(image: Image, original: Original, *, last: bool) -> tuple[Image, Original]:
    assert original.animated is not None
    return image, replace(original, animated=replace(original.animated, last=last))


def _seek(
    picture: "Pillow.Image", number: int, data: bytes, name: str
) -> tuple[Image, Original] | None:
    try:
        picture.seek(number)
    except (EOFError, OSError, SyntaxError, ValueError):
        return None
    try:
        found = decoded(picture, data)
        return None if found is None else finished(found)
    except MemoryError as error:
        raise MediaError(_TOO_LARGE.format(name, "not enough memory")) from error


def count_pictures(path: Path, *kinds: str) -> int:
    """How many pictures the file at ``path`` holds if it is of one of ``kinds``; else, and if it
    cannot be read, 1."""
    if not path.is_file():
        return 1
    try:
        with path.open("rb") as file:
            if kind_of(file.read(HEAD)) not in kinds:
                return 1
            file.seek(0)
            picture = opened(file.read(), str(path))
    except (MediaError, OSError):
        return 1
    return 1 if picture is None else count_of(picture)


def is_picture(path: Path) -> bool:
    """By its suffix, or if that is unknown by the file's contents."""
    if path.suffix.lower() in SUFFIXES or not path.is_file():
        return path.suffix.lower() in SUFFIXES and not path.is_dir()
    try:
        with path.open("rb") as file:
            return bool(kind_of(file.read(HEAD))) or cv2.haveImageReader(str(path))
    except OSError:
        return False


def load(path: Path) -> bytes:
    """The file's contents. Raises :class:`MediaError` if it cannot be read or is empty."""
    if path.exists() and not (path.is_file() or path.is_dir()):  # these may never end
        raise MediaError(f"{str(path)!r} is a pipe or a device; name a picture file")
    if path.suffix.lower() in RAW:
        raise MediaError(f"{str(path)!r} is a camera's raw file; develop it to JPEG or TIFF first")
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
    return _decoded(data, name, longest)[0]


def _decoded(data: bytes, name: str, longest: int = 0) -> tuple[Image, Original]:
    cut_off = is_cut_off(data)
    if cut_off and kind_of(data) == "JPEG":
        data = data.rstrip(b"\xff") + b"\xff\xd9"  # without an end, OpenCV refuses all of it
    try:
        found = _through_pillow(data, name, longest)
        image, original = _through_opencv(data, name) if found is None else finished(found)
    except (cv2.error, MemoryError) as error:
        reason = getattr(error, "err", "") or "not enough memory"
        raise MediaError(_TOO_LARGE.format(name, reason)) from error
    return image, replace(original, cut_off=cut_off)


def _through_pillow(data: bytes, name: str, longest: int) -> Decoded | None:
    """None if Pillow does not read the kind, or the file is damaged. Pillow's own copy of the
    pixels is let go of here."""
    picture = opened(data, name)
    if picture is None:
        return None
    require_memory(picture, data, name)
    return decoded(picture, data, longest)


def _through_opencv(data: bytes, name: str) -> tuple[Image, Original]:
    """Of kinds that Pillow does not read, and of damaged files as much as there is."""
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise MediaError(
            f"{name!r} is not a picture, or is damaged "
            f"(formats: {', '.join(SUFFIXES)}); convert it or leave it out"
        )
    return swapped(cast(Image, image)), Original()
