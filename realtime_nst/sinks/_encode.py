"""Encoding pictures, with colour tags that match."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Self, cast

import av
import cv2
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.stream import VideoStream

from realtime_nst.errors import MediaError
from realtime_nst.media.colours import Colours
from realtime_nst.media.container import (
    displayed,
    first_frame,
    frame_rate,
    is_full_colour,
    main_video,
)
from realtime_nst.media.light_levels import LightLevels
from realtime_nst.media.pixels import EIGHT_BITS, Pixels
from realtime_nst.sinks._copied import stream_tags
from realtime_nst.sinks._light_levels import hdr_options
from realtime_nst.sinks._planes import ToPlanes
from realtime_nst.sinks._svt import svt_tamed
from realtime_nst.sinks._timecode import later
from realtime_nst.sinks._unfinished import MARK
from realtime_nst.sinks.formats import Codec
from realtime_nst.stream import Original, Picture

_DEFAULT_RATE = Fraction(25)
_SECONDS_A_GROUP = 2
_LARGEST_TICK_RATE = 2**31 - 1
_ROUNDING = 0.01
_LARGEST_ASPECT = 255
_AVX_512 = 13
"""OpenCV's number for CPUs that have it (CV_CPU_AVX_512F)."""

_NARROW = 64
"""Pixels. x265 4.2 writes behind its memory in pictures of 48 or fewer, by its cutree."""


@dataclass(frozen=True)
class Traits:
    """What the result takes over from the source's video stream.

    ``time_base`` is the length of a tick in seconds, ``aspect`` a pixel's width over its height
    (None: 1) in pictures of ``size``, (width, height) as displayed. ``origin`` is where on the
    source's clock the film starts. ``stored`` is the pixel format of the source, ``levels`` the
    light levels of HDR that is kept.
    """

    time_base: Fraction
    rate: Fraction
    colours: Colours = field(default_factory=Colours)
    full_colour: bool = False
    aspect: Fraction | None = None
    tags: dict[str, str] = field(default_factory=dict)
    size: tuple[int, int] | None = None
    origin: Fraction = Fraction(0)
    disposition: int = 0
    stored: str = "yuv420p"
    levels: LightLevels = field(default_factory=LightLevels)

    @classmethod
    def of(
        cls,
        container: InputContainer,
        origin: Fraction = Fraction(0),
        start: Fraction = Fraction(0),
        *,
        hdr: bool = False,
    ) -> Self:
        """``start`` is the time of the film, in seconds, at which the result begins; ``hdr`` if its
        HDR is kept."""
        stream = main_video(container)
        rate = frame_rate(stream) or _DEFAULT_RATE
        colours = Colours.of(stream.codec_context)  # decoding may forget them
        size, aspect = displayed(container, stream)
        first = first_frame(container, stream) if hdr else None
        return cls(
            stream.time_base or _tick(rate),
            rate,
            colours.written(hdr),
            is_full_colour(stream),
            aspect,
            stream_tags(stream) | _timecode(container, round(start * rate), rate),
            size,
            origin,
            int(stream.disposition),
            stream.codec_context.pix_fmt or cls.stored,
            LightLevels.of(first) if first else LightLevels(),
        )

    def aspect_of(self, size: tuple[int, int]) -> Fraction | None:
        """The shape of a pixel in pictures of another ``size``: the film's shape stays.

        Only if the source's pixels are not square; those of a source with square pixels stay so.
        """
        if self.aspect is None or self.size is None:
            return self.aspect
        aspect = self.aspect * Fraction(*self.size) / Fraction(*size)
        for usual in (self.aspect, Fraction(1)):  # sizes are rounded to whole pixels
            if abs(aspect / usual - 1) < _ROUNDING:
                return usual
        return aspect.limit_denominator(_LARGEST_ASPECT)

    @property
    def frame_seconds(self) -> Fraction:
        """How long a frame is shown, in whole ticks: the duration of the last one."""
        return max(1, round(1 / (self.rate * self.time_base))) * self.time_base

    @classmethod
    def plain(cls, rate: Fraction | None) -> Self:
        """BT.709, and ticks that represent ``rate`` and all common rates exactly."""
        return cls(_tick(rate or _DEFAULT_RATE), rate or _DEFAULT_RATE)


def _timecode(container: InputContainer, frames: int, rate: Fraction) -> dict[str, str]:
    """That of a frame, kept as a tag of the pictures, of which muxers make a track of its own where
    they can."""
    for stream in (main_video(container), *container.streams.data):
        if code := stream.metadata.get("timecode"):
            return {"timecode": later(code, frames, rate)}
    return {}


def _tick(rate: Fraction) -> Fraction:
    ticks = math.lcm(90_000, rate.numerator)
    return Fraction(1, ticks if ticks <= _LARGEST_TICK_RATE else 90_000)


