"""Where frames go. Each sink is one file and one row of ``SINKS``."""

from importlib import import_module
from pathlib import Path
from typing import Any

from realtime_nst.stream import Sink

SINKS = {
    "null": "realtime_nst.sinks.null:NullSink",
    "pictures": "realtime_nst.sinks.pictures:PictureSink",
    "sequence": "realtime_nst.sinks.sequence:SequenceSink",
    "video": "realtime_nst.sinks.video:VideoSink",
    "virtualcam": "realtime_nst.sinks.virtual_camera:VirtualCameraSink",
    "window": "realtime_nst.sinks.window:WindowSink",
}
"""By the scheme of an address, the class that opens it."""

_OF_FILES = ("pictures", "sequence", "video")


def open_sink(address: str | Path, **options: Any) -> Sink:
    """The sink for ``address``, constructed but not entered.

    ``address`` is ``scheme:rest`` with a scheme of ``SINKS``, or the path of a video. ``rest``
    becomes the first argument of the class, ``options`` the others. Raises what the constructor
    raises, such as :class:`~realtime_nst.errors.UsageError`.
    """
    scheme, colon, rest = str(address).partition(":")
    if not colon or scheme not in SINKS:
        scheme, rest = "video", str(address)
    arguments = [Path(rest) if scheme in _OF_FILES else rest] if rest else []
    module, name = SINKS[scheme].split(":")
    sink: Sink = getattr(import_module(module), name)(*arguments, **options)
    return sink
