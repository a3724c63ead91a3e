"""What this computer gives the program: cores it may use, and a folder for compiled networks."""

import math
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

CACHE_VARIABLE = "REALTIME_NST_CACHE"
_CACHE_LIMIT = 512 * 2**20
"""Bytes that one engine's files may take up."""

_QUOTA = Path("/sys/fs/cgroup/cpu.max")

_asked: ContextVar[int | None] = ContextVar("threads", default=None)
_caching: ContextVar[bool] = ContextVar("caching", default=True)


def usable_cores() -> int:
    """The cores this process may use, given its affinity mask and its container's CPU quota."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, min(cores, _quota()))


def thread_limit() -> int | None:
    """The threads an engine should start; None if its own default is right. Engines know the
    physical cores, but not that a container or an affinity mask allows fewer."""
    if (asked := _asked.get()) is not None:
        return asked
    cores = usable_cores()
    return cores if cores < (os.cpu_count() or 1) else None


@contextmanager
def limited_to(threads: int | None) -> Iterator[None]:
    """The engines that are opened within start so many threads (None: as many as are right)."""
    before = _asked.set(threads)
    try:
        yield
    finally:
        _asked.reset(before)


@contextmanager
def nothing_cached() -> Iterator[None]:
    """Of the engines that are opened and run within, nothing is kept on disk."""
    before = _caching.set(False)
    try:
        yield
    finally:
        _caching.reset(before)


def usual_threads() -> int:
    """The threads that an engine starts by itself: one for each physical core."""
    import psutil  # type: ignore[import-untyped]

    return min(usable_cores(), psutil.cpu_count(logical=False) or usable_cores())


def is_x86() -> bool:
    return platform.machine().lower() in {"x86_64", "amd64"}


def cache_root() -> Path:
    """The user's cache folder for this program; ``$REALTIME_NST_CACHE`` overrides it."""
    named = os.environ.get(CACHE_VARIABLE)
    if named:
        return Path(named)
    import platformdirs

    return Path(platformdirs.user_cache_dir("realtime_nst"))


def cache_folder(engine: str, key: str) -> Path | None:
    """A writable folder for what ``engine`` keeps for ``key``, such as a model's digest.

    None if there is none: everything works without a cache, only the start is slower.
    """
    if not _caching.get():
        return None
    path = cache_root() / engine / key
    try:
        path.mkdir(parents=True, exist_ok=True)
        _make_room(cache_root() / engine)
    except OSError:
        return None
    return path if os.access(path, os.W_OK) else None


def _make_room(engine: Path) -> None:
    """Delete the least recently changed files until the engine's cache is within its limit."""
    files = [(path.stat(), path) for path in engine.rglob("*") if path.is_file()]
    total = sum(stat.st_size for stat, _ in files)
    for stat, path in sorted(files, key=lambda entry: entry[0].st_mtime):
        if total <= _CACHE_LIMIT:
            return
        path.unlink(missing_ok=True)
        total -= stat.st_size


def _quota() -> int:
    """The cores that the control group's CPU quota allows, rounded up; all of them without one."""
    everything = os.cpu_count() or 1
    try:
        granted, period = _QUOTA.read_text().split()
    except (OSError, ValueError):
        return everything
    return everything if granted == "max" else math.ceil(int(granted) / int(period))
