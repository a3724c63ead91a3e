"""Commands of this program in processes of their own, behind everything else that wants a core.

What a stranger's film does to a decoder, it does to such a process alone.
"""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

_SECONDS_TO_END = 5.0

NICE = 15
"""Of the priorities that Unix calls nice: beside live pictures that take all they can get, 1/28 of
each core is left."""

_KEPT = ("REALTIME_NST_CACHE", "REALTIME_NST_STATE", "REALTIME_NST_STYLES")


async def run_child(
    arguments: Sequence[str | Path],
    told: Callable[[Mapping[str, Any]], None],
    *,
    seconds: float,
    largest: int,
) -> int:
    """Run ``python -m`` with ``arguments`` for so many ``seconds`` at most; its exit code.

    ``told`` is called with each object that it writes, one JSON a line. It may write files of so
    many bytes at the ``largest``. Raises TimeoutError. It never outlives this call.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *map(str, arguments), env=_environment(),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _restrain(process.pid, largest)
        async with asyncio.timeout(seconds):
            assert process.stdout is not None
            async for line in process.stdout:
                with suppress(ValueError):
                    told(json.loads(line))
            return await process.wait()
    finally:
        await asyncio.shield(_end(process))


async def _end(process: asyncio.subprocess.Process) -> None:
    for stop in (process.terminate, process.kill):
        if process.returncode is None:
            with suppress(ProcessLookupError):
                stop()
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), _SECONDS_TO_END)


def _environment() -> dict[str, str]:
    """The settings of whoever has started the server are for what they paint themselves."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or not name.startswith("REALTIME_NST_")
    }
    return {**kept, "REALTIME_NST_CONFIG": os.devnull}


def _restrain(pid: int, largest: int) -> None:
    """Live pictures get the cores first, and where memory runs out, the child goes first."""
    with suppress(psutil.Error):
        psutil.Process(pid).nice(NICE if os.name == "posix" else psutil.IDLE_PRIORITY_CLASS)
    if hasattr(resource, "prlimit"):
        with suppress(OSError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (largest, largest))
    with suppress(OSError):
        Path(f"/proc/{pid}/oom_score_adj").write_text("1000")
