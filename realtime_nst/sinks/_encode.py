"""RGB pictures into the packets of a video stream whose tags tell the truth."""

from __future__ import annotations

import hashlib
import math
import os
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Self, cast

import av
import numpy as np
from av.container import OutputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, VideoReformatter
from av.video.stream import VideoStream

from realtime_nst.errors import MediaError
from realtime_nst.media import (
    Colours,
    frame_rate,
    is_full_colour,
    main_video,
    open_input,
    pixel_aspect,
)
from realtime_nst.sinks._copied import stream_tags
from realtime_nst.sinks._unfinished import MARK
from realtime_nst.sinks.formats import Codec
from realtime_nst.stream import Image

_DEFAULT_RATE = Fraction(25)
_SECONDS_A_GROUP = 2
_LARGEST_TICK_RATE = 2**31 - 1


@dataclass(frozen=True)
class Traits:
    """What a result takes from the pictures of its source.

    ``time_base`` is the seconds of one tick, ``aspect`` a pixel's width over its height (None: 1).
    """

    time_base: Fraction
    rate: Fraction
    colours: Colours = field(default_factory=Colours)
    full_colour: bool = False
    aspect: Fraction | None = None
    tags: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, source: Path) -> Self:
        with open_input(source) as container:
            stream = main_video(container)
            rate = frame_rate(stream) or _DEFAULT_RATE
            return cls(
                stream.time_base or _tick(rate),
                rate,
                Colours.of(stream.codec_context).written(),
                is_full_colour(stream),
                pixel_aspect(container, stream),
                stream_tags(stream),
            )

    @property
    def frame_seconds(self) -> Fraction:
        """How long one frame is shown, in whole ticks: what the last one of a film lasts."""
        return max(1, round(1 / (self.rate * self.time_base))) * self.time_base

    @classmethod
    def plain(cls, rate: Fraction | None) -> Self:
        """BT.709, and a tick that measures both ``rate`` and the usual rates exactly."""
        return cls(_tick(rate or _DEFAULT_RATE), rate or _DEFAULT_RATE)


def _tick(rate: Fraction) -> Fraction:
    ticks = math.lcm(90_000, rate.numerator)
    return Fraction(1, ticks if ticks <= _LARGEST_TICK_RATE else 90_000)


class PictureEncoder:
    """One video stream of ``output``, for pictures of ``size`` (width, height).

    ``settings`` names codec, quality, size, colours, libraries and ``others`` in a few letters:
    streams with the same settings can be joined. Raises :class:`MediaError` where the encoder
    refuses.
    """

    def __init__(
        self,
        output: OutputContainer,
        codec: Codec,
        quality: int,
        size: tuple[int, int],
        traits: Traits,
        others: str = "",
    ) -> None:
        self._traits, self._size = traits, size
        self._format = codec.pixel_format(*size, traits.full_colour)
        self._reformatter = VideoReformatter()
        self.settings = settings_of(codec, quality, size, traits, others)
        self.stream = cast(
            VideoStream,
            output.add_stream(codec.encoder, rate=traits.rate, options=dict(codec.options)),
        )
        self.stream.codec_context.time_base = traits.time_base
        self.stream.time_base = traits.time_base
        self.stream.metadata.update(traits.tags, encoder=self.settings)
        self._configure(codec, quality, output.format.name)
        try:
            with _svt_silenced():
                self.stream.codec_context.open()
        except av.FFmpegError as error:
            raise MediaError(
                f"{codec.encoder} does not take pictures of {size[0]}x{size[1]} "
                f"({error.strerror}); choose another size or codec"
            ) from None

    def _configure(self, codec: Codec, quality: int, container: str) -> None:
        context = self.stream.codec_context
        context.width, context.height = self._size
        context.pix_fmt = self._format
        context.gop_size = max(1, min(300, round(self._traits.rate * _SECONDS_A_GROUP)))
        # PyAV's default, slices, costs quality where whole frames can be encoded side by side.
        context.thread_type = "AUTO"
        if self._traits.aspect:
            context.sample_aspect_ratio = self._traits.aspect
        self._traits.colours.tag(context)
        if codec.quality_option == "qscale":
            context.qscale, context.global_quality = True, max(1, quality)
        else:
            self.stream.options[codec.quality_option] = str(quality)
        if codec.encoder == "libx265" and container in ("mp4", "mov"):
            context.codec_tag = "hvc1"

    def encode(self, image: Image, ticks: int) -> list[Packet[Any]]:
        """The packets that ``image``, shown at ``ticks`` of the time base, sets free."""
        colours = self._traits.colours
        frame = self._reformatter.reformat(
            VideoFrame.from_numpy_buffer(np.ascontiguousarray(image), format="rgb24"),
            format=self._format,
            dst_colorspace=colours.swscale_matrix,
            dst_color_range=ColorRange.MPEG,
            threads=1,
        )
        colours.tag(frame)
        frame.pts, frame.time_base = ticks, self._traits.time_base
        return self.stream.encode(frame)

    def flush(self) -> list[Packet[Any]]:
        return self.stream.encode(None)


@contextmanager
def _svt_silenced() -> Iterator[None]:
    """SVT-AV1 reports on standard error unless this variable says otherwise while it is opened."""
    if "SVT_LOG" in os.environ:
        yield
        return
    os.environ["SVT_LOG"] = "1"  # errors only
    try:
        yield
    finally:
        del os.environ["SVT_LOG"]


def settings_of(
    codec: Codec, quality: int, size: tuple[int, int], traits: Traits, others: str
) -> str:
    """Short enough for the 31 letters that MP4 has for a stream's encoder."""
    everything = (codec, quality, size, traits.time_base, traits.rate, traits.colours, others)
    libraries = av.library_versions["libavcodec"]
    pixels = codec.pixel_format(*size, traits.full_colour)
    digest = hashlib.sha256(repr((everything, pixels, traits.aspect, libraries)).encode())
    return f"{MARK}{digest.hexdigest()[:12]}"


class DecodingOrder:
    """When each packet is decoded: as pictures are shown, but ``reorder`` of them ahead.

    One rule for the whole file, so that two runs join; an encoder's own times start anew with each
    run, and x265's are undefined for less than three pictures.
    """

    def __init__(self, reorder: int) -> None:
        self._reorder = reorder
        self._times: deque[Fraction] = deque()
        self._begun = False

    def show(self, seconds: Fraction) -> None:
        """One more picture, later than those before."""
        self._times.append(seconds)

    def next(self) -> Fraction:
        """Seconds at which the next packet is decoded."""
        if not self._begun:
            self._begun = True
            shown = list(self._times)[: self._reorder + 1]
            self._times.extendleft(
                shown[0] + seconds - shown[-1] for seconds in reversed(shown[: self._reorder])
            )
        return self._times.popleft()
