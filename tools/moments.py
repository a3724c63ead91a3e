"""What the tools share that disturb runs at random moments."""

import argparse
import random
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

TESTS = Path(__file__).parent.parent / "tests"

Trial = tuple[float, str, str]
"""The moment in seconds, what came of it, and what is wrong."""


def spread(moments: int, seed: int, seconds: float) -> Iterator[float]:
    """Random moments of a run, evenly spread over it."""
    chosen = random.Random(seed)
    for number in range(moments):
        yield chosen.uniform(number, number + 1) / moments * seconds


def main(
    about: str, names: Iterable[str], trials: Callable[[str, int, int, Path], Iterator[Trial]]
) -> int:
    """The command ``about``: prints a line for each trial of each of the ``names`` that are asked
    for; the exit code is 1 if one is wrong."""
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("names", nargs="*", default=list(names), choices=list(names))
    parser.add_argument("--moments", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    sys.path.insert(0, str(TESTS))  # its factories make the media
    bad = tried = 0
    for name in asked.names:
        with tempfile.TemporaryDirectory() as folder:
            for moment, came, wrong in trials(name, asked.moments, asked.seed, Path(folder)):
                bad, tried = bad + bool(wrong), tried + 1
                shown = came.replace(folder, "").replace("\n", " ")
                verdict = f"WRONG: {wrong}" if wrong else "same"
                print(f"{name} {moment:6.2f} s  {verdict}  {shown}", flush=True)
    print(f"{bad} wrong of {tried}")
    return int(bad > 0)
