"""The packets and chapters of a part of a film."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, cast

from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream

from realtime_nst.media.container import every_packet, is_cover, main_video, seek
from realtime_nst.media.span import Span, move
from realtime_nst.media.timeline import Timeline

# Files interleave their streams within about a second. Subtitles are shown for up to seven.
_EARLIER, _EARLIER_TEXT = 3, 10
_LATER = 1
_MUCH_LATER = 60


def cut_packets(
    container: InputContainer, streams: Sequence[Stream], timeline: Timeline, span: Span
) -> Iterator[Packet[Any]]:
    """The packets of ``streams`` that are heard or seen in ``span``, at its times, and covers.

    Subtitles that begin before it or end after it are shortened. Nothing is decoded, and not much
    more than the part is read.
    """
    if span.is_whole:
        yield from timeline.moved(every_packet(container, *streams))
        return
    earlier = _EARLIER_TEXT if any(s.type == "subtitle" for s in streams) else _EARLIER
    if span.start > earlier and timeline.seeks(container):
        seek(container, main_video(container), span.start - earlier + timeline.origin)
    dense = {s.index for s in streams if s.type in ("audio", "video") and not is_cover(s)}
    unseen = {s.index for s in streams if s.type == "video" and not is_cover(s)}
    for packet in timeline.moved(every_packet(container, *streams)):
        if is_cover(packet.stream) or not packet.size or packet.pts is None:
            yield packet
            continue
        begin = packet.pts * packet.time_base
        if span.is_past(begin):
            dense.discard(packet.stream_index)
            late = begin - (span.end or begin)
            if late > (_MUCH_LATER if dense else _LATER):
                return
        elif packet.stream_index in unseen and not (packet.is_keyframe and begin in span):
            continue  # further videos are not decoded, so they begin with a key frame
        elif begin in span or begin + (packet.duration or 0) * packet.time_base > span.start:
            unseen.discard(packet.stream_index)
            if packet.stream.type == "subtitle":
                _shorten(packet, begin, span)
            move(packet, -span.start)
            yield packet


def _shorten(packet: Packet[Any], begin: Fraction, span: Span) -> None:
    end = begin + (packet.duration or 0) * packet.time_base
    if begin < span.start:
        packet.pts = packet.dts = -int(-span.start // packet.time_base)
    if packet.duration and packet.pts is not None:
        last = end if span.end is None else min(end, span.end)
        packet.duration = max(1, int(last // packet.time_base) - packet.pts)


def chapters_of(container: InputContainer, origin: Fraction, span: Span) -> list[Any]:
    """The chapters that begin or go on in ``span``, at its times; ``origin`` is where on the file's
    clock the film starts."""
    kept = []
    for chapter in cast(list[Any], container.chapters()):
        base = chapter["time_base"]
        begin, end = (
            round(span.moved(chapter[at] * base - origin) / base) for at in ("start", "end")
        )
        if end > begin or span.is_whole:
            kept.append({**chapter, "start": begin, "end": end})
    return kept
