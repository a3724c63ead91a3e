"""A piece of a film that is painted: a file of pictures alone, and when each is shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from av.packet import Packet

from realtime_nst.errors import MediaError
from realtime_nst.media.container import main_video, open_input
from realtime_nst.sinks._convert import filtered_by
from realtime_nst.sinks._unfinished import video_packets


@dataclass(frozen=True)
class Part:
    """The video file ``path``, whose pictures, of ``size`` (width, height), are shown at the ticks
    ``shown``, in order; the last one for ``lasting`` seconds (None: by the rate)."""

    path: Path
    shown: Sequence[int]
    lasting: Fraction | None
    size: tuple[int, int]

    def packets(self, to_encoded: str | None, tick: Fraction) -> Iterator[Packet[Any]]:
        """The packets in decoding order, passed through the filter ``to_encoded``, at their exact
        times in ticks of ``tick`` seconds: containers may have rounded them.

        Raises :class:`MediaError` if there are not as many as pictures.
        """
        with open_input(self.path) as container:
            stored = [packet.pts or 0 for packet in video_packets(container)]
        if len(stored) != len(self.shown):
            raise MediaError(
                f"{self.path} has {len(stored)} pictures of {len(self.shown)}; it was damaged "
                "meanwhile: run the same command with `resume`"
            )
        in_order = sorted(range(len(stored)), key=stored.__getitem__)
        exact = dict(zip(in_order, self.shown, strict=True))
        with open_input(self.path) as container:
            change = filtered_by(to_encoded, main_video(container))
            for number, packet in enumerate(video_packets(container)):
                packet.time_base = tick
                packet.pts = packet.dts = exact[number]
                yield from change(packet)
