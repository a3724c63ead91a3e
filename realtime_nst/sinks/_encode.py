"""RGB pictures into the packets of a video stream whose tags tell the truth."""

from __future__ import annotations

import hashlib
import math
import os
from base64 import urlsafe_b64encode
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
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


_WHOLE, _HINTS = 6, 12
"""Letters of a tag that tell whether anything differs, and letters that tell what."""


class EncoderTag:
    """The settings that a stream was made with, in the 31 letters that MP4 has for its encoder.

    Streams with the same ``text`` can be joined. ``others`` are the settings, by name, that decide
    the pictures beside codec, quality, size, colours and FFmpeg.
    """

    def __init__(
        self,
        codec: Codec,
        quality: int,
        size: tuple[int, int],
        traits: Traits,
        others: Mapping[str, str],
    ) -> None:
        stream = traits.time_base, traits.rate, traits.colours, traits.aspect
        pixels = codec.pixel_format(*size, traits.full_colour)
        settings = {
            "codec": (codec, pixels),
            "quality": quality,
            "frame size": size,
            "clock or colours": stream,
            "FFmpeg": av.library_versions["libavcodec"],
            **others,
        }
        self._names = list(settings)
        values = [repr(value) for value in settings.values()]
        whole, hints = _letters(repr(values), _WHOLE), _letters_of(values, _HINTS)
        self.text = f"{MARK}{whole}{hints}"

    def differences(self, text: str) -> list[str]:
        """The names of settings in which the tag ``text`` may differ; all if none can be told."""
        hints = zip(self.text[-_HINTS:], text[-_HINTS:], strict=False)
        differing = {at for at, (one, other) in enumerate(hints) if one != other}
        told = [name for at, name in enumerate(self._names) if at % _HINTS in differing]
        return told or self._names


def _letters(text: str, count: int) -> str:
    return urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()[:count]


def _letters_of(values: Sequence[str], count: int) -> str:
    """One letter each; where there are more values than letters, some share one."""
    return "".join(_letters(repr(values[at::count]), 1) for at in range(count))


class PictureEncoder:
    """One video stream of ``output``, for pictures of ``size`` (width, height).

    ``tag`` is written into it. Raises :class:`MediaError` where the encoder refuses.
    """

    def __init__(
        self,
        output: OutputContainer,
        codec: Codec,
        quality: int,
        size: tuple[int, int],
        traits: Traits,
        tag: EncoderTag,
    ) -> None:
        self._traits, self._size = traits, size
        self._format = codec.pixel_format(*size, traits.full_colour)
        self._reformatter = VideoReformatter()
        self.stream = cast(
            VideoStream,
            output.add_stream(codec.encoder, rate=traits.rate, options=dict(codec.options)),
        )
        self.stream.codec_context.time_base = traits.time_base
        self.stream.time_base = traits.time_base
        self.stream.metadata.update(traits.tags, encoder=tag.text)
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
