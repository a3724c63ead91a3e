"""Encoders in the graphics hardware: used only where asked for, as their bytes differ by model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import cast

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from realtime_nst.errors import MediaError, UnknownName, UsageError
from realtime_nst.sinks.formats import CODECS, OF_APPLE, Codec

_TRIED = 320, 240
"""Width and height of the picture that shows whether an encoder works; some refuse smaller ones."""


@dataclass(frozen=True)
class Engine:
    """A family of hardware encoders, which ``needs`` a thing to work.

    ``encoders`` are FFmpeg's names by ours for the codecs. They take pictures of the pixel format
    ``form`` and the quality number of the software encoders as ``quality_option``; with
    ``device``, FFmpeg's name of its kind, pictures go to the hardware first.
    """

    needs: str
    encoders: Mapping[str, str]
    quality_option: str
    options: Mapping[str, str] = field(default_factory=dict)
    form: str = "nv12"
    device: str | None = None

    def codec(self, name: str) -> Codec:
        """The codec ``name`` by this engine. Pictures are in the order shown, groups are closed."""
        software = CODECS[name]
        return replace(
            software,
            encoder=self.encoders[name],
            options={"bf": "0", **self.options},
            quality_option=self.quality_option,
            subsampled=self.form,
            full_colour=None,
            odd_sizes=False,
            reorder=0,
            depths=(8,),
            light_levels=None,
            alpha=None,
            alpha_in=(),
            device=self.device,
        )

    def absence(self, name: str) -> str:
        """What is missing to encode the codec ``name`` here; empty if nothing is."""
        try:
            _encode_one(self.codec(name))
        except av.codec.codec.UnknownCodecError:
            return f"it needs {self.needs}, and an FFmpeg with {self.encoders[name]}"
        except (av.FFmpegError, ValueError, NotImplementedError) as error:
            return f"it needs {self.needs} ({_said(error)})"
        return ""


def _named(suffix: str, *codecs: str) -> dict[str, str]:
    return {name: f"{'hevc' if name == 'h265' else name}_{suffix}" for name in codecs}


ENGINES: Mapping[str, Engine] = {
    "nvenc": Engine(
        "an NVIDIA card that encodes, and its driver",
        _named("nvenc", "h264", "h265", "av1"),
        "cq",
        {"rc": "vbr"},
        "yuv420p",
    ),
    "qsv": Engine(
        "Intel graphics with Quick Sync, and its driver (oneVPL)",
        _named("qsv", "h264", "h265", "av1", "vp9"),
        "global_quality",
    ),
    "vaapi": Engine(
        "Linux, and AMD or Intel graphics with a VA-API driver",
        _named("vaapi", "h264", "h265", "av1", "vp9"),
        "global_quality",
        {"rc_mode": "CQP"},
        device="vaapi",
    ),
    "videotoolbox": Engine("macOS", _named("videotoolbox", "h264", "h265"), OF_APPLE),
}
"""By the name that ``--encoder`` takes."""


def by_hardware(encoder: str, name: str) -> Codec:
    """The codec ``name`` by the engine ``encoder``.

    Raises :class:`UnknownName` for an engine that does not exist, :class:`UsageError` for a codec
    that it does not have, and :class:`MediaError` if it does not work here.
    """
    if encoder not in ENGINES:
        raise UnknownName("encoder", encoder, ENGINES, "or leave `encoder` out")
    engine = ENGINES[encoder]
    if name not in engine.encoders:
        raise UsageError(
            f"{encoder} has no {name} (choices of `codec`: {', '.join(engine.encoders)}); name one "
            "of them, or leave out `encoder`",
            choices=engine.encoders,
        )
    if why := engine.absence(name):
        here = [each for each in ENGINES if name in working(each)]
        raise MediaError(
            f"{encoder} does not encode {name} here: {why} (choices here: "
            f"{', '.join(here) or 'none'}); leave out `encoder`",
            choices=here,
        )
    return engine.codec(name)


def working(encoder: str) -> list[str]:
    """The codecs that the engine ``encoder`` encodes on this computer."""
    engine = ENGINES[encoder]
    return [name for name in engine.encoders if not engine.absence(name)]


def _said(error: Exception) -> str:
    """NVIDIA's encoders call everything that is missing a want of permission."""
    if isinstance(error, av.error.PermissionError):
        return "FFmpeg cannot open it"
    return getattr(error, "strerror", None) or str(error)


def _encode_one(codec: Codec) -> None:
    context = cast(VideoCodecContext, av.CodecContext.create(codec.encoder, "w", codec.hwaccel))
    context.width, context.height = _TRIED
    context.pix_fmt, context.time_base = codec.subsampled, Fraction(1, 25)
    context.options = dict(codec.options)
    codec.set_quality(context, codec.quality)
    grey = np.full((_TRIED[1] * 3 // 2, _TRIED[0]), 128, np.uint8)
    frame = VideoFrame.from_numpy_buffer(grey, format="yuv420p")
    frame = frame.reformat(format=codec.subsampled)
    frame.pts, frame.time_base = 0, context.time_base
    if not [*context.encode(frame), *context.encode(None)]:
        raise ValueError("it gives nothing")
