"""Where styles lie that do not come with the program: the user's library, and packages.

Both are folders that hold ``NAME.json`` for each style, and the files it names. A package brings
one by an entry point of the group ``realtime_nst.styles``, whose value is the importable package
that is the folder. Only its files are read; none of its code runs, unless it lies inside another.
"""

import json
import os
import re
import sys
import unicodedata
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path

from realtime_nst.errors import StyleWarning, UsageError, one_line
from realtime_nst.files import is_regular

ENVIRONMENT = "REALTIME_NST_STYLES"
GROUP = "realtime_nst.styles"

OWN = "own"
"""The origin of the user's styles; that of others is the name of their package."""

_LARGEST_ENTRY = 1 << 20
"""Bytes; those of the program have some 3,000."""

_NAME = re.compile(r"\w[\w-]{0,63}")
_DEVICES = re.compile(r"con|prn|aux|nul|(com|lpt)\d", re.IGNORECASE)
_RESERVED = ("moving", "none", "own")
"""Names that stand for something else: a mask, no start of training, a viewer's own style."""


@dataclass(frozen=True)
class Source:
    """A folder with styles. ``version`` changes with the entries in it."""

    folder: Path
    origin: str
    version: tuple[object, ...]


def library_folder() -> Path:
    """Of the user's styles, which need not exist; ``$REALTIME_NST_STYLES`` names another."""
    named = os.environ.get(ENVIRONMENT)
    if named:
        return Path(named)
    import platformdirs

    return Path(platformdirs.user_data_dir("realtime_nst")) / "styles"


def is_name(name: str) -> bool:
    """Whether a style can be called ``name``: letters of any script, digits, ``_`` and ``-``, up
    to 64, no name of a device on Windows, and nothing that means something else."""
    return bool(
        _NAME.fullmatch(name)
        and not _DEVICES.fullmatch(name)
        and name.partition("-")[0].lower() not in _RESERVED
        and unicodedata.is_normalized("NFC", name)
    )


def check_name(name: str) -> None:
    """Raises :class:`UsageError` where :func:`is_name` says no, and suggests a name like it."""
    if is_name(name):
        return
    near = re.sub(r"\W+", "_", unicodedata.normalize("NFC", name)).strip("_")[:64]
    example = f", as {near!r}" if is_name(near) else ""
    raise UsageError(
        f"a style cannot be called {name[:80]!r}; choose a `name` of letters, digits, _ and -, at "
        f"most 64{example}, but none of {', '.join(_RESERVED)}"
    )


def other_sources() -> tuple[Source, ...]:
    """The user's library, then the packages that bring styles, by their names.

    What cannot be used is left out with a :class:`StyleWarning`, once.
    """
    found = ((library_folder(), OWN), *_of_packages(tuple(sys.path)))
    return tuple(Source(folder, origin, _version(folder)) for folder, origin in found)


def entries(source: Source) -> Iterator[tuple[str, object]]:
    """The name and the JSON value of each style in ``source``, by name.

    What cannot be read is left out with a :class:`StyleWarning`.
    """
    for path in _entry_files(source.folder):
        try:
            if not is_name(path.stem):
                raise ValueError("no style can be called so")
            if not is_regular(path) or path.stat().st_size > _LARGEST_ENTRY:
                raise ValueError("it is not a file, or too large")
            yield path.stem, json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            left_out(repr(str(path)), error)


def left_out(what: str, error: BaseException) -> None:
    warnings.warn(f"{what} is left out: {one_line(error)}", StyleWarning, stacklevel=2)


@lru_cache(maxsize=4)
def _of_packages(path: tuple[str, ...]) -> tuple[tuple[Path, str], ...]:
    """The folder and the name of each package that brings styles; ``path`` is where packages are
    looked for, and makes the cache forget what was found elsewhere."""
    found = {}
    try:
        points = sorted(entry_points(group=GROUP), key=lambda point: point.name)
    except Exception as error:  # of whatever package is damaged
        left_out("every style of a package", error)
        return ()
    for point in points:
        package = point.dist.name if point.dist else point.name
        try:
            found[_folder(point)] = package
        except (Exception, SystemExit) as error:  # whatever its code does
            left_out(f"the package {package!r}, which should bring styles,", error)
    return tuple(found.items())


def _folder(point: EntryPoint) -> Path:
    spec = find_spec(point.value)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    if not folders:
        raise ValueError(f"its entry point {point.name!r} names no package: {point.value!r}")
    if not os.path.isdir(folders[0]):
        raise ValueError(f"{folders[0]!r} is not a folder; it must be installed as files")
    return Path(folders[0])


def _version(folder: Path) -> tuple[object, ...]:
    found = []
    for path in _entry_files(folder):
        try:
            stat = path.lstat()
        except OSError:  # removed meanwhile
            continue
        found.append((path.name, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns))
    return tuple(found)


def _entry_files(folder: Path) -> list[Path]:
    try:
        names = os.listdir(folder)
    except OSError:  # mostly as there is none
        return []
    return [folder / n for n in sorted(names) if n.endswith(".json") and not n.startswith(".")]
