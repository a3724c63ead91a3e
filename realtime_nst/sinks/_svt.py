"""Opening the encoder SVT-AV1 without its side effects on the rest of the process."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_THREADS = Path("/proc/self/task")


@contextmanager
def svt_tamed() -> Iterator[None]:
    """While an encoder is opened: SVT-AV1 reports errors alone, and takes no real-time priority.

    It would report on standard error, unless this variable says otherwise. Run as root, as in most
    containers, it gives its threads and the one that opens it the highest real-time priority on
    Linux: with all cores busy, nothing else on the machine would run.
    """
    before = _in_real_time()
    quiet = "SVT_LOG" not in os.environ
    if quiet:
        os.environ["SVT_LOG"] = "1"  # errors only
    try:
        yield
    finally:
        if quiet:
            del os.environ["SVT_LOG"]
        for thread in _in_real_time() - before:
            with suppress(OSError):  # it has ended
                os.sched_setscheduler(thread, os.SCHED_OTHER, os.sched_param(0))


def _in_real_time() -> set[int]:
    """The threads of this process that have real-time priority; empty where there is no /proc."""
    found = set()
    for folder in _THREADS.iterdir() if _THREADS.is_dir() else ():
        with suppress(OSError):
            if os.sched_getscheduler(int(folder.name)) in (os.SCHED_FIFO, os.SCHED_RR):
                found.add(int(folder.name))
    return found
