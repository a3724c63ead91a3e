"""Where frames come from. Each source is one file and one row of ``SOURCES``."""

from importlib import import_module
from pathlib import Path
from typing import Any

from realtime_nst.stream import Source

SOURCES = {
    "animation": "realtime_nst.sources.animation:AnimationSource",
    "camera": "realtime_nst.sources.camera:CameraSource",
    "network": "realtime_nst.sources.network:NetworkSource",
    "pictures": "realtime_nst.sources.pictures:PictureSource",
    "sequence": "realtime_nst.sources.sequence:SequenceSource",
    "synthetic": "realtime_nst.sources.synthetic:SyntheticSource",
    "video": "realtime_nst.sources.video:VideoSource",
}
"""By the scheme of an address, the class that opens it."""

_OF_FILES = ("animation", "pictures", "sequence", "video")


def open_source(address: str | Path, **options: Any) -> Source:
    """The source for ``address``, constructed but not entered.

    ``address`` is ``scheme:rest`` with a scheme of ``SOURCES``, the address of a stream such as
    ``rtsp://host/name``, or the path of a video or of a folder of pictures. ``rest`` becomes the
    first argument of the class, ``options`` the others. Raises what the constructor raises, such as
    :class:`~realtime_nst.errors.UsageError`.
    """
    scheme, colon, rest = str(address).partition(":")
    if not colon or scheme not in SOURCES:
        scheme, rest = _kind(address), str(address)
    arguments = [Path(rest) if scheme in _OF_FILES else rest] if rest else []
    module, name = SOURCES[scheme].split(":")
    source: Source = getattr(import_module(module), name)(*arguments, **options)
    return source


def _kind(address: str | Path) -> str:
    if "://" in str(address):
        return "network"
    return "pictures" if Path(address).is_dir() else "video"
