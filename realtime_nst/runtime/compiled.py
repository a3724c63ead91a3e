"""Compiled networks that OpenVINO and TensorRT keep in a folder, each with the digest of what was
written.

Engines read such a file without checking its contents: a damaged one makes the program fail, or
paint wrong pictures.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from realtime_nst.files import digest, write_whole

_COMPILED, _DIGEST = (".blob", ".engine"), ".sha256"


def drop_damaged(folder: Path) -> None:
    """Delete what is not as it was when its digest was written, and what never got a digest."""
    for path in _compiled(folder):
        with suppress(OSError):
            if _recorded(path) != digest(path):
                path.unlink()
                _beside(path).unlink(missing_ok=True)


def record(folder: Path) -> None:
    """Write the digests of what is new in ``folder``. Without them it is compiled again."""
    for path in _compiled(folder):
        with suppress(OSError):
            if not _beside(path).exists():
                with write_whole(_beside(path)) as part:
                    part.write_text(digest(path))


def _compiled(folder: Path) -> Iterator[Path]:
    return (path for path in folder.iterdir() if path.suffix in _COMPILED)


def _recorded(path: Path) -> str:
    try:
        return _beside(path).read_text()
    except (OSError, UnicodeDecodeError):
        return ""


def _beside(path: Path) -> Path:
    return path.with_suffix(_DIGEST)
