"""What ``realtime-nst video`` is given: a file, pictures, a pipe, or a file on a web server."""

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from realtime_nst.cli.progress import byte_progress
from realtime_nst.errors import UsageError
from realtime_nst.media.numbered import Pattern, is_pattern

if TYPE_CHECKING:
    from realtime_nst.media.container import VideoFile
    from realtime_nst.media.web import Address

PIPE = "-"


class Given:
    """The input as it was typed; ``path`` is its file, or called like it.

    ``is_stored`` is True for what has to be put on a disk first. Raises :class:`UsageError` for
    what is nothing to paint.
    """

    def __init__(self, text: str) -> None:
        if not text:
            raise UsageError("the input has no name; give a video file")
        self._text = text
        self._address = _address(text)
        self.path = Path(self._address.name if self._address else text)
        if text == PIPE and (file := _behind_standard_input()):
            self._text, self.path = str(file), file
        self.is_stored = bool(self._address or self._text == PIPE or _is_pipe(self.path))

    def __str__(self) -> str:
        return self._address.shown if self._address else self._text

    @property
    def is_nameless(self) -> bool:
        """Whether there is nothing to name the output after."""
        return self._text == PIPE or self.path.is_relative_to("/dev")

    @property
    def default(self) -> Path:
        """What the output would be called if nothing were added: of pictures, after what their
        names have in common, or after their folder."""
        if self.path.is_dir():
            folder = self.path.resolve()
            return folder.with_name(f"{folder.name}.mp4")
        if is_pattern(self.path):
            pattern = Pattern(self.path.absolute())
            return self.path.with_name(f"{pattern.stem or pattern.path.parent.name}.mp4")
        return self.path

    @contextmanager
    def opened(self, folder: Path) -> "Iterator[VideoFile]":
        """What has no file of its own is kept on the disk of ``folder`` meanwhile."""
        if not self.is_stored:
            yield self.path
        elif self._address:
            from realtime_nst.media.web import open_web

            with byte_progress(self._address.name) as told:
                file = open_web(self._address, folder, told)
            with file:
                yield file
        else:
            from realtime_nst.media.stored import spool

            name = "standard input" if self._text == PIPE else self.path.name
            with byte_progress(name) as told, self._stream() as stream:
                file = spool(stream, name, folder, told)
            with file:
                yield file

    @contextmanager
    def waited_for(self, file: "VideoFile") -> Iterator[None]:
        """Says how much has come where ``file`` has to be fetched to its end before it begins: that
        of an MPEG stream tells whether its clock jumps."""
        if not self._address:  # importing what reads from the web takes 8 ms
            yield
            return
        from realtime_nst.media.web import WebFile

        if not isinstance(file, WebFile):
            yield
            return
        with byte_progress(file.name) as file.told:
            yield
        file.told = None

    def _stream(self) -> BinaryIO:
        if self._text != PIPE:
            return self.path.open("rb")
        return open(os.dup(sys.stdin.fileno()), "rb")


def _address(text: str) -> "Address | None":
    if "://" not in text or os.path.exists(text):
        return None
    from realtime_nst.media.web import SCHEMES, Address, is_web_address

    if not is_web_address(text):
        raise UsageError(
            f"video takes addresses of {' and '.join(SCHEMES)}, not of "
            f"{text.partition('://')[0]}; for a camera or a live stream: realtime-nst live"
        )
    return Address.of(text)


def _is_pipe(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
        raise UsageError(f"{path} is a device; for a camera: realtime-nst live --camera {path}")
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _behind_standard_input() -> Path | None:
    """The file that ``<`` names, which can be read like any other. Linux tells its name."""
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError(
            f"{PIPE} reads the film from a pipe, and none is there; as in: "
            f"cat film.mp4 | realtime-nst video {PIPE} -o painted.mp4"
        )
    number = sys.stdin.fileno()
    path = Path(os.path.realpath(f"/proc/self/fd/{number}"))
    here = os.fstat(number)
    if not stat.S_ISREG(here.st_mode) or os.lseek(number, 0, os.SEEK_CUR) or not path.is_file():
        return None
    return path if os.path.samestat(here, path.stat()) else None
