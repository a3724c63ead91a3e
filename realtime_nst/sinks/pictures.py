"""Frames as picture files: one file, or a folder of them."""

import os
import struct
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime_nst import exif
from realtime_nst.errors import MediaError, TargetExists, UsageError, one_line
from realtime_nst.files import write_whole
from realtime_nst.stream import Frame, Image, Original, Unmanaged

_LZW = {"compression": "tiff_lzw", "tiffinfo": {317: 2}}
"""With the horizontal predictor, a third smaller."""

_WRITERS: dict[str, tuple[str, dict[str, Any]]] = {
    ".bmp": ("BMP", {}),
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

SUFFIXES = tuple(_WRITERS)
_TRANSPARENT = ("PNG", "TIFF", "WEBP")
_LOSSY = ("JPEG", "WEBP")
_BARE = ("BMP",)
"""Formats without room for a profile or EXIF."""

_PNG_HEADER = 33
"""Bytes of the signature and the first chunk, IHDR."""

_EXIF_LIMIT = 65_533
"""Bytes in a JPEG."""


class PictureSink(Unmanaged):
    """Writes frames to ``target``: a single file if it ends in one of ``SUFFIXES``, else a folder.

    In a folder, frame ``index`` is named ``names[index]``, or without ``names`` ``000000.png`` and
    so on. ``quality`` (1 to 100) is for JPEG and WebP. Each file appears only when it is whole.

    The colour space, transparency and EXIF data of a frame's ``original`` are kept where the format
    can hold them; without ``keep_exif``, EXIF data is left out.

    Raises :class:`TargetExists` before any work unless ``overwrite``; :class:`UsageError` for an
    unknown suffix, a repeated name, or a second frame for a single file; :class:`MediaError` if a
    file cannot be written.
    """

    def __init__(
        self,
        target: str | Path,
        names: Sequence[str] | None = None,
        *,
        overwrite: bool = False,
        quality: int = 95,
        keep_exif: bool = True,
    ) -> None:
        self._target = Path(target)
        self._single = self._target.suffix.lower() in SUFFIXES and not self._target.is_dir()
        self._names = names
        self._overwrite = overwrite
        self._quality = check_quality(quality)
        self._keep_exif = keep_exif

    def __enter__(self) -> Self:
        if self._single and len(self._names or ()) > 1:
            raise UsageError(self._too_many())
        paths = [self._target] if self._single else [self._target / n for n in self._names or ()]
        twice = [path.name for path, count in Counter(paths).items() if count > 1]
        if twice:
            raise UsageError(
                f"{twice[0]!r} would be written twice in {str(self._target)!r}; "
                "rename one of the pictures, or write them to different folders"
            )
        for path in paths:
            _check_target(path, self._overwrite)
        _make_folder(self._target.parent if self._single else self._target)
        return self

    def write(self, frame: Frame) -> bool:
        original = frame.original or Original()
        write_picture(
            self._path(frame.index),
            frame.image,
            overwrite=self._overwrite,
            quality=self._quality,
            original=original if self._keep_exif else replace(original, exif=b""),
        )
        return True

    def _path(self, index: int) -> Path:
        if self._single:
            if index > 0:
                raise UsageError(self._too_many())
            return self._target
        return self._target / (self._names[index] if self._names else f"{index:06d}.png")

    def _too_many(self) -> str:
        return f"{str(self._target)!r} is one picture, but there are several; name a folder instead"


def write_picture(
    path: str | Path,
    image: Image,
    *,
    overwrite: bool = False,
    quality: int = 95,
    original: Original | None = None,
) -> None:
    """Write ``image`` (RGB uint8 HWC) to ``path``, whole or not at all; the suffix is the format.

    What ``original`` holds is kept. Raises the errors of
    :class:`PictureSink`.
    """
    path = Path(path)
    _check_target(path, overwrite)
    data = _encode(path, image, check_quality(quality), original or Original())
    try:
        with write_whole(path) as unfinished:
            unfinished.write_bytes(data)
    except OSError as error:
        raise _unwritable(path, error) from error


def written_name(picture: Path) -> str:
    """The name of ``picture``; PNG replaces a format that cannot be written."""
    return picture.name if picture.suffix.lower() in SUFFIXES else f"{picture.stem}.png"


def check_quality(quality: int) -> int:
    """``quality``; raises :class:`UsageError` if it is not 1 to 100."""
    if not 1 <= quality <= 100:
        raise UsageError(f"quality {quality} is out of range; give 1 to 100")
    return quality


def _check_target(path: Path, overwrite: bool) -> None:
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(
            f"{path.name!r} does not have the suffix of a picture (choices: {', '.join(SUFFIXES)})"
        )
    if path.is_dir():
        raise UsageError(f"{str(path)!r} is a folder; choose another name")
    if os.path.lexists(path) and not overwrite:
        raise TargetExists(
            f"{str(path)!r} already exists; replace it with --overwrite, or choose another name"
        )


def _encode(path: Path, image: Image, quality: int, original: Original) -> bytes:
    from PIL import Image as Pillow

    form, options = _WRITERS[path.suffix.lower()]
    if form in _LOSSY:
        options = options | {"quality": quality}
    height, width = image.shape[:2]
    pixels = image
    if form not in _BARE:
        pixels = restored(image, original, alpha=form in _TRANSPARENT)
        data = exif.updated(original.exif, width, height)
        fits = form != "JPEG" or len(data) <= _EXIF_LIMIT
        if form == "PNG":
            return _png(pixels, original.profile, data)
        if form == "TIFF" and data:  # Pillow cannot write EXIF data through libtiff
            options = {}
        options = options | {"icc_profile": original.profile, "exif": data if fits else b""}
    file = BytesIO()
    try:
        Pillow.fromarray(pixels).save(file, form, **options)
    except (OSError, ValueError, RuntimeError, SystemError, MemoryError, cv2.error) as error:
        raise MediaError(
            f"{path.name!r} cannot hold a picture of {width}x{height}: {one_line(error)}; choose "
            ".png or a smaller size"
        ) from error
    return file.getvalue()


def _png(pixels: NDArray[np.uint8], profile: bytes, data: bytes) -> bytes:
    """OpenCV compresses in a third of the time that Pillow takes."""
    order = cv2.COLOR_RGBA2BGRA if pixels.shape[2] == 4 else cv2.COLOR_RGB2BGR
    coded = cv2.imencode(".png", cv2.cvtColor(pixels, order))[1].tobytes()
    chunks = _chunk(b"iCCP", b"ICC\0\0" + zlib.compress(profile)) if profile else b""
    if data:
        chunks += _chunk(b"eXIf", data.removeprefix(b"Exif\0\0"))
    return coded[:_PNG_HEADER] + chunks + coded[_PNG_HEADER:]


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def restored(image: Image, original: Original, *, alpha: bool) -> NDArray[np.uint8]:
    """``image`` (sRGB, over white) in the colour space of ``original``, with its transparency if
    ``alpha``.

    Pixels that are as they were shown get their exact values back, even colours outside sRGB. Of
    the others, the white that transparency had let through is taken out again.
    """
    pixels, shown = original.pixels, original.shown
    if pixels is None or shown is None:
        return image
    from realtime_nst.profiles import read_profile

    height, width = image.shape[:2]
    clear = pixels[..., 3] if pixels.shape[2] == 4 else None
    if clear is not None and clear.shape != (height, width):
        clear = np.asarray(cv2.resize(clear, (width, height), interpolation=cv2.INTER_AREA))
    result = image
    if alpha and clear is not None:
        result = _without_white(image, clear)
    if original.profile and (profile := read_profile(original.profile)) and not profile.is_srgb:
        result = profile.from_srgb(result)
    if image.shape == shown.shape:
        same = (image == shown).all(-1)
        if clear is not None and not alpha:
            same &= clear == 255
        result = np.where(same[..., None], pixels[..., :3], result)
    return np.dstack((result, clear)) if alpha and clear is not None else result


def _without_white(image: Image, clear: NDArray[np.uint8]) -> Image:
    white = 255 - image.astype(np.float32)
    result = 255 - white * (255 / np.maximum(clear, 1)[..., None])
    return result.clip(0, 255).round().astype(np.uint8)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from error


def _unwritable(path: Path, error: OSError) -> MediaError:
    return MediaError(
        f"{str(path)!r} cannot be written: {error.strerror or error}; "
        "free space there or choose another folder"
    )
