"""What of this computer a process may use."""

import math
import os
import platform
from pathlib import Path

_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def usable_cores() -> int:
    """Cores this process may run on: its affinity mask, and a container's CPU quota, respected."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, min(cores, _quota()))


def thread_limit() -> int | None:
    """Threads an engine should start, or None where its own default is right: it knows the physical
    cores, but not that a container or an affinity mask leaves it fewer."""
    cores = usable_cores()
    return cores if cores < (os.cpu_count() or 1) else None


def is_x86() -> bool:
    return platform.machine().lower() in {"x86_64", "amd64"}


def _quota() -> int:
    """Whole cores granted by the control group; without a quota, as many as there are."""
    everything = os.cpu_count() or 1
    try:
        granted, period = _QUOTA.read_text().split()
    except (OSError, ValueError):
        return everything
    return everything if granted == "max" else math.ceil(int(granted) / int(period))
