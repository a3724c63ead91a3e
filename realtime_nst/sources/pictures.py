"""Picture files as frames: one, several, or a folder of them."""

import re
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Self

from realtime_nst.errors import MediaError, UsageError
from realtime_nst.files import nearest
from realtime_nst.pictures import SUFFIXES, read_picture
from realtime_nst.stream import Frame, Image, Managed, StreamInfo


class PictureSource(Managed):
    """The pictures at ``paths``: a file, a folder (in natural order), or a sequence of these.

    Frame ``index`` shows ``paths[index]`` at its own size for 1 / ``rate`` seconds. ``info`` has
    the size of the first picture. A picture that cannot be read raises :class:`MediaError`; with
    ``skip_unreadable`` it is skipped and its error stored in ``unreadable`` under its path, and an
    error is raised only if no picture can be read.
    """

    def __init__(
        self,
        paths: str | Path | Sequence[str | Path],
        *,
        rate: int | Fraction = 25,
        skip_unreadable: bool = False,
    ) -> None:
        given = [paths] if isinstance(paths, str | Path) else paths
        self.paths = [path for one in given for path in list_pictures(one)]
        if not self.paths:
            raise UsageError("no picture given; name at least one file or folder")
        if rate <= 0:
            raise UsageError(f"rate {rate} is not positive; give pictures a second")
        self.unreadable: dict[Path, MediaError] = {}
        self._rate = Fraction(rate)
        self._skip = skip_unreadable
        self._first: tuple[int, Image] | None = None

    @property
    def info(self) -> StreamInfo:
        height, width = self._open()[1].shape[:2]
        return StreamInfo(width, height, self._rate, len(self.paths))

    def __enter__(self) -> Self:
        self._open()
        return self

    def _close(self) -> None:
        self._first = None

    def __iter__(self) -> Iterator[Frame]:
        first, image = self._open()
        yield self._frame(first, image)
        for index in range(first + 1, len(self.paths)):
            picture = self._read(self.paths[index])
            if picture is not None:
                yield self._frame(index, picture)

    def _frame(self, index: int, image: Image) -> Frame:
        return Frame(image, index, index / self._rate, time.monotonic())

    def _open(self) -> tuple[int, Image]:
        if self._first is None:
            self._first = self._first_readable()
        return self._first

    def _first_readable(self) -> tuple[int, Image]:
        for index, path in enumerate(self.paths):
            image = self._read(path)
            if image is not None:
                return index, image
        raise next(iter(self.unreadable.values()))

    def _read(self, path: Path) -> Image | None:
        try:
            return read_picture(path)
        except MediaError as error:
            if not self._skip:
                raise
            self.unreadable[path] = error
            return None


def list_pictures(path: str | Path) -> list[Path]:
    """``path`` itself, or if it is a folder, the pictures directly in it: by name, 2 before 10.

    Raises :class:`UsageError` if it does not exist or the folder contains no picture.
    """
    path = Path(path)
    if not path.exists():
        raise UsageError(f"{str(path)!r} does not exist{nearest(path)}")
    if not path.is_dir():
        return [path]
    found = [file for file in path.iterdir() if _is_picture(file)]
    if not found:
        raise UsageError(f"the folder {str(path)!r} contains no picture ({', '.join(SUFFIXES)})")
    return sorted(found, key=_natural)


def _is_picture(file: Path) -> bool:
    return file.suffix.lower() in SUFFIXES and not file.name.startswith(".") and file.is_file()


def _natural(path: Path) -> list[tuple[int, str]]:
    parts = re.split(r"(\d+)", path.name.casefold())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]
