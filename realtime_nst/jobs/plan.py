"""Where a film is cut into segments: by the source alone, never by who paints them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from itertools import pairwise

from realtime_nst.media.frame_index import FrameIndex


@dataclass(frozen=True)
class Lengths:
    """How many frames a segment has, if there are key frames that allow it.

    Painting leads in to every segment, so short ones take longer; what a computer that dies had
    not finished is painted again, so long ones lose more. Those of a short film are shorter, so
    that several computers have something to do, but not so many that there is more than one for
    each ``least`` frames, or ``led`` times what leads in.
    ``most`` is the number of segments of a film that cannot be entered: each of them is read from
    the beginning of the film.
    """

    shortest: int = 750
    longest: int = 1500
    most: int = 4
    least: int = 500
    led: int = 24


LENGTHS = Lengths()


@dataclass(frozen=True)
class Segment:
    """The frames from ``start`` to before ``end`` seconds of a film (None: from its beginning, to
    its end). Painting begins at ``lead_in``. ``frames`` is how many are expected; None: unknown."""

    start: Fraction | None = None
    end: Fraction | None = None
    lead_in: Fraction | None = None
    frames: int | None = None


def plan(
    index: FrameIndex | None, lead_in: int | None, tick: Fraction, lengths: Lengths | None = None
) -> tuple[Segment, ...]:
    """The segments of a film whose frames ``index`` has (None: unknown), for stages that need
    ``lead_in`` frames before the first one that is shown (None: all). The result counts time in
    ticks of ``tick`` seconds."""
    if index is None or lead_in is None or not len(index):
        return (Segment(frames=len(index) if index else None),)
    borders = list(_borders(index, _fitting(lengths or LENGTHS, len(index), lead_in), tick))
    return tuple(
        Segment(
            index.time(first) if first else None,
            index.time(behind) if behind < len(index) else None,
            index.time(max(first - lead_in, 0)) if first > lead_in else None,
            behind - first,
        )
        for first, behind in pairwise([0, *borders, len(index)])
    )


def _fitting(lengths: Lengths, frames: int, lead_in: int) -> Lengths:
    """Those of a film of so many ``frames``, which may be a short one."""
    parts = 1 + frames // max(lengths.led * lead_in, lengths.least)
    if parts == 1 or frames >= 4 * lengths.shortest:
        return lengths
    shortest = min(lengths.shortest, frames // parts * 4 // 5)  # key frames are where they are
    return replace(lengths, shortest=shortest, longest=min(lengths.longest, 2 * shortest))


def _borders(index: FrameIndex, lengths: Lengths, tick: Fraction) -> Iterator[int]:
    """The places of the first frames of all segments but the first."""
    shortest, longest = lengths.shortest, lengths.longest
    if not index.seeks:
        shortest = max(shortest, -(-len(index) // lengths.most))
        longest = shortest
    first, last = 0, len(index) - shortest
    entries = [at for at in index.entries if _is_later(index, at, tick)]
    while (begin := bisect_left(entries, first + shortest)) < bisect_right(entries, last):
        near = range(begin, bisect_right(entries, min(first + longest, last)))
        first = entries[min(near, key=partial(_since_key, entries), default=begin)]
        yield first


def _is_later(index: FrameIndex, at: int, tick: Fraction) -> bool:
    """Whether the frame at the place ``at`` is a whole ``tick`` behind the one before: of two that
    are not, only the first is shown, which painting a segment cannot know of another."""
    return not at or index.time(at) - index.time(at - 1) >= tick


def _since_key(entries: Sequence[int], at: int) -> int:
    """The number of frames since the key frame before: encoders begin a new group of pictures early
    where the scene changes."""
    return entries[at] - (entries[at - 1] if at else 0)
