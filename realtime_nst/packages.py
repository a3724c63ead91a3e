"""Checks that the packages of an optional extra are installed, before they are imported."""

from importlib.util import find_spec

from realtime_nst.errors import MissingPackage

EXTRAS = {
    "bench": ("jinja2", "matplotlib", "onnx"),
    "cluster": ("ray",),
    "cpu": ("onnxruntime",),
    "jxl": ("pillow_jxl",),
    "serve": ("aiohttp", "aiortc"),
    "train": ("torch", "onnx", "onnxscript", "safetensors", "matplotlib"),
}
"""By extra, the packages that the program imports from it."""


def require(purpose: str, *extras: str) -> None:
    """Raise :class:`MissingPackage` for the first package of ``extras`` that is not installed.

    ``purpose`` begins the message: "training".
    """
    for extra in extras:
        for package in EXTRAS[extra]:
            require_package(package, extra, purpose)


def require_package(package: str, extra: str, purpose: str) -> None:
    """Raise :class:`MissingPackage` if ``package``, which ``extra`` installs, is not there."""
    if find_spec(package) is None:
        raise MissingPackage(package, extra, purpose)
