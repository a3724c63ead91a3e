"""Frames as picture files: one file, or a folder of them."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import cv2

from realtime_nst.errors import MediaError, TargetExists, UsageError
from realtime_nst.files import write_whole
from realtime_nst.stream import Frame, Image, Unmanaged

SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
_QUALITY = {
    ".jpg": cv2.IMWRITE_JPEG_QUALITY,
    ".jpeg": cv2.IMWRITE_JPEG_QUALITY,
    ".webp": cv2.IMWRITE_WEBP_QUALITY,
}


class PictureSink(Unmanaged):
    """Writes frames to ``target``: a single file if it ends in one of ``SUFFIXES``, else a folder.

    In a folder, frame ``index`` is named ``names[index]``, or without ``names`` ``000000.png`` and
    so on. ``quality`` (1 to 100) is for JPEG and WebP. Each file appears only when it is whole.

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
    ) -> None:
        self._target = Path(target)
        self._single = self._target.suffix.lower() in SUFFIXES and not self._target.is_dir()
        self._names = names
        self._overwrite = overwrite
        self._quality = check_quality(quality)

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
        write_picture(
            self._path(frame.index), frame.image, overwrite=self._overwrite, quality=self._quality
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
    path: str | Path, image: Image, *, overwrite: bool = False, quality: int = 95
) -> None:
    """Write ``image`` (RGB uint8 HWC) to ``path``, whole or not at all; the suffix is the format.

    Raises the errors of :class:`PictureSink`.
    """
    path = Path(path)
    _check_target(path, overwrite)
    data = _encode(path, image, check_quality(quality))
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


def _encode(path: Path, image: Image, quality: int) -> bytes:
    suffix = path.suffix.lower()
    options = [_QUALITY[suffix], quality] if suffix in _QUALITY else []
    try:
        done, data = cv2.imencode(suffix, cv2.cvtColor(image, cv2.COLOR_RGB2BGR), options)
    except cv2.error as error:
        done, data = False, None
        reason = f": {error.err}"
    else:
        reason = ""
    if not done or data is None:
        height, width = image.shape[:2]
        raise MediaError(
            f"{path.name!r} cannot hold a picture of {width}x{height}{reason}; choose .png or a "
            "smaller size"
        )
    return bytes(data)


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
