"""Encoding pictures with their colour space, transparency and tags."""

import zlib
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime_nst.errors import MediaError, one_line
from realtime_nst.sinks._picture_tags import (
    SEGMENT,
    chunk,
    jpeg_segments,
    png_chunks,
    saved_with,
    segment,
)
from realtime_nst.sinks._strips import Rows, is_large, jpeg, png, strips
from realtime_nst.stream import Frame, Image, Original

Buffer = bytes | memoryview

_LZW = {"compression": "tiff_lzw", "tiffinfo": {317: 2}}
"""With the horizontal predictor, a third smaller."""

WRITERS: dict[str, tuple[str, dict[str, Any]]] = {
    ".apng": ("PNG", {}),
    ".bmp": ("BMP", {}),
    ".gif": ("GIF", {}),
    ".jfif": ("JPEG", {}),
    ".jpe": ("JPEG", {}),
    ".jpeg": ("JPEG", {}),
    ".jpg": ("JPEG", {}),
    ".png": ("PNG", {}),
    ".tif": ("TIFF", _LZW),
    ".tiff": ("TIFF", _LZW),
    ".webp": ("WEBP", {}),
}
"""Pillow's name of the format, and options."""

_TRANSPARENT = ("GIF", "PNG", "TIFF", "WEBP")
ANIMATED = ("GIF", "PNG", "WEBP")
_LOSSY = ("JPEG", "WEBP")
_BARE = ("BMP", "GIF")
"""Formats without room for a profile or EXIF."""

_PNG_HEADER = 33
"""Bytes of the signature and the first chunk, IHDR."""

_JPEG_HEADER = 20
"""Bytes of the start and of the JFIF segment."""

_ICC = SEGMENT - 14
"""Bytes of a profile in a segment of a JPEG."""

_ALL = slice(None)

_SUBSAMPLING = {
    0: cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
    1: cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422,
}


def encode(path: Path, image: Image, quality: int, original: Original) -> Iterator[Buffer]:
    """``image`` as a file of the format that the suffix of ``path`` names, in parts; the tags of
    ``original`` as :func:`~realtime_nst.sinks._picture_tags.fitted` gives them."""
    form, options = WRITERS[path.suffix.lower()]
    size = image.shape[1], image.shape[0]
    rows = _restorer(image, original if form not in _BARE else Original(), form in _TRANSPARENT)
    try:
        if form == "JPEG":
            yield from _jpeg(size, rows, quality, original)
        elif form == "PNG":
            yield from _png(size, rows, original)
        else:
            if form in _LOSSY:
                options = options | {"quality": quality}
            if form not in _BARE:
                said = saved_with(original.tags, form)
                if form == "TIFF" and said["exif"]:  # Pillow cannot write EXIF through libtiff
                    options = {}
                options = options | {"icc_profile": original.profile} | said
            yield _saved(_picture(size, rows), form, options)
    except cv2.error as error:
        raise _too_large(path, size, error.err) from error
    except (OSError, ValueError, RuntimeError, SystemError, MemoryError) as error:
        raise _too_large(path, size, one_line(error)) from error


def _picture(size: tuple[int, int], rows: Rows) -> Any:
    """For Pillow, whose own copy takes 4 bytes a pixel."""
    from PIL import Image as Pillow

    picture = None
    for strip in strips(*size):
        part = Pillow.fromarray(rows(strip))
        picture = picture or Pillow.new(part.mode, size)
        picture.paste(part, (0, strip.start))
    return picture


def _saved(picture: Any, form: str, options: dict[str, Any]) -> Buffer:
    """Without EXIF data where Pillow, which reads them again, finds them damaged."""
    file = BytesIO()
    try:
        picture.save(file, form, **options)
    except Exception:
        if not options.get("exif"):
            raise
        return _saved(picture, form, options | {"exif": b""})
    return file.getbuffer()


def encode_animation(path: Path, frames: list[Frame], quality: int) -> Iterator[Buffer]:
    """``frames`` as an animated file, with the delays of their originals."""
    from PIL import Image as Pillow

    form, options = WRITERS[path.suffix.lower()]
    originals = [frame.original or Original() for frame in frames]
    if form in _BARE and originals[0].profile:  # colours as they were painted, in sRGB
        originals = [replace(each, pixels=None) for each in originals]
    pictures = [
        Pillow.fromarray(restored(frame.image, original, alpha=True))
        for frame, original in zip(frames, originals, strict=True)
    ]
    clear = any(picture.mode == "RGBA" for picture in pictures)
    first, *others = (picture.convert("RGBA" if clear else "RGB") for picture in pictures)
    options = options | {"duration": [each.animated.delay for each in originals if each.animated]}
    if originals[0].animated and originals[0].animated.loop is not None:
        options["loop"] = originals[0].animated.loop
    if form == "GIF" and clear:
        options["disposal"] = 2  # each picture on an empty ground, or the one before shows through
    if form == "WEBP":
        options["quality"] = quality
        if clear:
            options["kmax"] = 1  # key frames alone: libwebp 1.6 makes others opaque
    if form not in _BARE:
        options["icc_profile"] = originals[0].profile
    if form == "WEBP":
        options |= saved_with(originals[0].tags, form)
    options |= {"save_all": True, "append_images": others}
    try:
        coded = _saved(first, form, options)
        if form == "PNG":
            coded = _with_chunks(bytes(coded), png_chunks(originals[0].tags))
        yield coded
    except (OSError, ValueError, RuntimeError, SystemError, MemoryError) as error:
        raise MediaError(f"{path.name!r} cannot be written: {one_line(error)}") from error


