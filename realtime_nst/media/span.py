"""A part of a film."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from av.packet import Packet


@dataclass(frozen=True)
class Span:
    """What begins at or after ``start`` and before ``end`` seconds of a film (None: to its end).

    In the part, times count from ``start``. With ``quick``, the file is not read to its end to find
    out whether its clock jumps, as that of an MPEG stream may.
    """

    start: Fraction = Fraction(0)
    end: Fraction | None = None
    quick: bool = False

    @property
    def length(self) -> Fraction | None:
        """Seconds; None: to the end of the film."""
        return None if self.end is None else self.end - self.start

    @property
    def is_whole(self) -> bool:
        return not self.start and self.end is None

    def __contains__(self, seconds: Fraction) -> bool:
        """What a film holds before 0 prepares its beginning, and belongs to it."""
        return (not self.start or seconds >= self.start) and not self.is_past(seconds)

    def is_past(self, seconds: Fraction) -> bool:
        """Whether ``seconds`` of the film is behind the part."""
        return self.end is not None and seconds >= self.end

    def moved(self, seconds: Fraction) -> Fraction:
        """``seconds`` of the film as a time of the part; its beginning or end if it is outside."""
        within = max(seconds, self.start)
        return (within if self.end is None else min(within, self.end)) - self.start


WHOLE = Span()


def move(packet: Packet[Any], seconds: Fraction) -> None:
    """Add ``seconds`` to the times of ``packet``."""
    if seconds:
        ticks = round(seconds / packet.time_base)
        if packet.pts is not None:
            packet.pts += ticks
        if packet.dts is not None:
            packet.dts += ticks
