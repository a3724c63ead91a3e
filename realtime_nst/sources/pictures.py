"""Picture files as frames: one, several, or a folder of them."""

import re
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import partial
from itertools import islice
from mimetypes import guess_type
from pathlib import Path
from typing import Self

from realtime_nst.errors import MediaError, UsageError
from realtime_nst.files import nearest
from realtime_nst.media.pictures import (
    RAW,
    SUFFIXES,
    is_picture,
    read_animation,
    read_with_original,
)
from realtime_nst.stream import Frame, Image, Managed, Original, StreamInfo

_Picture = tuple[Image, Original]


class PictureSource(Managed):
    """The pictures at ``paths``: a file, a folder (in natural order), or a sequence of these.

    Frame ``index`` shows ``paths[index]`` at its own size for 1 / ``rate`` seconds. ``info`` has
    the size of the first picture. A picture that cannot be read raises :class:`MediaError`; with
    ``skip_unreadable`` it is skipped and its error stored in ``unreadable`` under its path, and an
    error is raised only if no picture can be read. Of one that is cut off, what is there is shown,
    and that is stored as well. With ``animations``, each picture of an animated file is a frame,
    all of the same index; without, the first one stands for all.

    ``passed_over`` has the reason why a file or folder inside a folder is not among the pictures.
    """

    def __init__(
        self,
        paths: str | Path | Sequence[str | Path],
        *,
        rate: int | Fraction = 25,
        skip_unreadable: bool = False,
        animations: bool = False,
    ) -> None:
        given = [paths] if isinstance(paths, str | Path) else paths
        self.passed_over: dict[Path, str] = {}
        self.paths = [path for one in given for path in list_pictures(one, self.passed_over)]
        if not self.paths:
            raise UsageError("no picture given; name at least one file or folder")
        if rate <= 0:
            raise UsageError(f"rate {rate} is not positive; give pictures a second")
        self.unreadable: dict[Path, MediaError] = {}
        self._rate = Fraction(rate)
        self._skip = skip_unreadable
        self._animations = animations
        self._size = (0, 0)
        self._first: list[_Picture] = []
        self._index, self._others = 0, self._pictures(0)

    @property
    def info(self) -> StreamInfo:
        if self._size == (0, 0):
            self._open()
        return StreamInfo(*self._size, self._rate, len(self.paths))

    def __enter__(self) -> Self:
        self._open()
        return self

    def _close(self) -> None:
        self._first = []

    def __iter__(self) -> Iterator[Frame]:
        """Pictures may be large: none is held here once it is handed on."""
        self._open()
        yield self._frame(self._index, self._first.pop())
        yield from map(partial(self._frame, self._index), self._others)
        for index in range(self._index + 1, len(self.paths)):
            yield from map(partial(self._frame, index), self._pictures(index))

    def _frame(self, index: int, picture: _Picture) -> Frame:
        image, original = picture
        if original.cut_off and self._skip:
            path = self.paths[index]
            self.unreadable[path] = MediaError(f"{str(path)!r} is cut off; what is there is shown")
        return Frame(image, index, index / self._rate, time.monotonic(), original=original)

    def _open(self) -> None:
        """Read the first picture that can be read, unless that is done."""
        if self._first:
            return
        for index in range(len(self.paths)):
            self._index, self._others = index, self._pictures(index)
            self._first = list(islice(self._others, 1))
            if self._first:
                self._size = self._first[0][0].shape[1::-1]
                return
        raise next(iter(self.unreadable.values()))

    def _pictures(self, index: int) -> Iterator[_Picture]:
        path = self.paths[index]
        try:
            if self._animations:
                yield from read_animation(path)
            else:
                yield read_with_original(path)
        except MediaError as error:
            self._refuse(index, error)

    def _refuse(self, index: int, error: MediaError) -> None:
        if not self._skip:
            raise error
        self.unreadable[self.paths[index]] = error


def list_pictures(path: str | Path, passed_over: dict[Path, str] | None = None) -> list[Path]:
    """``path`` itself, or if it is a folder, the pictures directly in it: by name, 2 before 10.

    What else is in the folder is put into ``passed_over``, with the reason. Raises
    :class:`UsageError` if ``path`` does not exist or the folder contains no picture.
    """
    path = Path(path)
    if not path.exists():
        raise UsageError(f"{str(path)!r} does not exist{nearest(path)}")
    if not path.is_dir():
        return [path]
    reasons = {file: _reason_against(file) for file in sorted(path.iterdir(), key=natural)}
    found = [file for file, reason in reasons.items() if not reason]
    if not found:
        raise UsageError(f"the folder {str(path)!r} contains no picture ({', '.join(SUFFIXES)})")
    if passed_over is not None:
        passed_over.update({file: reason for file, reason in reasons.items() if reason})
    return found


def _reason_against(file: Path) -> str:
    """Why ``file``, inside a folder, is not read; empty if it is."""
    if not file.exists():
        return "a link to nothing"
    if file.is_dir():
        return "a folder"
    if file.name.startswith("."):
        return "hidden"
    if not file.is_file():
        return "not a regular file"
    suffix = file.suffix.lower()
    if suffix in SUFFIXES or (not suffix and is_picture(file)):
        return ""
    if suffix in RAW:
        return "a camera's raw file"
    kind = guess_type(file.name)[0] or ""
    return "a video" if kind.startswith("video/") else "not a picture"


def natural(path: Path) -> list[tuple[int, str]]:
    """To sort names by: 2 comes before 10."""
    parts = re.split(r"(\d+)", path.name.casefold())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]