@dataclass(frozen=True)
class Encoding:
    """How pictures become packets, by an encoder of so many ``threads`` (0: as it likes), on whose
    number the packets depend. The stream says ``mark`` of who has written it."""

    codec: Codec
    quality: int
    traits: Traits
    pixels: Pixels = EIGHT_BITS
    threads: int = 0
    mark: str = MARK

    def pixel_format(self, size: tuple[int, int]) -> str:
        return self.codec.pixel_format(*size, self.traits.full_colour, self.pixels)

    def options(self, size: tuple[int, int]) -> dict[str, str]:
        """Those of the encoder."""
        options = dict(self.codec.options)
        if self.codec.encoder == "libx265" and size[0] < _NARROW:
            options["x265-params"] += ":cutree=0"
        if self.codec.encoder == "libx264" and self.threads:
            options["x264-params"] = _repeatable(self.threads)
        if self.pixels.alpha:
            options |= self.codec.alpha_options
        if self.pixels.hdr and self.codec.light_levels:
            options = hdr_options(self.codec.light_levels, options, self.traits.levels)
        return options

    @property
    def settings(self) -> dict[str, str]:
        """By name, everything that decides the stream of given pictures."""
        traits = self.traits
        own = {
            "codec": self.codec,
            "quality": self.quality,
            "bits or HDR": (self.pixels, traits.levels),
            "clock or colours": (
                traits.time_base,
                traits.origin,
                traits.rate,
                traits.colours,
                traits.aspect,
                traits.full_colour,
            ),
            "threads": self.threads,
            "FFmpeg": av.library_versions["libavcodec"],
        }
        return {name: repr(value) for name, value in own.items()}


def _repeatable(threads: int) -> str:
    """x264's settings for the same packets from the same pictures, every time.

    With its code for AVX-512, 145 of 419 encodings of one film of 160x120 were another stream, on
    one thread; with that for AVX2 none of 1,022 was.
    """
    fixed = f"threads={threads}:lookahead-threads=1:sync-lookahead=0"
    return f"{fixed}:asm=avx2" if cv2.checkHardwareSupport(_AVX_512) else fixed


class PictureEncoder:
    """The video stream of ``output`` for pictures of ``size`` (width, height).

    Raises :class:`MediaError` if the encoder refuses.
    """

    def __init__(self, output: OutputContainer, encoding: Encoding, size: tuple[int, int]) -> None:
        codec = encoding.codec
        self._traits, self._size = encoding.traits, size
        self._planes = ToPlanes(
            encoding.pixel_format(size),
            self._traits.colours,
            encoding.pixels,
            self._traits.levels,
        )
        self.stream = cast(
            VideoStream,
            output.add_stream(
                codec.encoder,
                rate=self._traits.rate,
                options=encoding.options(size),
                hwaccel=codec.hwaccel,
            ),
        )
        self.stream.codec_context.time_base = self._traits.time_base
        self.stream.time_base = self._traits.time_base
        # Players show the default stream; a source may have several videos.
        self.stream.disposition = Disposition(self._traits.disposition) | Disposition.default
        self.stream.metadata.update(self._traits.tags, encoder=encoding.mark)
        self._configure(encoding, output.format.name)
        try:
            with svt_tamed():
                self.stream.codec_context.open()
        except av.FFmpegError as error:
            raise MediaError(
                f"{codec.encoder} does not take pictures of {size[0]}x{size[1]} "
                f"({error.strerror}); choose another size or codec"
            ) from None

    def _configure(self, encoding: Encoding, container: str) -> None:
        codec, quality = encoding.codec, encoding.quality
        context = self.stream.codec_context
        context.width, context.height = self._size
        context.pix_fmt = self._planes.form
        context.gop_size = max(1, min(300, round(self._traits.rate * _SECONDS_A_GROUP)))
        # PyAV's default, slices, costs quality where frames can be encoded in parallel.
        context.thread_type = "AUTO"
        context.thread_count = encoding.threads
        if aspect := self._traits.aspect_of(self._size):
            context.sample_aspect_ratio = aspect
        self._traits.colours.tag(context)
        codec.set_quality(context, quality)
        if codec.encoder == "libx265" and container in ("mp4", "mov"):
            context.codec_tag = "hvc1"

    def encode(
        self, picture: Picture, ticks: int, original: Original | None = None
    ) -> list[Packet[Any]]:
        """Encode ``picture``, shown at ``ticks`` of the time base; the packets that are ready."""
        frame = self._planes.frame(picture, original)
        frame.pts, frame.time_base = ticks, self._traits.time_base
        return self.stream.encode(frame)

    def flush(self) -> list[Packet[Any]]:
        return self.stream.encode(None)
