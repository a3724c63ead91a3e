"""The weights of VGG-19, downloaded once."""

import hashlib
import urllib.request
from collections.abc import Callable
from pathlib import Path

from realtime_nst.errors import TrainingError
from realtime_nst.files import write_whole

URL = "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth"
SHA256_PREFIX = "dcbb9e9d"
"""PyTorch puts the first digits of the SHA-256 into the file name."""

_CHUNK = 1 << 20
_TIMEOUT = 30.0


def download(
    folder: Path,
    url: str = URL,
    sha256_prefix: str = SHA256_PREFIX,
    on_bytes: Callable[[int, int | None], None] = lambda done, total: None,
) -> Path:
    """The path of the weights in ``folder``, downloaded if they are not there yet.

    ``on_bytes`` is called with (bytes so far, total or None). The file appears only if its SHA-256
    is right. Raises TrainingError if it cannot be downloaded.
    """
    path = folder / url.rsplit("/", 1)[-1]
    if path.exists():
        return path
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with write_whole(path) as unfinished:
            found = _fetch(url, unfinished, on_bytes)
            if not found.startswith(sha256_prefix):
                raise TrainingError(
                    f"{url} arrived damaged (SHA-256 {found[:8]}…, not {sha256_prefix}…); try again"
                )
    except OSError as error:
        raise TrainingError(
            f"the loss network VGG-19 cannot be downloaded from {url} ({error}); use "
            "`loss_network` bundled, or download it elsewhere and give it with `loss_weights`"
        ) from error
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
