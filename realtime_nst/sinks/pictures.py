"""Frames as picture files: one file, or a folder of them."""

import os
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

from realtime_nst.errors import MediaError, TargetExists, UsageError
from realtime_nst.files import require_folder, write_whole
from realtime_nst.sinks._encode_picture import ANIMATED, WRITERS, Buffer, encode, encode_animation
from realtime_nst.sinks._picture_tags import fitted
from realtime_nst.stream import Frame, Image, Original, Tags, Unmanaged

SUFFIXES = tuple(WRITERS)


class PictureSink(Unmanaged):
    """Writes frames to ``target``: a single file if it ends in one of ``SUFFIXES``, else a folder.

    In a folder, frame ``index`` is named ``names[index]``, or without ``names`` ``000000.png`` and
    so on. ``quality`` (1 to 100) is for JPEG and WebP. Each file appears only when it is whole.

    The pictures of an animation go into one file, with their delays; of a format without animations
    only the first is written, and ``notices`` says so.

    The colour space, transparency and tags (EXIF, XMP, IPTC) of a frame's ``original`` are kept
    where the format can hold them, and ``notices`` names what it cannot; without ``keep_tags``,
    tags are left out. ``written`` has the files written so far.

    A folder is created, but not the folder of a single file. Raises :class:`TargetExists` before
    any work unless ``overwrite``; :class:`UsageError` for a single file's folder that is not there,
    an unknown suffix, a repeated name, or a second frame for a single file; :class:`MediaError` if
    a file cannot be written.
    """

    def __init__(
        self,
        target: str | Path,
        names: Sequence[str] | None = None,
        *,
        overwrite: bool = False,
        quality: int = 95,
        keep_tags: bool = True,
    ) -> None:
        self._target = Path(target)
        self._single = self._target.suffix.lower() in SUFFIXES and not self._target.is_dir()
        self._names = names
        self._overwrite = overwrite
        self._quality = check_quality(quality)
        self._keep_tags = keep_tags
        self._playing: list[Frame] = []
        self.notices: list[str] = []
        self.written: list[Path] = []

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
        if self._single:
            require_folder(self._target)
        else:
            make_folder(self._target)
        return self

    def write(self, frame: Frame) -> bool:
        original = frame.original or Original()
        if not self._keep_tags:
            frame = replace(frame, original=replace(original, tags=Tags()))
        if original.animated is None:
            self._write([frame])
            return True
        if self._playing and self._playing[0].index != frame.index:
            self._playing = []  # the source gave it up
        self._playing.append(frame)
        if original.animated.last:
            self._write(self._playing)
            self._playing = []
        return True

    def _write(self, frames: list[Frame]) -> None:
        path = self.path_of(frames[0].index)
        _check_target(path, self._overwrite)
        first = frames[0]
        original, lost = _fitted(path, first.image, first.original or Original())
        frames = [replace(first, original=original), *frames[1:]]
        self.notices += lost
        if len(frames) > 1 and WRITERS[path.suffix.lower()][0] in ANIMATED:
            data = encode_animation(path, frames, self._quality)
        else:
            data = encode(path, first.image, self._quality, original)
            if len(frames) > 1:
                self.notices.append(
                    f"{path.name} is the first of {len(frames)} pictures of an animation; name the "
                    "output .gif, .webp or .png for all"
                )
        _store(path, data)
        self.written.append(path)

    def path_of(self, index: int) -> Path:
        """The file of frame ``index``; raises UsageError for a second frame of a single file."""
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
    original, _ = _fitted(path, image, original or Original())
    data = encode(path, image, check_quality(quality), original)
    _store(path, data)


def _fitted(path: Path, image: Image, original: Original) -> tuple[Original, list[str]]:
    """With the tags that the file can hold, and a line for each that it cannot."""
    height, width = image.shape[:2]
    tags, lost = fitted(original.tags, WRITERS[path.suffix.lower()][0], width, height)
    return replace(original, tags=tags), [f"{path.name} is without {what}" for what in lost]


def _store(path: Path, parts: Iterator[Buffer]) -> None:
    try:
        with write_whole(path) as unfinished, unfinished.open("wb") as file:
            for part in parts:
                file.write(part)
    except OSError as error:
        raise _unwritable(path, error) from error


def written_name(picture: Path, *, animated: bool = False) -> str:
    """The name of ``picture``; PNG replaces a format that cannot be written, and GIF, whose 256
    colours are few for a painting, unless it is ``animated``."""
    suffix = picture.suffix.lower()
    keeps = suffix in SUFFIXES and (suffix != ".gif" or animated)
    return picture.name if keeps else f"{picture.stem}.png"


def written_names(pictures: Sequence[Path], animated: Collection[Path] = ()) -> list[str]:
    """The name of each; ``a.heic`` beside ``a.png`` is ``a.heic.png``."""
    names = [written_name(picture, animated=picture in animated) for picture in pictures]
    count = Counter(names)
    return [
        f"{picture.name}.png" if count[name] > 1 and name != picture.name else name
        for picture, name in zip(pictures, names, strict=True)
    ]


def check_quality(quality: int) -> int:
    """``quality``; raises :class:`UsageError` if it is not 1 to 100."""
    if not 1 <= quality <= 100:
        raise UsageError(f"quality {quality} is out of range; give 1 to 100")
    return quality


def _check_target(path: Path, overwrite: bool) -> None:
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(
            f"{path.name!r} does not have the suffix of a picture (choices: {', '.join(SUFFIXES)})",
            choices=SUFFIXES,
        )
    if path.is_dir():
        raise UsageError(f"{str(path)!r} is a folder; choose another name")
    if os.path.lexists(path) and not overwrite:
        raise TargetExists(
            f"{str(path)!r} already exists; replace it with `overwrite`, or choose another name"
        )


def make_folder(folder: Path) -> None:
    """With those above it. Raises :class:`MediaError`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from error


def _unwritable(path: Path, error: OSError) -> MediaError:
    return MediaError(
        f"{str(path)!r} cannot be written: {error.strerror or error}; "
        "free space there or choose another folder"
    )
