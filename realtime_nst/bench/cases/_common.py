"""What several cases need: styles on providers, pictures, shorter timings, a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import realtime_nst
from realtime_nst.bench.case import LeftOut
from realtime_nst.bench.cases._macs import gmac
from realtime_nst.bench.settings import Settings
from realtime_nst.bench.timer import Timer
from realtime_nst.errors import MissingPackage, RealtimeNstError
from realtime_nst.packages import require
from realtime_nst.runtime.player import find_player
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.sources.synthetic import SyntheticSource
from realtime_nst.stream import Image

Sides = tuple[int, int]
"""Width and height, pixels."""

_USUAL = (640, 480)

TIME_LIMIT = 1800
"""Seconds that a process of its own may take."""

_PATH = Path(realtime_nst.__file__).resolve().parent.parent


def label(size: Sides) -> str:
    return f"{size[0]}x{size[1]}"


def usual(settings: Settings) -> Sides:
    """640x480 if it was asked for, else the first size."""
    return _USUAL if _USUAL in settings.sizes else settings.sizes[0]


def gmac_of(style: str, painter: str, size: Sides, stylizer: Stylizer) -> float:
    """GMAC a frame of the network that plays ``style``, which ``stylizer`` has opened."""
    return gmac(find_player(style, painter).network, *padded(size, stylizer))


def padded(size: Sides, stylizer: Stylizer) -> Sides:
    """The size the network computes on."""
    card = stylizer.card
    width, height = (
        -(-max(side, card.size_minimum) // card.size_multiple) * card.size_multiple for side in size
    )
    return width, height


def picture(size: Sides, index: int = 0) -> Image:
    """Frame ``index`` of the synthetic scene."""
    return SyntheticSource(*size).picture(index)


def stylizers(
    settings: Settings, size: Sides, providers: Iterable[str] | None = None
) -> dict[tuple[str, str], Stylizer]:
    """Each style on each provider, warmed up at ``size``, by (style, provider in use)."""
    found: dict[tuple[str, str], Stylizer] = {}
    for style in settings.styles:
        for provider in providers or settings.providers:
            stylizer = Stylizer(style, provider, painter=settings.painter)
            if (style, stylizer.provider) not in found:
                stylizer.warm_up(*size)
                found[style, stylizer.provider] = stylizer
    return found


def of_one_style(settings: Settings) -> Settings:
    """``settings`` with only the first style."""
    return replace(settings, styles=settings.styles[:1])


def at_most(timer: Timer, repetitions: int, budget: float, warm_up: int = 1) -> Timer:
    """``timer`` for calls that take long: at most so many readings and seconds."""
    repetitions = min(timer.repetitions, repetitions)
    return replace(
        timer,
        repetitions=repetitions,
        warm_up=min(timer.warm_up, warm_up),
        budget=min(timer.budget, budget),
        least=min(timer.least, repetitions),
    )


def need_torch(purpose: str) -> None:
    """Raises LeftOut if the packages of the extra "train" are not installed."""
    try:
        require(purpose, "train", "cpu")
    except MissingPackage as error:
        raise LeftOut(str(error)) from error


def python(arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    """The output of Python, run with ``arguments`` and with this package on its path.

    Raises RealtimeNstError with the last line of standard error if the process ended with exit code
    1 or 2 and no traceback, RuntimeError if it crashed, and TimeoutExpired after half an hour.
    """
    path = os.pathsep.join(filter(None, (str(_PATH), os.environ.get("PYTHONPATH", ""))))
    done = subprocess.run(
        [sys.executable, "-P", *arguments],
        env={**os.environ, **(environment or {}), "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=TIME_LIMIT,
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        traceback = any(line.startswith("Traceback (most recent call last)") for line in lines)
        crashed = done.returncode not in (1, 2) or traceback
        kind = RuntimeError if crashed else RealtimeNstError
        raise kind(f"the run in a process of its own failed: {lines[-1]}")
    return done.stdout
