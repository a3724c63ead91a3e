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
        RealtimeNstError,
        SourceStalled,
        StyleWarning,
        TargetExists,
        TrainingError,
        UnknownName,
        UsageError,
    )
    from realtime_nst.library import install_style, remove_style
    from realtime_nst.look import Look, View
    from realtime_nst.motion.stabilise import Stabilise
    from realtime_nst.paint import Paint
    from realtime_nst.pipeline import Report, run
    from realtime_nst.runtime.card import ModelCard
    from realtime_nst.runtime.installed_style import InstalledStyle
    from realtime_nst.runtime.networks import Networks
    from realtime_nst.runtime.stages import Resize, Stylise
    from realtime_nst.runtime.styles import installed
    from realtime_nst.runtime.stylizer import Stylizer
    from realtime_nst.sinks.null import NullSink
    from realtime_nst.sinks.pictures import PictureSink
    from realtime_nst.sinks.tee import TeeSink
    from realtime_nst.sinks.video import VideoSink
    from realtime_nst.sinks.virtual_camera import VirtualCameraSink
    from realtime_nst.sinks.window import WindowSink
    from realtime_nst.sources.camera import CameraSource
    from realtime_nst.sources.network import NetworkSource
    from realtime_nst.sources.paced import PacedSource
    from realtime_nst.sources.pictures import PictureSource
    from realtime_nst.sources.reconnecting import ReconnectingSource
    from realtime_nst.sources.synthetic import SyntheticSource
    from realtime_nst.sources.video import VideoSource
    from realtime_nst.spec import parse_size
    from realtime_nst.stream import Frame, Image, Sink, Source, Stage, StreamInfo

__version__ = "0.1.0"

telemetry.switch_off()

_HOMES = {
    "errors": (
        "MediaError MissingPackage ModelError ProviderError RealtimeNstError SourceStalled "
        "StyleWarning TargetExists TrainingError UnknownName UsageError"
    ),
    "display": "Beside Display",
    "library": "install_style remove_style",
    "look": "Look View",
    "motion.stabilise": "Stabilise",
    "paint": "Paint",
    "pipeline": "Report run",
    "runtime.card": "ModelCard",
    "runtime.networks": "Networks",
    "runtime.stages": "Resize Stylise",
    "runtime.installed_style": "InstalledStyle",
    "runtime.styles": "installed",
    "runtime.stylizer": "Stylizer",
    "sinks.null": "NullSink",
    "sinks.pictures": "PictureSink",
    "sinks.tee": "TeeSink",
    "sinks.video": "VideoSink",
    "sinks.virtual_camera": "VirtualCameraSink",
    "sinks.window": "WindowSink",
    "sources.camera": "CameraSource",
    "sources.network": "NetworkSource",
    "sources.paced": "PacedSource",
    "sources.pictures": "PictureSource",
    "sources.reconnecting": "ReconnectingSource",
    "sources.synthetic": "SyntheticSource",
    "sources.video": "VideoSource",
    "spec": "parse_size",
    "stream": "Frame Image Sink Source Stage StreamInfo",
}
_HOME = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = [
    "Beside",
    "CameraSource",
    "Display",
    "Frame",
    "Image",
    "InstalledStyle",
    "Look",
    "MediaError",
    "MissingPackage",
    "ModelCard",
    "ModelError",
    "NetworkSource",
    "Networks",
    "NullSink",
    "PacedSource",
    "Paint",
    "PictureSink",
    "PictureSource",
    "ProviderError",
    "RealtimeNstError",
    "ReconnectingSource",
    "Report",
    "Resize",
    "Sink",
    "Source",
    "SourceStalled",
    "Stabilise",
    "Stage",
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
    "VideoSink",
    "VideoSource",
    "View",
    "VirtualCameraSink",
    "WindowSink",
    "install_style",
    "installed",
    "parse_size",
    "remove_style",
    "run",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
