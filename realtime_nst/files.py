"""Files that are written whole or not at all, created exclusively, locked, or digested."""

import errno
import hashlib
import os
import re
import secrets
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from mimetypes import guess_type
from pathlib import Path
from stat import S_ISREG
from typing import Self

from realtime_nst.errors import UsageError, did_you_mean

try:
    import fcntl
except ImportError:  # Windows, where a file that is open can neither be deleted nor renamed
    fcntl = None  # type: ignore[assignment]

_FAR = 2**62
"""The byte to lock, beyond any data: some network file systems enforce locks on writes."""


@contextmanager
def write_whole(path: Path) -> Iterator[Path]:
    """A new, empty file in the folder of ``path`` that replaces ``path`` when the block ends well.

    Its name is unpredictable and hidden. It is deleted when the block raises. Raises OSError.
    """
    unfinished = path.with_name(f".realtime_nst-{secrets.token_hex(6)}.part")
    os.close(_create(unfinished))
    try:
        yield unfinished
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def digest(path: Path) -> str:
    """The SHA-256 of the file's contents, in hexadecimal.

    Raises OSError, also for what is no regular file: a device or a pipe may never end.
    """
    if not S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "it is not a file", str(path))
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def require_folder(path: Path) -> None:
    """Raises :class:`UsageError` if the folder that ``path`` is to be written to does not exist."""
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent} for {path.name}; create it first")


_ADDRESS = re.compile(r"[a-z]{2,}:/", re.IGNORECASE)


def nearest(path: Path) -> str:
    """The end of a message that ``path`` does not exist: why, a similar name of the
    same kind (picture, video), or where to look."""
    if path.is_symlink():
        return f"; it is a link to {os.readlink(path)}, which does not exist"
    if _ADDRESS.match(str(path)):
        return "; it is an address: download it first"
    if not path.parent.is_dir():
        return f"; there is no folder {path.parent}"
    others = (other.name for other in path.parent.iterdir())
    similar = did_you_mean(path.name, (name for name in others if _kind(name) == _kind(path.name)))
    return similar or f"; the folder {path.parent} has no such name"


_LONGEST_NAME = 255
"""Bytes, on nearly every file system."""


def beside(path: Path, ending: str) -> Path:
    """The path beside ``path`` with ``ending`` in place of its suffix.

    A name that would be too long is cut, and tells itself from others by a digest.
    """
    stem, room = os.fsencode(path.stem), _LONGEST_NAME - len(os.fsencode(ending))
    if len(stem) <= room:
        return path.with_name(path.stem + ending)
    mark = f"-{hashlib.sha256(stem).hexdigest()[:8]}"
    kept = stem[: room - len(mark)].decode(errors="ignore")
    return path.with_name(kept + mark + ending)


def _kind(name: str) -> str:
    """The word "image", "video" and so on; the suffix itself where it stands for none of them."""
    kind = guess_type(name)[0]
    return kind.partition("/")[0] if kind else Path(name).suffix.lower()


def is_regular(path: Path) -> bool:
    """True if ``path`` itself is a file, not a link to one."""
    try:
        return S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


class LockedFile:
    """A regular file at ``path``, locked against every other ``LockedFile`` until released.

    With ``create``, the file is created; nothing may be at ``path``, not even a dangling link.
    Otherwise it must exist. Links are never followed. If the file system has no locks, only the
    creation is exclusive.

    Raises BlockingIOError if another one holds the lock, OSError if the file cannot be created or
    opened.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self.path = path
        self._handle: int | None = _create(path) if create else os.open(path, _READ_WRITE)
        try:
            if not (_lock(self._handle) and self.is_in_place):
                raise BlockingIOError(f"{path} is in use")
        except BaseException:
            self.release()
            raise
        if fcntl is None:  # an open file could not be renamed
            self.release()

    @property
    def is_in_place(self) -> bool:
        """Whether the file at ``path`` is still this one; True once released."""
        if self._handle is None:
            return True
        try:
            return os.path.samestat(os.fstat(self._handle), self.path.lstat())
        except OSError:
            return False

    def release(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


_READ_WRITE = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


def _create(path: Path) -> int:
    """O_EXCL also fails on a dangling link, so nothing is created where one points."""
    return os.open(path, _READ_WRITE | os.O_CREAT | os.O_EXCL, 0o666)


def _lock(handle: int) -> bool:
    """False if another process, or another handle of this one, holds the lock."""
    if fcntl is None:
        return True
    try:
        if hasattr(fcntl, "F_OFD_SETLK"):  # Linux: owned by the handle, and of one byte
            wanted = struct.pack("hhqqi0q", fcntl.F_WRLCK, os.SEEK_SET, _FAR, 1, 0)
            fcntl.fcntl(handle, fcntl.F_OFD_SETLK, wanted)
        else:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:  # no locks on this file system
        pass
    return True
