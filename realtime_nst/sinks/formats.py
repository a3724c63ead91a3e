"""The video codecs and containers that can be written, by their usual names."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import av
from av.codec.hwaccel import HWAccel
from av.video.codeccontext import VideoCodecContext

from realtime_nst.errors import MediaError, UnknownName, UsageError
from realtime_nst.media.pictures import SUFFIXES
from realtime_nst.media.pixels import Pixels

OF_APPLE, _LAMBDA = "quality", 118
"""VideoToolbox counts quality from 1, the worst, to 100, in units of FFmpeg's FF_QP2LAMBDA."""


@dataclass(frozen=True)
class Codec:
    """An encoder and its settings.

    ``quality`` is the default of ``quality_option``, whose values go from 0 (best) to ``worst``.
    ``subsampled`` and ``full_colour`` are pixel formats; ``odd_sizes`` is True if the former allows
    an odd width or height. ``reorder`` is how many pictures decoding is ahead of display.
    ``to_encoded`` is FFmpeg's filter that turns stored packets back into the encoder's form.

    ``depths`` are the bits a channel that it is used with. ``light_levels`` is the option that
    takes the light levels of HDR; None: it is not used for HDR. ``alpha`` is the pixel format with
    transparency in the containers ``alpha_in``, by FFmpeg's names, with the options
    ``alpha_options``. ``device`` is FFmpeg's name of the kind of hardware that pictures go to
    before they are encoded; None: the encoder takes them from memory.
    """

    encoder: str
    quality: int
    worst: int
    options: Mapping[str, str]
    quality_option: str = "crf"
    subsampled: str = "yuv420p"
    full_colour: str | None = None
    odd_sizes: bool = True
    reorder: int = 0
    to_encoded: str | None = None
    depths: tuple[int, ...] = (8,)
    light_levels: str | None = None
    alpha: str | None = None
    alpha_in: tuple[str, ...] = ()
    alpha_options: Mapping[str, str] = field(default_factory=dict)
    device: str | None = None

    @property
    def hwaccel(self) -> HWAccel | None:
        return HWAccel(self.device, allow_software_fallback=False) if self.device else None

    def set_quality(self, context: VideoCodecContext, quality: int) -> None:
        """Have an encoder of this codec, whose options are set, encode with ``quality``."""
        if self.quality_option == "qscale":
            context.qscale, context.global_quality = True, max(1, quality)
        elif self.quality_option == OF_APPLE:
            best = round(100 * (1 - quality / self.worst))
            context.qscale, context.global_quality = True, max(1, best) * _LAMBDA
        else:
            context.options[self.quality_option] = str(quality)

    @property
    def present(self) -> bool:
        """True if this FFmpeg has the encoder."""
        try:
            av.Codec(self.encoder, "w")
        except ValueError:
            return False
        return True

    def holds(self, pixels: Pixels) -> bool:
        """Whether it can write ``pixels``, apart from their transparency."""
        return pixels.bits in self.depths and not (pixels.hdr and self.light_levels is None)

    def holds_alpha(self, container: "Container") -> bool:
        return container.format in self.alpha_in

    def is_full_colour(self, form: str) -> bool:
        """Whether ``form`` is the pixel format ``full_colour``, of whatever depth."""
        return form.removesuffix("10le") == self.full_colour

    def pixel_format(self, width: int, height: int, full_colour: bool, pixels: Pixels) -> str:
        """Full colour if asked for and supported, or if the size requires it."""
        if pixels.alpha and self.alpha:
            return self.alpha
        odd = bool(width % 2 or height % 2) and not self.odd_sizes
        form = self.full_colour if self.full_colour and (full_colour or odd) else self.subsampled
        return f"{form}10le" if pixels.bits == 10 and not form.endswith("10le") else form


# Fast presets leave the CPU to the network. Closed groups of pictures allow a run to be resumed.
CODECS: Mapping[str, Codec] = {
    "h264": Codec(
        "libx264",
        20,
        51,
        {"preset": "veryfast"},
        full_colour="yuv444p",
        odd_sizes=False,
        reorder=2,
        to_encoded="h264_mp4toannexb",
    ),
    "h265": Codec(
        "libx265",
        24,
        51,
        {"preset": "ultrafast", "x265-params": "log-level=error:open-gop=0"},
        full_colour="yuv444p",
        odd_sizes=False,
        reorder=2,
        to_encoded="hevc_mp4toannexb",
        depths=(8, 10),
        light_levels="x265-params",
    ),
    "av1": Codec(
        "libsvtav1", 30, 63, {"preset": "10"}, depths=(8, 10), light_levels="svtav1-params"
    ),
    "vp9": Codec(
        "libvpx-vp9",
        31,
        63,
        {"b": "0", "deadline": "realtime", "cpu-used": "8", "row-mt": "1"},
        full_colour="yuv444p",
        alpha="yuva420p",
        alpha_in=("matroska", "webm"),
    ),
    "prores": Codec(
        "prores_ks",
        9,
        31,
        {"profile": "3"},
        quality_option="qscale",
        subsampled="yuv422p10le",
        depths=(8, 10),
        alpha="yuva444p10le",
        alpha_in=("mov", "matroska"),
        alpha_options={"profile": "4"},
    ),
}


