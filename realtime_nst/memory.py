"""Memory: how much is free, and work refused in one line that would need more."""

from pathlib import Path

import psutil  # type: ignore[import-untyped]

from realtime_nst.errors import UsageError

_LIMIT, _USED = (Path("/sys/fs/cgroup") / name for name in ("memory.max", "memory.current"))
"""Of this process's container; the rest of the system does not know of it."""


def free() -> int:
    """The bytes that this process can still take without swapping."""
    available = int(psutil.virtual_memory().available)
    try:
        return min(available, int(_LIMIT.read_text()) - int(_USED.read_text()))
    except (OSError, ValueError):  # no container, or one without a limit
        return available


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
