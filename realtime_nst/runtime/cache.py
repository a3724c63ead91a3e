"""Where compiled networks are kept between runs, so that the second start is fast."""

import os
from pathlib import Path

import platformdirs

ENVIRONMENT = "REALTIME_NST_CACHE"
_LIMIT_BYTES = 512 * 2**20


def root() -> Path:
    """The user's cache directory for this program; ``$REALTIME_NST_CACHE`` overrides it."""
    return Path(os.environ.get(ENVIRONMENT) or platformdirs.user_cache_dir("realtime_nst"))


def folder(engine: str, key: str) -> Path | None:
    """A writable folder for what ``engine`` compiles from the model with digest ``key``.

    None when it cannot be written: everything works without a cache, only the start is slower.
    """
    path = root() / engine / key
    try:
        path.mkdir(parents=True, exist_ok=True)
        _make_room(root() / engine)
    except OSError:
        return None
    return path if os.access(path, os.W_OK) else None


def _make_room(engine: Path) -> None:
    """Delete the files used longest ago until the engine's cache is within its limit."""
    files = [(path.stat(), path) for path in engine.rglob("*") if path.is_file()]
    total = sum(stat.st_size for stat, _ in files)
    for stat, path in sorted(files, key=lambda entry: entry[0].st_mtime):
        if total <= _LIMIT_BYTES:
            return
        path.unlink(missing_ok=True)
        total -= stat.st_size
