"""This program started as another process."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import realtime_nst
from realtime_nst.errors import RealtimeNstError

_LIMIT = 1800
"""Seconds."""

_CHECKOUT = Path(realtime_nst.__file__).resolve().parent.parent


def python(arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    """What Python prints when run with ``arguments``, this very package on its path.

    Raises RealtimeNstError with the last line of its complaint when it says what is wrong;
    RuntimeError when it crashes, and TimeoutExpired after half an hour.
    """
    path = os.pathsep.join(filter(None, (str(_CHECKOUT), os.environ.get("PYTHONPATH", ""))))
    done = subprocess.run(
        [sys.executable, "-P", *arguments],
        env={**os.environ, **(environment or {}), "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=_LIMIT,
    )
    if done.returncode:
        complaint = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        crashed = done.returncode not in (1, 2) or any(map(_is_traceback, complaint))
        kind = RuntimeError if crashed else RealtimeNstError
        raise kind(f"the run in a process of its own failed: {complaint[-1]}")
    return done.stdout


def _is_traceback(line: str) -> bool:
    return line.startswith("Traceback (most recent call last)")
