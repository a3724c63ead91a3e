"""The finished part that an interrupted run left behind, and how much of it can be kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.packet import Packet

from realtime_nst.errors import MediaError, UsageError
from realtime_nst.media import main_video, open_input
from realtime_nst.sinks._copied import filtered_by


@dataclass(frozen=True)
class Unfinished:
    """The whole groups of pictures of the video in ``path``, shown before ``until`` seconds.

    ``settings`` is what its encoder was set to; ``shown`` holds the time of each of its pictures,
    in seconds and in order.
    """

    path: Path
    settings: str
    shown: Sequence[Fraction]
    until: Fraction

    @classmethod
    def read(cls, path: Path) -> Unfinished | None:
        """None where no whole group of pictures is there yet.

        The last group is left out: a run that was killed may have left it without some of its
        pictures. ``until`` lies half a tick early, for containers that round times.
        """
        with open_input(path) as container:
            stream = main_video(container)
            tick = stream.time_base or Fraction(1)
            shown: list[Fraction] = []
            whole = 0
            for packet in _video_packets(container):
                if packet.is_keyframe:
                    whole = len(shown)
                shown.append((packet.pts or 0) * tick)
            if not whole:
                return None
            tags = {key.lower(): value for key, value in stream.metadata.items()}
            until = shown[whole] - tick / 2
            return cls(path, tags.get("encoder", ""), sorted(shown[:whole]), until)

    def copy(self, to_encoded: str | None) -> Iterator[Packet[Any]]:
        """The packets to keep, in decoding order, passed through the filter ``to_encoded``."""
        with open_input(self.path) as container:
            change = filtered_by(to_encoded, main_video(container))
            for packet in islice(_video_packets(container), len(self.shown)):
                yield from change(packet)


def last_shown(path: Path) -> Fraction | None:
    """Seconds at which the last picture of ``path`` is shown; None where the file does not play."""
    try:
        with open_input(path) as container:
            return max(
                (
                    packet.pts * packet.time_base
                    for packet in _video_packets(container)
                    if packet.pts is not None and not packet.is_corrupt
                ),
                default=None,
            )
    except (MediaError, UsageError, OSError):
        return None


def _video_packets(container: InputContainer) -> Iterator[Packet[Any]]:
    packets = container.demux(main_video(container))
    while True:
        try:
            packet = next(packets, None)
        except av.FFmpegError:
            return
        if packet is None:
            return
        if packet.size:
            yield packet