@dataclass(frozen=True)
class Container:
    """A container: FFmpeg's name for it, and the codecs it can hold, the default first.

    ``milliseconds`` is True if times are stored in whole milliseconds. ``cover_options`` replace
    ``options`` for a file with a cover picture. ``streamed`` is True for a form that is written
    without going back, to a pipe. ``sound`` and ``text`` are the codecs to which what
    the container cannot hold is converted.
    """

    format: str
    codecs: tuple[str, ...]
    options: Mapping[str, str] = field(default_factory=dict)
    cover_options: Mapping[str, str] | None = None
    milliseconds: bool = False
    streamed: bool = False
    sound: str = "aac"
    text: str = "mov_text"


# Hybrid: fragments while it grows, so that a file cut off by a full disk or a killed program still
# plays; an ordinary file once closed. delay_moov makes edit lists correct. Fragments begin with key
# frames, about every two seconds: FFmpeg takes the end of a film from the last one, which therefore
# must hold the frame shown last, not only one that is decoded after it.
_ISO = {
    "movflags": "hybrid_fragmented+delay_moov+frag_keyframe",
    "frag_duration": "20000000",
    "min_frag_duration": "1000000",
}
# A cover in fragments becomes a second, empty video stream.
_ISO_COVER = {"movflags": "faststart"}
_MATROSKA = {"avoid_negative_ts": "disabled"}
_MP4 = Container("mp4", ("h264", "h265", "av1", "vp9"), _ISO, _ISO_COVER)

CONTAINERS: Mapping[str, Container] = {
    ".mp4": _MP4,
    ".m4v": _MP4,
    ".mov": Container("mov", ("h264", "h265", "prores"), _ISO, _ISO_COVER),
    ".mkv": Container("matroska", tuple(CODECS), _MATROSKA, milliseconds=True, text="subrip"),
    ".webm": Container(
        "webm", ("vp9", "av1"), _MATROSKA, milliseconds=True, sound="libopus", text="webvtt"
    ),
}


# Fragments: what an ordinary file has in its index is not known before the end.
_FRAGMENTS = {"movflags": "frag_keyframe+delay_moov+default_base_moof"}


def container_of(path: Path, *, streamed: bool = False) -> Container:
    """The container named by the suffix of ``path``. Raises :class:`UsageError`."""
    try:
        kind = CONTAINERS[path.suffix.lower()]
        if not streamed:
            return kind
        options = kind.options if kind.milliseconds else _FRAGMENTS
        return replace(kind, options=options, cover_options=None, streamed=True)
    except KeyError:
        stem = path.stem.partition("%")[0] or "frame"
        also = (
            f", or {stem}_%04d{path.suffix} for pictures" if path.suffix.lower() in SUFFIXES else ""
        )
        raise UsageError(
            f"a video cannot be written as {path.name!r} (choices of suffix: "
            f"{', '.join(CONTAINERS)}); name the output {stem}.mp4{also}",
            choices=CONTAINERS,
        ) from None


def codec_for(name: str | None, path: Path) -> tuple[str, Codec]:
    """The codec called ``name``, or the default of the container of ``path``.

    Raises :class:`UnknownName`, :class:`UsageError` if the container cannot hold it, and
    :class:`MediaError` if this FFmpeg has no encoder for it.
    """
    container = container_of(path)
    name = name or container.codecs[0]
    if name not in CODECS:
        raise UnknownName("codec", name, CODECS)
    if name not in container.codecs:
        raise UsageError(
            f"a {path.suffix} file cannot hold {name} (choices: {', '.join(container.codecs)}); "
            f"name the output {path.stem}.mkv, which can hold any of them",
            choices=container.codecs,
        )
    if not CODECS[name].present:
        here = [name for name, codec in CODECS.items() if codec.present]
        raise MediaError(
            f"this FFmpeg has no encoder {CODECS[name].encoder} for {name} (choices here: "
            f"{', '.join(here) or 'none'}); PyAV's wheels have it: "
            "pip install --force-reinstall av",
            choices=here,
        )
    return name, CODECS[name]


def checked_quality(quality: int | None, name: str) -> int:
    """``quality``, or the default of the codec; raises :class:`UsageError` if out of range."""
    codec = CODECS[name]
    if quality is None:
        return codec.quality
    if not 0 <= quality <= codec.worst:
        raise UsageError(
            f"quality {quality} is out of range for {name} "
            f"(choices: 0, the best, to {codec.worst}; default {codec.quality})"
        )
    return quality
