"""Whether what the web page needs is installed, asked before any of it is imported."""

from importlib.util import find_spec

from realtime_nst.errors import MissingPackage


def require() -> None:
    """Raises MissingPackage naming the first absent package."""
    for package in ("aiohttp", "aiortc"):
        if find_spec(package) is None:
            raise MissingPackage(package, "serve", "the web page")
