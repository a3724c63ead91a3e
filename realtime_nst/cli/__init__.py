"""The command line, one file a command; each imports its room when it runs."""

import os
import signal
import sys
from contextlib import suppress
from types import FrameType
from typing import NoReturn


def program() -> NoReturn:
    """Run the command line and end the process by its exit code, see README.md."""
    code = main()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)  # all is done
    if code > 128:
        # An engine that compiles on a thread of its own would abort the process at its usual end.
        for stream in filter(None, (sys.stdout, sys.stderr)):
            with suppress(OSError):
                stream.flush()
        os._exit(code)
    sys.exit(code)


def main() -> int:
    """Run the command line; returns the exit code."""
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")  # it speaks of damaged pictures by itself
    early = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, _too_early) for number in early}
    try:
        from realtime_nst.runtime.host import cache_root

        os.environ.setdefault("MPLCONFIGDIR", str(cache_root() / "matplotlib"))  # list of fonts
        from realtime_nst.cli.app import run

        return run()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _too_early(number: int, _frame: FrameType | None) -> NoReturn:
    """While the commands are imported, which takes up to a second. An import may swallow whatever
    is raised, and there is nothing to clean up yet."""
    os.write(2, b"note: stopped; nothing was changed; run the same command again\n")
    os._exit(128 + number)
