"""A file's clock, turned into a film that starts at 0 and runs forward."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream

from realtime_nst.media.container import (
    VideoFile,
    clock,
    every_packet,
    is_cover,
    is_in_decoding_order,
    is_timeless,
    open_input,
)
from realtime_nst.media.span import move

# Within a recording, neighbouring packets of a stream are never that many seconds apart. FFmpeg's
# own threshold (-dts_delta_threshold).
_JUMP_SECONDS = 10
# In these formats, whose times are set by hand (edit lists), early starts are meant; a later one
# shows that the file was cut from something longer. Others start wherever their clock was.
_EXACT = ("mov", "matroska")
_LATE_START = 1
_TS_DISCONT = 0x200  # FFmpeg's AVFMT_TS_DISCONT: formats whose clock may jump
# The packet counter of MPEG-TS breaks at a join, for which FFmpeg blames a packet of the last few
# before, whole as they are.
_UNJUSTLY_CORRUPT = 3


@dataclass(frozen=True)
class Timeline:
    """How to move the packets of a file.

    ``shifts`` has, by stream index, pairs of a packet number and the seconds that are added to the
    times from that packet on. ``joins`` are the times of the film, in seconds, where recordings
    with clocks of their own were joined. ``late_streams`` is True if there are streams
    that begin too late to be found.
    """

    origin: Fraction = Fraction(0)
    shifts: dict[int, list[tuple[int, Fraction]]] = field(default_factory=dict)
    joins: tuple[Fraction, ...] = ()
    late_streams: bool = False

    @classmethod
    def of(cls, path: VideoFile, *, quick: bool = False) -> Timeline:
        """Reads MPEG streams once to the end, without decoding, unless ``quick``: then their clock
        is taken not to jump. Raises as ``open_input``."""
        facts = os.stat(path) if isinstance(path, Path) and path.is_file() else None
        return _timeline(path, facts and (facts.st_size, facts.st_mtime_ns), quick)

    def seeks(self, container: InputContainer) -> bool:
        """Only reading from the beginning tells which of several joined clocks holds, and which
        place in an AVI file or a raw stream a frame has."""
        return not (self.joins or is_in_decoding_order(container) or is_timeless(container))

    def moved(self, packets: Iterable[Packet[Any] | None]) -> Iterator[Packet[Any]]:
        """The packets, demuxed from the beginning of the file, at the film's times."""
        counts: Counter[int] = Counter()
        steps = {index: list(shifts) for index, shifts in self.shifts.items()}
        shift = defaultdict(lambda: -self.origin)
        for packet in packets:
            if packet is None:
                continue
            index = packet.stream_index
            if packet.size:
                while steps.get(index) and steps[index][0][0] <= counts[index]:
                    shift[index] = steps[index].pop(0)[1]
                counts[index] += 1
                move(packet, shift[index])
                if steps.get(index) and steps[index][0][0] - counts[index] <= _UNJUSTLY_CORRUPT:
                    packet.is_corrupt = False
            yield packet

    def notices(self, name: str) -> list[str]:
        """A line for each thing that is not as in the file."""
        said = []
        if self.joins:
            places = ", ".join(clock(join) for join in self.joins[:5])
            more = f" and {len(self.joins) - 5} more" if len(self.joins) > 5 else ""
            said.append(
                f"the clock of {name} jumps: what follows was joined without a gap at {places}"
                + more
            )
        if self.late_streams:
            said.append(f"further streams of {name} begin so late that they are not copied")
        return said


@lru_cache(maxsize=8)
def _timeline(path: VideoFile, version: tuple[int, int] | None, quick: bool) -> Timeline:
    with open_input(path) as container:
        if container.format.flags & _TS_DISCONT and not quick:
            return _Joins(container).timeline()
        starts = [
            stream.start_time * stream.time_base
            for stream in container.streams
            if _is_dense(stream) and stream.start_time is not None and stream.time_base
        ]
        start = min(starts, default=Fraction(0))
        exact = container.format.name.startswith(_EXACT)
        return Timeline(Fraction(0) if exact and start < _LATE_START else start)


def _is_dense(stream: Stream) -> bool:
    return stream.type in ("audio", "video") and not is_cover(stream)


@dataclass
class _Segment:
    """A part with one clock. ``entry`` is its first time; ``needs`` has, by the segment before, how
    many seconds must be added so that a stream goes on without a gap."""

    entry: float
    needs: list[tuple[int, Fraction]] = field(default_factory=list)


