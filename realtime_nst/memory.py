"""Memory: how much is free, and work refused in one line that would need more."""

from pathlib import Path

import psutil  # type: ignore[import-untyped]

from realtime_nst.errors import UsageError

_LIMIT, _USED, _PARTS = (
    Path("/sys/fs/cgroup") / name for name in ("memory.max", "memory.current", "memory.stat")
)
"""Of this process's container; the rest of the system does not know of it."""


def free() -> int:
    """The bytes that this process can still take without swapping."""
    available = int(psutil.virtual_memory().available)
    try:
        left = int(_LIMIT.read_text()) - int(_USED.read_text()) + _cached()
    except (OSError, ValueError, KeyError):  # no container, or one without a limit
        return available
    return min(available, left)


def _cached() -> int:
    """The bytes of files that the container has read: they count as used, and give way."""
    parts = dict(line.split() for line in _PARTS.read_text().splitlines())
    return int(parts["inactive_file"]) + int(parts["active_file"])


def require(needed: float, work: str, remedy: str) -> None:
    """Raises :class:`UsageError` if ``work`` needs more bytes than are free.

    ``needed`` is the least that the work was measured to take: what is refused cannot be done.
    """
    there = free()
    if needed > there:
        raise UsageError(
            f"{work} needs about {_shown(needed)} of memory, and {_shown(there)} are free; {remedy}"
        )


def _shown(size: float) -> str:
    return f"{size / 2**30:.1f} GB" if size >= 2**29 else f"{size / 2**20:.0f} MB"
