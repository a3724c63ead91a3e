"""Videos that are no files with a name, such as what comes through a pipe."""

from __future__ import annotations

import errno
import io
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from threading import Lock
from typing import Any, BinaryIO

from realtime_nst.errors import MediaError
from realtime_nst.stream import Managed

_CHUNK = 2**20
_SPARE = 2**28
"""Bytes that are left free on the disk."""


class Stored(Managed):
    """``size`` bytes of a video, called ``name``, in a temporary file that is gone when closed,
    or when the process ends however it ends.

    It may be opened several times, and read by several threads. ``shown`` is what messages call
    it (default: ``name``). Where it cannot be read any more, it seems to end: FFmpeg takes errors
    for damage, and goes on. ``check`` tells.
    """

    def __init__(self, name: str, size: int, file: BinaryIO, shown: str = "") -> None:
        self.name, self.size = name, size
        self._file, self._shown = file, shown or name
        self._lock = Lock()
        self._failure: BaseException | None = None

    def __str__(self) -> str:
        return self._shown

    @property
    def stem(self) -> str:
        return PurePosixPath(self.name).stem

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name).suffix

    def open(self, mode: str = "rb") -> StoredReader:
        """A reader from the beginning on; it needs no closing."""
        del mode
        return StoredReader(self)

    def check(self) -> None:
        """Raises :class:`MediaError` if something could not be read, and KeyboardInterrupt if the
        reading was stopped: both would be lost inside FFmpeg."""
        if self._failure:
            raise self._failure

    def read_at(self, offset: int, count: int) -> bytes:
        """Up to ``count`` bytes."""
        count = max(0, min(count, self.size - offset))
        with self._lock:
            if self._failure:
                return b""
            try:
                self._fill(offset, count)
                self._file.seek(offset)
                return self._file.read(count)
            except (MediaError, KeyboardInterrupt) as error:
                self._failure = error
            except OSError as error:
                self._failure = MediaError(
                    f"{self} cannot be kept on the disk: {error.strerror or error}; free some "
                    "space, or write the output to another disk"
                )
            return b""

    def _fill(self, offset: int, count: int) -> None:
        """Make sure that so many bytes from ``offset`` on are in the file. Raises
        :class:`MediaError`."""

    def _close(self) -> None:
        self._file.close()


class StoredReader(io.RawIOBase):
    """A binary file to read from, as :func:`open` returns one. ``name`` tells FFmpeg the kind."""

    def __init__(self, stored: Stored) -> None:
        self.name = stored.name
        self._stored = stored
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stored.read_at(self._at, len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._stored.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at


def spool(
    stream: BinaryIO, name: str, folder: Path, told: Callable[[int], None], shown: str = ""
) -> Stored:
    """All that ``stream`` gives until its end, on the disk of ``folder``.

    ``told`` is called with the number of bytes so far. Raises :class:`MediaError` if the disk is
    nearly full, or if nothing comes.
    """
    size = 0
    file = temporary_file(folder)
    try:
        while data := stream.read(_CHUNK):
            if shutil.disk_usage(folder).free < len(data) + _SPARE:
                raise _full(shown or name, folder, size)
            file.write(data)
            size += len(data)
            told(size)
        if not size:
            raise MediaError(f"{shown or name} is empty; nothing came before its end")
        file.flush()
    except OSError as error:
        file.close()
        if error.errno == errno.ENOSPC:
            raise _full(shown or name, folder, size) from None
        raise MediaError(f"{shown or name} cannot be read: {error.strerror or error}") from error
    except BaseException:
        file.close()
        raise
    return Stored(name, size, file, shown)


def temporary_file(folder: Path) -> BinaryIO:
    """A file without a name on the disk of ``folder``."""
    return tempfile.TemporaryFile(prefix=".realtime_nst-", dir=folder)


def _full(shown: str, folder: Path, size: int) -> MediaError:
    return MediaError(
        f"{shown} has more than {size >> 20} MiB, and the disk of {folder} is nearly full; free "
        "some space, or write the output to another disk"
    )