class _Joins:
    """Finds the segments of an MPEG stream.

    Streams change to a new segment one after the other, because a packet ends where the next one of
    its stream begins. All get the same shift, so sound and pictures stay together.
    """

    def __init__(self, container: InputContainer) -> None:
        self._container = container
        self._segments: list[_Segment] = []
        self._at: dict[int, int] = {}
        self._last: dict[int, tuple[int, int]] = {}  # decoding time and duration, in ticks
        self._starts: dict[tuple[int, int], Fraction] = {}  # of each stream in each segment
        self._reached: dict[int, float] = {}  # the newest time of each segment
        self._changes: dict[int, list[tuple[int, int]]] = defaultdict(list)

    def timeline(self) -> Timeline:
        counts: Counter[int] = Counter()
        late = False
        with suppress(av.FFmpegError):  # a file that is cut off ends here
            for packet in every_packet(self._container):
                if packet is None:
                    late = True
                elif packet.size:
                    self._see(packet, counts[packet.stream_index])
                    counts[packet.stream_index] += 1
        added = [Fraction(0)]
        for segment in self._segments[1:]:
            added.append(max(added[before] + need for before, need in segment.needs))
        starts = (start + added[segment] for (_, segment), start in self._starts.items())
        origin = min(starts, default=Fraction(0))
        added = [shift - origin for shift in added]
        shifts = {
            index: [(count, added[segment]) for count, segment in changes]
            for index, changes in self._changes.items()
        }
        joins = [
            Fraction(segment.entry).limit_denominator(90_000) + shift
            for segment, shift in zip(self._segments[1:], added[1:], strict=True)
        ]
        return Timeline(origin, shifts, tuple(joins), late)

    def _see(self, packet: Packet[Any], count: int) -> None:
        index, base = packet.stream_index, packet.time_base
        ticks = self._ticks(packet, base)
        if ticks is None:
            return
        seconds = ticks * base.numerator / base.denominator
        dense = _is_dense(packet.stream)
        if not self._segments:
            self._segments.append(_Segment(seconds))
        segment = self._at.setdefault(index, 0)
        if dense and index in self._last:
            last, duration = self._last[index]
            if ticks < last or (ticks - last) * base > _JUMP_SECONDS:
                target = self._target(segment, seconds)
                need = (last + duration - ticks) * base
                self._segments[target].needs.append((segment, need))
                self._change(index, count, target)
            elif ticks > last and not packet.duration:
                duration = ticks - last
            self._last[index] = ticks, packet.duration or duration
        elif dense:
            self._last[index] = ticks, packet.duration or 0
            self._change(index, count, self._entered(seconds))
        elif (nearest := self._nearest(seconds)) != segment:
            self._change(index, count, nearest)
        if dense:
            self._reached[self._at[index]] = seconds
        if dense and packet.pts is not None:
            place, start = (index, self._at[index]), packet.pts * base
            self._starts[place] = min(start, self._starts.get(place, start))

    def _entered(self, seconds: float) -> int:
        """The segment in which a stream begins: a new one, if it has yet another clock."""
        segment = self._nearest(seconds)
        reached = self._reached.get(segment, seconds)
        if abs(seconds - reached) < _JUMP_SECONDS:
            return segment
        target = self._target(segment, seconds)
        need = Fraction(reached - seconds).limit_denominator(90_000)
        self._segments[target].needs.append((segment, need))
        return target

    def _ticks(self, packet: Packet[Any], base: Fraction) -> int | None:
        """The decoding time, unless damage has moved it far from when the packet is shown."""
        pts, dts = packet.pts, packet.dts
        farthest = _JUMP_SECONDS * base.denominator
        if pts is None or dts is None or abs(pts - dts) * base.numerator < farthest:
            return pts if dts is None else dts
        last = self._last.get(packet.stream_index, (pts, 0))[0]
        return min(dts, pts, key=lambda ticks: abs(ticks - last))

    def _change(self, index: int, count: int, segment: int) -> None:
        if segment != self._at[index]:
            self._changes[index].append((count, segment))
            self._at[index] = segment

    def _target(self, segment: int, seconds: float) -> int:
        """The later segment that another stream entered at about this time, or a new one."""
        for number in range(segment + 1, len(self._segments)):
            if abs(self._segments[number].entry - seconds) < _JUMP_SECONDS:
                return number
        self._segments.append(_Segment(seconds))
        return len(self._segments) - 1

    def _nearest(self, seconds: float) -> int:
        """The latest segment that began before, for streams with long pauses."""
        numbers = range(len(self._segments) - 1, 0, -1)
        return next(
            (n for n in numbers if seconds > self._segments[n].entry - _JUMP_SECONDS),
            0,
        )
