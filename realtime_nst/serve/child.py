"""Commands of this program in processes of their own, behind everything else that wants a core.

What a stranger's film does to a decoder, it does to such a process alone.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
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

ENDED = "ended"
"""The last event, which this module adds."""

_KEPT = ("REALTIME_NST_CACHE", "REALTIME_NST_STATE", "REALTIME_NST_STYLES")


async def run_child(
    arguments: Sequence[str | Path],
    told: Callable[[Mapping[str, Any]], None],
    *,
    seconds: float,
    largest: int,
) -> int:
    """Run ``python`` as :func:`events` does; its exit code. ``told`` is called with each object
    that it writes."""
    code = 1
    async with aclosing(events(arguments, seconds=seconds, largest=largest, nice=NICE)) as found:
        async for event in found:
            if event.get("event") == ENDED:
                code = event["exit_code"]
            else:
                told(event)
    return code


async def events(
    arguments: Sequence[str | Path], *, seconds: float, largest: int, nice: int
) -> AsyncGenerator[Mapping[str, Any]]:
    """Run ``python`` with ``arguments`` for so many ``seconds`` at most. Yields each object that it
    writes, one JSON a line, and at its end one with the event ENDED and its ``exit_code``.

    It may write files of so many bytes at the ``largest``. It never outlives this generator, which
    is to be closed. Raises TimeoutError.
    """
    end = time.monotonic() + seconds
    process = await asyncio.create_subprocess_exec(
        sys.executable, *map(str, arguments), env=_environment(),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _restrain(process.pid, largest, nice)
        assert process.stdout is not None
        while not process.stdout.at_eof():
            event = None
            with suppress(ValueError, RecursionError):  # no JSON, or a line of over 64 KB
                left = max(0.0, end - time.monotonic())
                event = json.loads(await asyncio.wait_for(process.stdout.readline(), left))
            if isinstance(event, dict):
                yield event
        left = max(0.0, end - time.monotonic())
        yield {"event": ENDED, "exit_code": await asyncio.wait_for(process.wait(), left)}
    finally:
        await asyncio.shield(_end(process))


async def _end(process: asyncio.subprocess.Process) -> None:
    for stop in (process.terminate, process.kill):
        if process.returncode is None:
            with suppress(ProcessLookupError):
                stop()
        with suppress(TimeoutError):  # to the end of the pipe, which closes it
            await asyncio.wait_for(process.communicate(), _SECONDS_TO_END)
            return


def _environment() -> dict[str, str]:
    """The settings of whoever has started the server are for what they paint themselves."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or not name.startswith("REALTIME_NST_")
    }
    return {**kept, "REALTIME_NST_CONFIG": os.devnull}


def _restrain(pid: int, largest: int, nice: int) -> None:
    """Live pictures get the cores first, and where memory runs out, the child goes first."""
    with suppress(psutil.Error):
        psutil.Process(pid).nice(nice if os.name == "posix" else psutil.IDLE_PRIORITY_CLASS)
    if hasattr(resource, "prlimit"):
        with suppress(OSError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (largest, largest))
    with suppress(OSError):
        Path(f"/proc/{pid}/oom_score_adj").write_text("1000")
