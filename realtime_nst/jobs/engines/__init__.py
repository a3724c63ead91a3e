"""Who paints segments. Each engine is one file; all give the same results."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import Protocol

Progress = Callable[[int, float], None]
"""Told the number of frames of unfinished segments, and the seconds since the work began."""


class Engine(Protocol):
    """Paints into a job's folder; what plays of a segment at which the work ended lies there too,
    if there was time for it."""

    def map(self, numbers: Iterator[int], progress: Progress) -> Generator[int, None, None]:
        """Paint the segments ``numbers``, of which one is taken when somebody is free for it; their
        numbers, as they are finished. Raises the error of the first that fails, and what
        ``progress`` raises."""
