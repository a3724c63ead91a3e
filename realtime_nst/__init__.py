"""Turns live webcam pictures and video files into moving paintings, in real time.

    from realtime_nst import Look, Paint, Stylizer, VideoSink, VideoSource, run

    painting = Stylizer("great_wave")(photo)        # RGB uint8 (height, width, 3), in and out

    with VideoSource("in.mp4") as source, VideoSink("out.mp4", source="in.mp4") as sink:
        report = run(source, [Paint(Look("starry_night", strength=0.8))], sink)

Every name of ``__all__`` is imported when first asked for, so ``import realtime_nst`` is instant.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from realtime_nst import telemetry

if TYPE_CHECKING:
    from realtime_nst.display import Beside, Display
    from realtime_nst.errors import (
        MediaError,
        MissingPackage,
        ModelError,
        ProviderError,
        ProviderWarning,
        RealtimeNstError,
        SourceStalled,
        StyleWarning,
        TargetExists,
        TrainingError,
        UnknownName,
        UsageError,
    )
    from realtime_nst.library import install_style, remove_style
    from realtime_nst.live import Live
    from realtime_nst.look import Look, View
    from realtime_nst.masks.composite import Composite
    from realtime_nst.masks.edges import FrameEdge, SoftEdge
    from realtime_nst.masks.mask import Inverted, Mask
    from realtime_nst.masks.model import ModelMask
    from realtime_nst.masks.moving import MovingMask
    from realtime_nst.masks.pictures import PictureMask, VideoMask
    from realtime_nst.masks.steady import SteadyMask
    from realtime_nst.media.pictures import read_picture
    from realtime_nst.media.span import Span
    from realtime_nst.motion.stabilise import Stabilise
    from realtime_nst.paint import Paint
    from realtime_nst.pipeline import Report, run
    from realtime_nst.presets import load as load_look
    from realtime_nst.presets import save as save_look
    from realtime_nst.runtime.card import ModelCard
    from realtime_nst.runtime.installed_style import InstalledStyle
    from realtime_nst.runtime.networks import Networks
    from realtime_nst.runtime.stages import Morph, Resize, Stylise
    from realtime_nst.runtime.styles import installed
    from realtime_nst.runtime.stylizer import Stylizer
    from realtime_nst.sinks import open_sink
    from realtime_nst.sinks.null import NullSink
    from realtime_nst.sinks.pictures import PictureSink, write_picture
    from realtime_nst.sinks.sequence import SequenceSink
    from realtime_nst.sinks.tee import TeeSink
    from realtime_nst.sinks.video import VideoSink
    from realtime_nst.sinks.virtual_camera import VirtualCameraSink
    from realtime_nst.sinks.window import WindowSink
    from realtime_nst.sizes import parse_size
    from realtime_nst.sources import open_source
    from realtime_nst.sources.animation import AnimationSource
    from realtime_nst.sources.camera import CameraSource
    from realtime_nst.sources.network import NetworkSource
    from realtime_nst.sources.paced import PacedSource
    from realtime_nst.sources.pictures import PictureSource
    from realtime_nst.sources.reconnecting import ReconnectingSource
    from realtime_nst.sources.sequence import SequenceSource
    from realtime_nst.sources.square import SquareSource
    from realtime_nst.sources.synthetic import SyntheticSource
    from realtime_nst.sources.video import VideoSource
    from realtime_nst.stream import Frame, Image, Sink, Source, Stage, StreamInfo

__version__ = "0.1.0"

telemetry.switch_off()

_HOMES = {
    "errors": (
        "MediaError MissingPackage ModelError ProviderError ProviderWarning RealtimeNstError "
        "SourceStalled StyleWarning TargetExists TrainingError UnknownName UsageError"
    ),
    "display": "Beside Display",
    "library": "install_style remove_style",
    "live": "Live",
    "look": "Look View",
    "masks.composite": "Composite",
    "masks.edges": "FrameEdge SoftEdge",
    "masks.mask": "Inverted Mask",
    "masks.model": "ModelMask",
    "masks.moving": "MovingMask",
    "masks.pictures": "PictureMask VideoMask",
    "masks.steady": "SteadyMask",
    "media.pictures": "read_picture",
    "media.span": "Span",
    "motion.stabilise": "Stabilise",
    "paint": "Paint",
    "pipeline": "Report run",
    "presets": "load_look=load save_look=save",
    "runtime.card": "ModelCard",
    "runtime.networks": "Networks",
    "runtime.stages": "Morph Resize Stylise",
    "runtime.installed_style": "InstalledStyle",
    "runtime.styles": "installed",
    "runtime.stylizer": "Stylizer",
    "sinks": "open_sink",
    "sinks.null": "NullSink",
    "sinks.pictures": "PictureSink write_picture",
    "sinks.sequence": "SequenceSink",
    "sinks.tee": "TeeSink",
    "sinks.video": "VideoSink",
    "sinks.virtual_camera": "VirtualCameraSink",
    "sinks.window": "WindowSink",
    "sources": "open_source",
    "sources.animation": "AnimationSource",
    "sources.camera": "CameraSource",
    "sources.network": "NetworkSource",
    "sources.paced": "PacedSource",
    "sources.pictures": "PictureSource",
    "sources.reconnecting": "ReconnectingSource",
    "sources.sequence": "SequenceSource",
    "sources.square": "SquareSource",
    "sources.synthetic": "SyntheticSource",
    "sources.video": "VideoSource",
    "sizes": "parse_size",
    "stream": "Frame Image Sink Source Stage StreamInfo",
}
_HOME = {
    public: (home, own or public)
    for home, names in _HOMES.items()
    for public, _, own in (name.partition("=") for name in names.split())
}
"""By name, the module that it is from, and what it is called there."""

__all__ = [
    "AnimationSource",
    "Beside",
    "CameraSource",
    "Composite",
    "Display",
    "Frame",
    "FrameEdge",
    "Image",
    "InstalledStyle",
    "Inverted",
    "Live",
    "Look",
    "Mask",
    "MediaError",
    "MissingPackage",
    "ModelCard",
    "ModelError",
    "ModelMask",
    "Morph",
    "MovingMask",
    "NetworkSource",
    "Networks",
    "NullSink",
    "PacedSource",
    "Paint",
    "PictureMask",
    "PictureSink",
    "PictureSource",
    "ProviderError",
    "ProviderWarning",
    "RealtimeNstError",
    "ReconnectingSource",
    "Report",
    "Resize",
    "SequenceSink",
    "SequenceSource",
    "Sink",
    "SoftEdge",
    "Source",
    "SourceStalled",
    "Span",
    "SquareSource",
    "Stabilise",
    "Stage",
    "SteadyMask",
    "StreamInfo",
    "StyleWarning",
    "Stylise",
    "Stylizer",
    "SyntheticSource",
    "TargetExists",
    "TeeSink",
    "TrainingError",
    "UnknownName",
    "UsageError",
    "VideoMask",
    "VideoSink",
    "VideoSource",
    "View",
    "VirtualCameraSink",
    "WindowSink",
    "install_style",
    "installed",
    "load_look",
    "open_sink",
    "open_source",
    "parse_size",
    "read_picture",
    "remove_style",
    "run",
    "save_look",
    "write_picture",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home, own = _HOME[name]
    return getattr(import_module(f"{__name__}.{home}"), own)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
