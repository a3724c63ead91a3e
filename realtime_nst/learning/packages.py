"""Whether what this half needs is installed, asked before any of it is imported."""

from importlib.util import find_spec

from realtime_nst.errors import MissingPackage

_NEEDED = ("torch", "onnx", "onnxscript", "safetensors", "matplotlib", "onnxruntime")


def require(purpose: str) -> None:
    """Raises MissingPackage naming the first absent package and the extra that brings it."""
    for package in _NEEDED:
        if find_spec(package) is None:
            extra = "cpu" if package == "onnxruntime" else "train"
            raise MissingPackage(package, extra, purpose)
