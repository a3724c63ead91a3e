"""What the pixels of a video hold beyond 8 bits of R, G and B."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self, cast

import numpy as np
from av.codec import CodecContext
from av.video.codeccontext import VideoCodecContext
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from realtime_nst.media.colours import Colours

Deep = NDArray[np.uint16]
"""RGB or RGBA, ``(height, width, channels)``, as a video codes it: black is 0, white 255 * 256, as
FFmpeg's swscale has it. Opaque is 65,535."""

DEEP_WHITE = 255 * 256

_ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
_SUBSAMPLINGS = {0: "grey", 1: "4:4:4", 2: "4:2:2", 4: "4:2:0"}


@dataclass(frozen=True)
class Pixels:
    """``bits`` a channel, ``alpha`` if they are transparent, ``hdr`` if they are PQ or HLG."""

    alpha: bool = False
    bits: int = 8
    hdr: bool = False

    @classmethod
    def of(cls, stream: VideoStream, first: VideoFrame | None = None) -> Self:
        """Of a video; of GIF, only its ``first`` frame tells whether it is transparent."""
        form, colours = stream.codec_context.format, Colours.of(stream.codec_context)
        if first is not None:
            form, colours = first.format, Colours.of(first)
        alpha = has_split_alpha(stream) or _has_alpha(form, first)
        return cls(alpha, bits_of(form), colours.hdr)


EIGHT_BITS = Pixels()


def bits_of(form: VideoFormat | None) -> int:
    """Bits a channel."""
    return max((component.bits for component in form.components), default=8) if form else 8


def chroma_size(form: VideoFormat) -> int:
    """Values of each colour in 64x64 pixels; 0 of grey."""
    if len(form.components) < 3:
        return 0
    return int(form.chroma_width(64) * form.chroma_height(64))


def subsampling(form: VideoFormat) -> str:
    """As ``4:2:0``."""
    size = chroma_size(form)
    return _SUBSAMPLINGS.get(size and 64 * 64 // size, form.name)


def _has_alpha(form: VideoFormat | None, first: VideoFrame | None) -> bool:
    """FFmpeg decodes every GIF to BGRA, most of them opaque."""
    if form is None or (form.name == "bgra" and first is None):
        return False
    if first is not None and form.name == "bgra":
        return bool((first.to_ndarray(format="rgba")[..., 3] < 255).any())
    return any(component.is_alpha for component in form.components)


def has_split_alpha(stream: VideoStream) -> bool:
    """True for VP8 and VP9 whose alpha is a stream of its own, which the usual decoders leave
    out."""
    return stream.metadata.get("alpha_mode") == "1" and stream.codec_context.name in _ALPHA_DECODERS


def alpha_decoder(stream: VideoStream) -> VideoCodecContext | None:
    """A decoder of ``stream`` that reads its split alpha; None if it has none, or if this FFmpeg
    cannot read it."""
    if not has_split_alpha(stream):
        return None
    try:
        decoder = CodecContext.create(_ALPHA_DECODERS[stream.codec_context.name], "r")
    except ValueError:
        return None
    return cast(VideoCodecContext, decoder)