def _jpeg(size: tuple[int, int], rows: Rows, quality: int, original: Original) -> Iterator[bytes]:
    """OpenCV takes 4 ms less than Pillow for 6 million pixels, of 30."""
    sampling = _SUBSAMPLING.get(original.subsampling, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420)
    options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
    segments = jpeg_segments(original.tags)
    parts = [original.profile[at : at + _ICC] for at in range(0, len(original.profile), _ICC)]
    for number, part in enumerate(parts, 1):  # ICC.1:2022, B.4
        segments += segment(0xE2, b"ICC_PROFILE\0" + bytes([number, len(parts)]) + part)

    def coded(pixels: NDArray[np.uint8]) -> bytes:
        return _opencv(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), options)

    files = jpeg(*size, rows, coded) if is_large(*size) else iter([coded(rows(_ALL))])
    first = next(files)
    yield first[:_JPEG_HEADER] + segments + first[_JPEG_HEADER:]
    yield from files


def _opencv(suffix: str, pixels: Any, options: list[int]) -> bytes:
    done, data = cv2.imencode(suffix, pixels, options)
    if not done:
        raise ValueError("the encoder refuses it")
    return data.tobytes()


def _too_large(path: Path, size: tuple[int, int], reason: str) -> MediaError:
    return MediaError(
        f"{path.name!r} cannot hold a picture of {size[0]}x{size[1]}: {reason}; choose .png or a "
        "smaller size"
    )


def _png(size: tuple[int, int], rows: Rows, original: Original) -> Iterator[bytes]:
    """OpenCV compresses in a third of the time that Pillow takes."""
    chunks = png_chunks(original.tags)
    if original.profile:
        chunks = chunk(b"iCCP", b"ICC\0\0" + zlib.compress(original.profile)) + chunks
    if is_large(*size):
        yield from png(*size, rows, chunks)
        return
    pixels = rows(_ALL)
    order = cv2.COLOR_RGBA2BGRA if pixels.shape[2] == 4 else cv2.COLOR_RGB2BGR
    yield _with_chunks(_opencv(".png", cv2.cvtColor(pixels, order), []), chunks)


def _with_chunks(coded: bytes, chunks: bytes) -> bytes:
    return coded[:_PNG_HEADER] + chunks + coded[_PNG_HEADER:]


def holds_alpha(path: Path) -> bool:
    """Whether pictures with the suffix of ``path`` keep transparency."""
    return WRITERS[path.suffix.lower()][0] in _TRANSPARENT


def restored(image: Image, original: Original, *, alpha: bool) -> NDArray[np.uint8]:
    """``image`` (sRGB, over white) in the colour space of ``original``, with its transparency if
    ``alpha``.

    Pixels that are as they were shown get their exact values back, even colours outside sRGB. Of
    the others, the white that transparency had let through is taken out again.
    """
    return _restorer(image, original, alpha)(_ALL)


def _restorer(image: Image, original: Original, alpha: bool) -> Rows:
    """Gives the rows of :func:`restored`."""
    pixels, shown = original.pixels, original.shown
    if pixels is None or shown is None:
        return lambda rows: image[rows]
    from realtime_nst.media.profiles import read_profile

    height, width = image.shape[:2]
    clear = pixels[..., 3] if pixels.shape[2] == 4 else None
    if clear is not None and clear.shape != (height, width):
        clear = np.asarray(cv2.resize(clear, (width, height), interpolation=cv2.INTER_AREA))
    profile = read_profile(original.profile) if original.profile else None

    def rows_of(rows: slice) -> NDArray[np.uint8]:
        result = painted = image[rows]
        seen = clear[rows] if clear is not None else None
        if alpha and seen is not None:
            result = _without_white(result, seen)
        if profile and not profile.is_srgb:
            result = profile.from_srgb(result)
        if image.shape == shown.shape:
            same = (painted == shown[rows]).all(-1)
            if seen is not None and not alpha:
                same &= seen == 255
            result = np.where(same[..., None], pixels[rows, :, :3], result)
        return np.dstack((result, seen)) if alpha and seen is not None else result

    return rows_of


def _without_white(image: Image, clear: NDArray[np.uint8]) -> Image:
    white = 255 - image.astype(np.float32)
    result = 255 - white * (255 / np.maximum(clear, 1)[..., None])
    return result.clip(0, 255).round().astype(np.uint8)
