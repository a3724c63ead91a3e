"""VGG-19's weights, fetched once where there is a network."""

import hashlib
import os
import urllib.request
from collections.abc import Callable
from pathlib import Path

from realtime_nst.errors import TrainingError

URL = "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth"
SHA256_PREFIX = "dcbb9e9d"
"""PyTorch names its files after the first digits of their SHA-256."""

_CHUNK = 1 << 20
_TIMEOUT = 30.0


def download(
    folder: Path,
    url: str = URL,
    sha256_prefix: str = SHA256_PREFIX,
    on_bytes: Callable[[int, int | None], None] = lambda done, total: None,
) -> Path:
    """The weights' path in ``folder``; fetched if not there. ``on_bytes`` gets (done, total).

    The file appears only when its SHA-256 fits. Raises TrainingError when it cannot be had.
    """
    path = folder / url.rsplit("/", 1)[-1]
    if path.exists():
        return path
    partial = path.with_name(path.name + ".partial")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        found = _fetch(url, partial, on_bytes)
        if not found.startswith(sha256_prefix):
            raise TrainingError(
                f"{url} arrived damaged (SHA-256 {found[:8]}…, not {sha256_prefix}…); try again"
            )
        os.replace(partial, path)
    except OSError as error:
        raise TrainingError(
            f"the loss network VGG-19 cannot be fetched from {url} ({error}); use --loss-network "
            "bundled, or fetch it on another machine and give the file with --loss-weights"
        ) from error
    finally:
        partial.unlink(missing_ok=True)
    return path


def _fetch(url: str, target: Path, on_bytes: Callable[[int, int | None], None]) -> str:
    digest, done = hashlib.sha256(), 0
    with urllib.request.urlopen(url, timeout=_TIMEOUT) as response, target.open("wb") as file:
        length = response.headers.get("Content-Length")
        while chunk := response.read(_CHUNK):
            file.write(chunk)
            digest.update(chunk)
            done += len(chunk)
            on_bytes(done, int(length) if length else None)
    return digest.hexdigest()
