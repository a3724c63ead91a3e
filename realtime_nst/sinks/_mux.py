"""Pictures, and everything copied from the source, into one container in step."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.packet import Packet

from realtime_nst.errors import RealtimeNstError
from realtime_nst.media.container import VideoFile
from realtime_nst.media.span import WHOLE, Span
from realtime_nst.sinks._copied import CopiedStreams
from realtime_nst.sinks._encode import Encoding, PictureEncoder
from realtime_nst.sinks._fates import Fate
from realtime_nst.sinks._part import Part
from realtime_nst.sinks._piped import ForwardOnly
from realtime_nst.sinks.formats import Container
from realtime_nst.stream import Original, Picture


class Muxer:
    """The video file ``path`` while it is written, overwriting what is there, or its way into a
    pipe.

    ``size`` is (width, height). The streams of ``source`` that ``fates`` names are kept, in
    ``span``.
    ``written_until`` is the time of the last picture written, in seconds. Raises
    :class:`MediaError` if the encoder refuses, FFmpegError and OSError if the file cannot be
    written.
    """

    def __init__(
        self,
        path: Path | ForwardOnly,
        kind: Container,
        encoding: Encoding,
        size: tuple[int, int],
        source: VideoFile | None,
        fates: Sequence[Fate] = (),
        span: Span = WHOLE,
    ) -> None:
        self.size = size
        self.written_until: Fraction | None = None
        self._traits = encoding.traits
        self._to_encoded = encoding.codec.to_encoded
        self._order = DecodingOrder(encoding.codec.reorder)
        self._held: list[Packet[Any]] = []
        self._last = self._lasting = Fraction(0)
        self._is_copy = False
        with ExitStack() as opened:
            self._copied = CopiedStreams(source, kind, fates, span) if source else None
            if self._copied:
                opened.callback(self._copied.close)
            options = {**self._container_options(kind), **self._movie_clock(kind)}
            # Without "file:", a colon in the path would end a protocol.
            where = f"file:{path}" if isinstance(path, Path) else path
            self._output = av.open(where, "w", format=kind.format, container_options=options)
            opened.callback(self._output.close)
            self._encoder = PictureEncoder(self._output, encoding, size)
            if self._copied:
                self._copied.attach(self._output)
            opened.pop_all()

    def copy(self, parts: Sequence[Part]) -> None:
        """Write the packets of ``parts``, which are all there is, one after the other."""
        for part in parts:
            for ticks in part.shown:
                self._show(ticks * self._traits.time_base, part.lasting)
        self._is_copy = True
        for part in parts:
            for packet in part.packets(self._to_encoded, self._traits.time_base):
                self._write([packet])

    def write(
        self,
        picture: Picture,
        shown: Fraction,
        lasting: Fraction | None = None,
        original: Original | None = None,
    ) -> None:
        """Encode ``picture``, shown at ``shown`` seconds, and write what the encoder gives.

        ``lasting`` is how long it is shown if it is the last one (default: by the rate).
        """
        self._show(shown, lasting)
        ticks = round(shown / self._traits.time_base)
        self._write(self._encoder.encode(picture, ticks, original))

    def _show(self, shown: Fraction, lasting: Fraction | None) -> None:
        self._order.show(shown)
        self._last, self._lasting = shown, lasting or self._traits.frame_seconds

    def finish(self) -> None:
        """Write all that is left and close the file."""
        self._write_last()
        self._write_copied(None)
        self.close()

    def salvage(self) -> None:
        """Make playable what is written so far, with its sound, and close the file."""
        with suppress(RealtimeNstError, av.FFmpegError, OSError):
            self._write_last()
            if self.written_until is not None:
                self._write_copied(self.written_until)
        with suppress(av.FFmpegError, OSError):
            self.close()

    @property
    def damaged(self) -> int:
        """Packets of sound, subtitles and the like that were left out because they are damaged."""
        return self._copied.damaged if self._copied else 0

    def close(self) -> None:
        if self._copied:
            self._copied.close()
        self._output.close()

    def _container_options(self, kind: Container) -> Mapping[str, str]:
        options = kind.options
        if self._copied is not None and self._copied.has_cover:
            options = kind.cover_options or options
        if self._copied is not None and self._copied.has_keys and "movflags" in options:
            # FFmpeg's option for them drops iTunes' places for titles and the like.
            options = {**options, "movflags": f"{options['movflags']}+use_metadata_tags"}
        return options

    def _movie_clock(self, kind: Container) -> dict[str, str]:
        """MP4 and QuickTime round the start of each stream to the movie's clock: a common multiple
        of all clocks keeps every time exact."""
        if kind.milliseconds:
            return {}
        pictures = self._traits.time_base.denominator
        while pictures < 10_000:
            pictures *= 2
        common = math.lcm(pictures, *(self._copied.tick_rates if self._copied else ()))
        return {"movie_timescale": str(common if common < 2**31 else pictures)}

    def _write(self, packets: list[Packet[Any]]) -> None:
        """All but the newest, which may be the last: that one is written differently."""
        self._held += packets
        for packet in self._held[:-1]:
            lasting = self._lasting if _shown(packet) == self._last else None
            self._write_picture(packet, self._order.next(), lasting or self._traits.frame_seconds)
        del self._held[:-1]

    def _write_last(self) -> None:
        """Flush the encoder.

        MP4 and QuickTime end a film where the packet decoded last ends, which may not be the one
        shown last. At an even rate, both ends are the same. At an uneven one, its decoding time
        becomes the time it is shown, and it lasts until the end; players would take an even rate
        for an uneven one by that.
        """
        if not self._is_copy:
            self._write(self._encoder.flush())
        for packet in self._held:
            shown, end = _shown(packet), self._last + self._lasting
            decoded = self._order.next()
            lasting = end - self._order.ahead - decoded
            if not 0 < lasting <= end - shown:
                decoded, lasting = shown, end - shown
            self._write_picture(packet, decoded, lasting)
        self._held.clear()

    def _write_picture(self, packet: Packet[Any], decoded: Fraction, lasting: Fraction) -> None:
        """Write the copied packets that are due before ``decoded``, then ``packet``."""
        self._write_copied(decoded)
        shown = _shown(packet)
        packet.dts = round(decoded / packet.time_base)
        packet.duration = round(lasting / packet.time_base)
        packet.stream = self._encoder.stream
        self._output.mux_one(packet)
        self.written_until = max(shown, self.written_until or shown)

    def _write_copied(self, until: Fraction | None) -> None:
        for packet in self._copied.until(until) if self._copied else ():
            self._output.mux_one(packet)


class DecodingOrder:
    """When each packet is decoded: at the time of a picture, ``reorder`` pictures ahead.

    One rule for the whole file, so that two runs join. An encoder's own times start anew with each
    run, and those of x265 are undefined for fewer than three pictures.
    """

    def __init__(self, reorder: int) -> None:
        self._reorder = reorder
        self._times: deque[Fraction] = deque()
        self._begun = False
        self.ahead = Fraction(0)
        """Seconds from the first decoding time to the first picture."""

    def show(self, seconds: Fraction) -> None:
        """Add a picture, shown later than those before."""
        self._times.append(seconds)

    def next(self) -> Fraction:
        """Seconds at which the next packet is decoded."""
        if not self._begun:
            self._begun = True
            shown = list(self._times)[: self._reorder + 1]
            self.ahead = shown[-1] - shown[0]
            self._times.extendleft(
                shown[0] + seconds - shown[-1] for seconds in reversed(shown[: self._reorder])
            )
        return self._times.popleft()


def _shown(packet: Packet[Any]) -> Fraction:
    """Seconds."""
    return (packet.pts or 0) * packet.time_base
