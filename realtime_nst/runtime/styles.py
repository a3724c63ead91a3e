"""The styles that have names: those that come with the program, with packages, and the user's own.

Those of the program are listed in ``weights/manifest.json``, ``{"styles": [entry, ...]}``; where
the others lie tells :mod:`~realtime_nst.runtime.style_folders`. An entry has the fields of
:class:`~realtime_nst.runtime.installed_style.InstalledStyle`.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path

from realtime_nst.errors import ModelError, UnknownName, UsageError
from realtime_nst.runtime.card import typed_fields
from realtime_nst.runtime.installed_style import PICTURE, InstalledStyle
from realtime_nst.runtime.kinds import KINDS
from realtime_nst.runtime.style_folders import OWN, Source, entries, left_out, other_sources
from realtime_nst.spec import Part

_PACKAGE = Path(__file__).resolve().parent.parent
_FOLDERS = (_PACKAGE / "weights", _PACKAGE.parent / "weights")
"""Inside an installed package, and beside it in a checkout."""

_MANIFEST = "manifest.json"
_SUFFIX = ".onnx"


@dataclass(frozen=True)
class Installed:
    """All that is installed: first what comes with the program, then the user's, then packages'."""

    entries: tuple[InstalledStyle, ...] = ()

    @cached_property
    def styles(self) -> tuple[InstalledStyle, ...]:
        """The styles that have a network or picture of their own, the user's first."""
        alone = (entry for entry in self.entries if not entry.row.takes_code)
        return tuple(sorted(alone, key=lambda entry: entry.origin != OWN))

    @cached_property
    def painters(self) -> tuple[InstalledStyle, ...]:
        """The networks that play more than one style: any picture, or the ``styles`` they name."""
        return tuple(entry for entry in self.entries if entry.row.takes_code)

    @cached_property
    def by_name(self) -> Mapping[str, InstalledStyle]:
        return {entry.name: entry for entry in self.entries}

    @cached_property
    def choices(self) -> Mapping[str, InstalledStyle]:
        """What plays each style that can be chosen by name, in the order in which they are shown:
        those with a network or picture of their own, then those that others play."""
        found: dict[str, InstalledStyle] = {}
        for entry in (*self.styles, *self.painters):
            for name in entry.names:
                found.setdefault(name, entry)
        return found

    def find(self, style: str | Path) -> Path:
        """The file of an installed style or network, by name; a path is returned as it is.

        Raises :class:`UnknownName`, and :class:`ModelError` if an installed file is not what its
        entry says.
        """
        if not str(style):
            raise UsageError("no style given; name one, see: realtime-nst styles")
        if str(style) in self.by_name:
            return self.by_name[str(style)].checked()
        if is_path(style):
            return Path(style)
        raise UnknownName("style", str(style), self.choices, _remedy(str(style)))

    def with_paths(self, parts: Iterable[Part], but: Iterable[str] = ()) -> tuple[Part, ...]:
        """``parts`` with the files of installed pictures in place of their names, except for the
        names in ``but``. Raises :class:`ModelError` if such a file is not what its entry says."""
        return tuple(
            replace(part, name=str(entry.checked()))
            if (entry := self.by_name.get(part.name)) and entry.is_picture and part.name not in but
            else part
            for part in parts
        )


def _remedy(style: str) -> str:
    if Path(style + _SUFFIX).is_file():
        return f"{style + _SUFFIX} lies here: give that file, or install it under this name"
    return "or give an .onnx file or a picture"


def folder() -> Path | None:
    """Where the styles of the program lie; None if it was installed without any."""
    return next((folder for folder in _FOLDERS if (folder / _MANIFEST).is_file()), None)


def read_installed(directory: Path | None = None) -> Installed:
    """All that is installed, or what the manifest in ``directory`` holds alone. It is read again
    only if it changes.

    Of two styles with one name the first counts; what cannot be used is left out, with a
    :class:`StyleWarning`. Raises :class:`ModelError` if the manifest cannot be read.
    """
    place = directory or folder()
    return _read(_manifest(place) if place else None, () if directory else other_sources())


def _manifest(place: Path) -> Source:
    try:
        stat = (place / _MANIFEST).stat()
    except OSError as error:
        raise _unreadable(place, error) from error
    return Source(place, "", (stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns))


_TAKEN = "the name is taken; remove one of yours by realtime-nst styles --remove"


@lru_cache(maxsize=8)
def _read(shipped: Source | None, others: Sequence[Source]) -> Installed:
    found = {entry.name: entry for entry in _shipped(shipped)} if shipped else {}
    shipped_names = {name for entry in found.values() for name in entry.names}
    for source in others:
        for entry in _others(source):
            if entry.name in found or entry.name in shipped_names:
                left_out(_described(entry.name, source), ValueError(_TAKEN))
            else:
                found[entry.name] = entry
    return Installed(tuple(found.values()))


def _shipped(source: Source) -> Iterator[InstalledStyle]:
    try:
        text = (source.folder / _MANIFEST).read_text(encoding="utf-8")
        for values in json.loads(text)["styles"]:
            yield _entry(source, values)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise _unreadable(source.folder, error) from error


def _unreadable(place: Path, error: Exception) -> ModelError:
    return ModelError(
        f"{str(place / _MANIFEST)!r} cannot be read ({error}); install realtime_nst again"
    )


def _others(source: Source) -> Iterator[InstalledStyle]:
    for name, values in entries(source):
        try:
            entry = _entry(source, values)
            if entry.name != name:
                raise ValueError(f"it is called {entry.name[:80]!r} within")
            for file in filter(None, (entry.file, entry.picture)):
                if file != Path(file).name:
                    raise ValueError(f"{file[:80]!r} is not a file beside it")
            yield entry
        except ValueError as error:
            left_out(_described(name, source), error)


def _described(name: str, source: Source) -> str:
    owner = "yours" if source.origin == OWN else f"the package {source.origin!r}"
    return f"the style {name!r} of {owner} in {str(source.folder)!r}"


def _entry(source: Source, values: object) -> InstalledStyle:
    entry = InstalledStyle(source.folder, **typed_fields(InstalledStyle, values, without="folder"))
    if entry.kind not in (*KINDS, PICTURE):
        raise ValueError(f"{entry.name!r} is of the unknown kind {entry.kind!r}")
    return replace(entry, origin=source.origin)


def installed(directory: Path | None = None) -> list[InstalledStyle]:
    """The installed styles that have a network or picture of their own, the user's first. Raises
    :class:`ModelError` if the manifest cannot be read."""
    return list(read_installed(directory).styles)


def painters(directory: Path | None = None) -> list[InstalledStyle]:
    """The installed networks that play more than one style. Raises :class:`ModelError` if the
    manifest cannot be read."""
    return list(read_installed(directory).painters)


def find(style: str | Path, directory: Path | None = None) -> Path:
    """:meth:`Installed.find` among the installed styles."""
    return read_installed(directory).find(style)


def is_path(style: str | Path) -> bool:
    """Whether it names a file rather than a style."""
    path = Path(style)
    return isinstance(style, Path) or path.suffix == _SUFFIX or len(path.parts) > 1 or path.exists()
