"""Who paints segments. Each engine is one file; all give the same results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from realtime_nst.sinks.segments import Part

Progress = Callable[[int, float], None]
"""Told the number of frames of unfinished segments, and the seconds since the work began."""


class Engine(Protocol):
    """``unfinished`` is what plays of the segment at which an error ended the work, if the engine
    can tell."""

    @property
    def unfinished(self) -> Part | None: ...
    def map(self, numbers: Sequence[int], progress: Progress) -> Iterator[int]:
        """Paint the segments ``numbers`` into the job's folder; their numbers, as they are
        finished. Raises the error of the first that fails, and what ``progress`` raises."""
