"""Whether what the benchmarks need is installed, asked before anything is measured."""

from importlib.util import find_spec

from realtime_nst.errors import MissingPackage

_NEEDED = ("jinja2", "matplotlib", "onnx", "psutil")


def require() -> None:
    """Raises MissingPackage naming the first absent package."""
    for package in _NEEDED:
        if find_spec(package) is None:
            raise MissingPackage(package, "bench", "the benchmark")
