"""Packets that are changed on their way: filtered, or decoded and encoded again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from fractions import Fraction
from typing import Any, cast

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.bitstream import BitStreamFilterContext
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.subtitles.codeccontext import SubtitleCodecContext
from av.subtitles.subtitle import AssSubtitle

_BITS_A_CHANNEL = 96_000
_OPUS_RATE = 48_000
_AAC_RATES = (48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000)
_LAYOUTS = {1: "mono", 2: "stereo", 3: "2.1", 4: "4.0", 5: "5.0", 6: "5.1", 8: "7.1"}

SHORT_TICK = Fraction(1, 1_000_000)
"""FFmpeg's muxer of MP4 compares the ticks of subtitles to those of other streams as if they were
of one length, and adds needless gaps unless those of subtitles are the shortest."""

GAP = b"\0\0"
"""The empty text between two subtitles of MP4."""

_STYLES = re.compile(r"\{\\[^}]*\}")
"""Slant, colour and the like among the text, in FFmpeg's own form."""

Change = Callable[["Packet[Any] | None"], "Iterable[Packet[Any]]"]
"""Takes the packets of a stream, then None for its end."""


def filtered_by(name: str | None, stream: Stream) -> Change:
    """FFmpeg's bitstream filter ``name`` for packets of ``stream``; None changes nothing."""
    if name is None:
        return lambda packet: [] if packet is None else [packet]
    bitstream = BitStreamFilterContext(name, stream)

    def change(packet: Packet[Any] | None) -> Iterator[Packet[Any]]:
        if packet is None:
            return
        time_base = packet.time_base
        for changed in bitstream.filter(packet):
            changed.time_base = time_base
            yield changed

    return change


def filter_of(stream: Stream) -> str | None:
    """AAC from MPEG-TS and ADTS files has a header in each packet, which other containers store
    once."""
    context = stream.codec_context
    adts = context is not None and context.name == "aac" and not context.extradata
    return "aac_adtstoasc" if adts else None


class ConvertedSound:
    """The sound of ``source``, decoded and encoded as ``codec`` into a new stream of ``output``."""

    def __init__(self, source: Stream, codec: str, output: OutputContainer) -> None:
        decoder = cast(AudioCodecContext, source.codec_context)
        rate = _OPUS_RATE if codec == "libopus" else _nearest_rate(decoder.sample_rate)
        layout = _LAYOUTS.get(decoder.channels, "stereo")
        self._decoder = decoder
        self.stream = cast(AudioStream, output.add_stream(codec, rate=rate, layout=layout))
        encoder: AudioCodecContext = self.stream.codec_context
        encoder.bit_rate = _BITS_A_CHANNEL * encoder.channels
        encoder.open()
        self._encoder = encoder
        self._resampler = AudioResampler(
            encoder.format.name, layout, rate, frame_size=encoder.frame_size or None
        )

    def __call__(self, packet: Packet[Any] | None) -> Iterator[Packet[Any]]:
        frames = []
        with suppress(av.FFmpegError):  # a damaged packet
            frames = self._decoder.decode(packet)
        for frame in [*frames, *([None] if packet is None else [])]:
            for part in self._resampler.resample(frame):
                yield from self._encoder.encode(part)
        if packet is None:
            yield from self._encoder.encode(None)


class ConvertedText:
    """The subtitles of ``source``, WebVTT if it has no decoder, as plain text in the form of
    ``codec``."""

    def __init__(self, source: Stream, codec: str, output: OutputContainer) -> None:
        known = source.codec_context or av.CodecContext.create("webvtt", "r")
        self._decoder, self._codec = cast(SubtitleCodecContext, known), codec
        self.stream = output.add_mux_stream(codec)
        self.stream.time_base = SHORT_TICK
        self._showing: list[tuple[int, str]] = []
        self._reached = 0

    def __call__(self, packet: Packet[Any] | None) -> Iterator[Packet[Any]]:
        if packet is None:
            yield from self._shown_until(None)
            return
        text = "" if packet.pts is None else self._text(packet)
        if not text:
            return
        begin = round((packet.pts or 0) * packet.time_base / SHORT_TICK)
        lasting = max(1, round((packet.duration or 0) * packet.time_base / SHORT_TICK))
        if self._codec != "mov_text":
            yield self._packet(text.encode(), begin, lasting)
            return
        yield from self._shown_until(begin)
        self._reached = max(self._reached, begin)
        self._showing.append((begin + lasting, text))

    def _shown_until(self, time: int | None) -> Iterator[Packet[Any]]:
        """What is shown up to ``time`` (None: to the end) in MP4, which shows one text at a time:
        those that overlap become one while they do."""
        while self._showing and (time is None or self._reached < time):
            stop = min(end for end, _ in self._showing)
            stop = stop if time is None else min(stop, time)
            if stop > self._reached:
                data = "\n".join(text for _, text in self._showing).encode()
                data = len(data).to_bytes(2, "big") + data
                yield self._packet(data, self._reached, stop - self._reached)
                self._reached = stop
            self._showing = [(end, text) for end, text in self._showing if end > stop]
            if not self._showing:
                yield self._packet(GAP, self._reached, 1)

    def _packet(self, data: bytes, begin: int, lasting: int) -> Packet[Any]:
        packet: Packet[Any] = Packet(data)
        packet.time_base, packet.duration = SHORT_TICK, lasting
        packet.pts = packet.dts = begin
        return packet

    def _text(self, packet: Packet[Any]) -> str:
        lines = []
        with suppress(av.FFmpegError):
            for subtitle in self._decoder.decode2(packet) or ():
                if isinstance(subtitle, AssSubtitle):
                    lines.append(subtitle.dialogue.decode(errors="replace"))
        return _STYLES.sub("", "\n".join(lines)).strip()


def _nearest_rate(rate: int) -> int:
    return min(_AAC_RATES, key=lambda known: abs(known - rate))
