"""Subtitles of MP4: a chain of texts without a gap."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from av.packet import Packet
from av.stream import Stream

from realtime_nst.media.span import Span
from realtime_nst.sinks._convert import GAP


def is_text(stream: Stream) -> bool:
    """Whether ``stream`` has such subtitles."""
    context = stream.codec_context
    return context is not None and context.name == "mov_text"


class UnbrokenText:
    """An empty text fills each gap between two, and the one behind the last.

    FFmpeg's muxer closes the chain with one that lasts as long as the packet before it, so the one
    before it is made as short as possible, or the film would grow. ``origin`` is where on the
    source's clock the film starts.
    """

    def __init__(self, origin: Fraction, span: Span) -> None:
        self._origin, self._span = origin, span
        self._in_gap = False

    def packets(self, packet: Packet[Any]) -> Iterator[Packet[Any]]:
        """What ``packet`` becomes."""
        is_last = _end(packet) >= self._last_end(packet)
        gap = bytes(packet) == GAP
        if gap and self._in_gap:
            return
        self._in_gap = gap
        if gap and is_last:
            packet.duration = 1
        yield packet
        if is_last and not gap and packet.pts is not None:
            yield _gap_after(packet)

    def _last_end(self, packet: Packet[Any]) -> Fraction:
        """The seconds at which a packet ends behind which there is no other."""
        stream = packet.stream
        ticks = (stream.start_time or 0) + (stream.duration or 0)
        end = ticks * (stream.time_base or Fraction(0)) - self._origin
        return end if self._span.is_whole else self._span.moved(end) - packet.time_base


def _end(packet: Packet[Any]) -> Fraction:
    return ((packet.pts or 0) + (packet.duration or 0)) * packet.time_base


def _gap_after(packet: Packet[Any]) -> Packet[Any]:
    gap = Packet(GAP)
    gap.stream, gap.time_base, gap.duration = packet.stream, packet.time_base, 1
    gap.pts = gap.dts = (packet.pts or 0) + (packet.duration or 0)
    return gap
