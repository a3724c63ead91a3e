"""Whether a video can be written to a path, and why it could not."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import av

from realtime_nst.errors import UsageError
from realtime_nst.sinks._unfinished import check_not_there

_DISK_ERRORS = {errno.EACCES, errno.EROFS, errno.EFBIG, errno.EIO, errno.EDQUOT}


def check_target(path: Path, source: Path | None = None, *, overwrite: bool = False) -> None:
    """Raises :class:`UsageError` where the video ``path`` cannot be written, or would replace
    ``source``, and :class:`TargetExists`."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder; name a video file in it")
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent} for {path.name}; create it first")
    if not os.access(path.parent, os.W_OK):
        raise UsageError(f"the folder {path.parent} is read-only; name the output elsewhere")
    if source and path.exists() and source.exists() and path.samefile(source):
        raise UsageError(f"{path} is the input itself; give the output another name")
    check_not_there(path, overwrite)


def why_not_written(error: av.FFmpegError | OSError, working: Path, path: Path) -> str:
    """One line for ``error``, met while the video ``path`` was written to ``working``."""
    if error.errno == errno.ENOSPC:
        return f"no space left for {working}; free some, or write to another disk"
    if error.errno == errno.EPIPE:
        return f"nobody reads {path.stem} any more; it ended early"
    if error.errno in _DISK_ERRORS or not isinstance(error, av.FFmpegError):
        return f"{working} cannot be written: {error.strerror}"
    mkv = path.suffix.lower() == ".mkv"
    remedy = "convert the input with ffmpeg first" if mkv else f"name the output {path.stem}.mkv"
    return f"FFmpeg cannot put this into a {path.suffix} file ({error.strerror}); {remedy}"
