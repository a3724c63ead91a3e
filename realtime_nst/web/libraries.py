"""The page's libraries in the versions that ``package-lock.json`` pins.

A release has them in ``vendor/``. From a checkout npm fetches them once, into the cache folder.
"""

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path

from realtime_nst.errors import RealtimeNstError, one_line
from realtime_nst.runtime import host

_ROOM = Path(__file__).resolve().parent
_PINNED = ("package.json", "package-lock.json", ".npmrc")
_VENDOR = _ROOM / "vendor"
_OLDEST_NODE = 20

_ONNX = "onnxruntime-web/dist"
FILES: Mapping[str, str] = {
    "mediabunny.mjs": "mediabunny/dist/bundles/mediabunny.min.mjs",
    "mediabunny.LICENSE.txt": "mediabunny/LICENSE",
    **{
        name: f"{_ONNX}/{name}"
        for name in (
            "ort.wasm.min.mjs",
            "ort-wasm-simd-threaded.mjs",
            "ort-wasm-simd-threaded.wasm",
            "ort.jspi.min.mjs",
            "ort-wasm-simd-threaded.jspi.mjs",
            "ort-wasm-simd-threaded.jspi.wasm",
            "ort.webgpu.min.mjs",
            "ort-wasm-simd-threaded.asyncify.mjs",
            "ort-wasm-simd-threaded.asyncify.wasm",
        )
    },
}
"""By its name in the page's folder, where npm puts each file."""


def libraries(say: Callable[[str], None] = lambda what: None) -> Path:
    """The folder that holds FILES; ``say`` is told what is being fetched.

    Raises :class:`RealtimeNstError` if they have to be fetched and cannot be.
    """
    try:
        return at_hand() or _fetched(_npm(), say)
    except OSError as error:
        raise RealtimeNstError(
            f"the page's libraries could not be fetched into {_kept()}: {one_line(error)}; make "
            f"room there, or set {host.CACHE_VARIABLE} to a folder that can be written"
        ) from error


def at_hand() -> Path | None:
    """:func:`libraries` if nothing needs to be fetched for them."""
    places = (_VENDOR, _kept())
    return next((p for p in places if all((p / name).is_file() for name in FILES)), None)


def _kept() -> Path:
    return host.cache_root() / "page" / _pinned()


def _pinned() -> str:
    return sha256((_ROOM / "package-lock.json").read_bytes()).hexdigest()[:16]


def _fetched(npm: str, say: Callable[[str], None]) -> Path:
    """The cache folder with all of FILES; without it, if that fails."""
    versions = json.loads((_ROOM / "package.json").read_text(encoding="utf-8"))["dependencies"]
    say("fetching " + " and ".join(f"{name} {of}" for name, of in versions.items()))
    into = _kept()
    into.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetching-", dir=into.parent) as work:
        for name in _PINNED:
            shutil.copyfile(_ROOM / name, Path(work, name))
        if why := _failed(npm, work):
            raise RealtimeNstError(
                f"npm could not fetch the page's libraries ({why}); connect to the network, or "
                "configure npm's registry, and try again"
            )
        whole = Path(work, "whole")
        whole.mkdir()
        for name, place in FILES.items():
            shutil.copyfile(Path(work, "node_modules", place), whole / name)
        shutil.rmtree(into, ignore_errors=True)
        whole.rename(into)
    return into


def _failed(npm: str, work: str) -> str:
    """Why npm could not install in ``work`` what is pinned there, if so. Without a network it would
    wait a minute before it tries again."""
    options = ("--omit=dev", "--ignore-scripts", "--no-progress", "--fetch-retry-mintimeout=1000")
    done = subprocess.run([npm, "ci", *options], cwd=work, capture_output=True, text=True)
    if not done.returncode:
        return ""
    said = [line for line in done.stderr.splitlines() if "error" in line.lower()]
    return one_line(RuntimeError(" ".join(said) or done.stderr))


def _npm() -> str:
    """Raises :class:`RealtimeNstError` where node or npm are missing or too old."""
    node, npm = shutil.which("node"), shutil.which("npm")
    found = "is not here"
    if node and npm:
        said = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
        number = re.search(r"\d+", said)
        if number and int(number[0]) >= _OLDEST_NODE:
            return npm
        found = f"{said.strip()[:40]!r} is too old"
    raise RealtimeNstError(
        f"the page needs two libraries that node's npm fetches once, and node {found}; install "
        f"node {_OLDEST_NODE} or newer (nodejs.org, apt install nodejs npm), and try again"
    )
