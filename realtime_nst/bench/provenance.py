"""Which code was measured: its version, its commit, and its very bytes."""

import hashlib
import subprocess
from dataclasses import dataclass
from pathlib import Path

from realtime_nst import __version__

_PACKAGE = Path(__file__).resolve().parent.parent
_FOLDERS = (_PACKAGE, _PACKAGE.parent / "benchmarks")


@dataclass(frozen=True)
class Code:
    """``commit`` is that of the checkout, ending in "-dirty" where files differ from it, and empty
    without a checkout. ``digest`` tells one state of the sources from another."""

    version: str
    commit: str
    digest: str


def this_code() -> Code:
    return Code(__version__, _commit(_PACKAGE.parent), _digest(_FOLDERS))


def file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]


def listing_digest(folder: Path) -> str:
    """Of the names and sizes of all files below ``folder``."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        digest.update(f"{path.relative_to(folder)} {path.stat().st_size}\n".encode())
    return digest.hexdigest()[:12]


def _commit(folder: Path) -> str:
    if not (folder / ".git").exists():
        return ""
    command = ("git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*")
    try:
        told = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return told.stdout.strip()


def _digest(folders: tuple[Path, ...]) -> str:
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            digest.update(f"{path.relative_to(folder)}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
