"""What a look refers to: names of styles, and files, which are told apart by their contents."""

import os
from collections.abc import Callable, Container, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from realtime_nst.errors import UsageError
from realtime_nst.files import digest
from realtime_nst.look import BACKGROUND, NAMED_MASKS, PERSON, Look, settings_of
from realtime_nst.runtime.model import digest_of, read_model
from realtime_nst.runtime.player import contents, find_player, painter_of
from realtime_nst.runtime.shipped import person_network
from realtime_nst.runtime.styles import read_installed
from realtime_nst.spec import Part, compose, parse, with_files


def written(kind: str, value: Any, folder: Path | None, names: Container[str]) -> Any:
    """The JSON value of a setting that may refer to what ``kind`` says; see
    :attr:`~realtime_nst.look.Setting.names`. With ``folder`` None it is taken for a name.

    Raises :class:`UsageError` for what is neither among ``names`` nor a file that can be read.
    """
    if not kind or not value:
        return value
    if kind == "file":
        return value if value in NAMED_MASKS else _named_or_file(value, folder, names)
    parts = parse(value)
    if len(parts) == 1:
        return _named_or_file(parts[0].name, folder, names)
    return [_weighted(_named_or_file(part.name, folder, names), part.weight) for part in parts]


def _named_or_file(value: str, folder: Path | None, names: Container[str]) -> Any:
    if folder is None:
        return value
    if value in names:
        entry = read_installed().by_name.get(value)
        own = entry is not None and entry.origin
        return {"name": value, "sha256": entry.sha256} if entry and own else value
    path = Path(value).resolve()
    try:
        where = Path(os.path.relpath(path, folder.resolve())).as_posix()
    except ValueError:  # another drive, on Windows
        where = str(path)
    return {"file": where, "sha256": _digest(path)}


def known_names(painter: str) -> set[str]:
    """All that a preset may refer to without a file; the painter may bring styles of its own."""
    installed = read_installed()
    own = read_model(Path(painter)).card.styles if os.path.isfile(painter) else ()
    styles = (name for entry in installed.entries for name in entry.names)
    return {*NAMED_MASKS, *installed.by_name, *styles, *own}


def _weighted(value: Any, weight: float) -> dict[str, Any]:
    named = value if isinstance(value, dict) else {"name": value}
    return {**named, "weight": round(weight, 6)}


def read(kind: str, value: Any, folder: Path | None, names: Container[str] | None) -> Any:
    """The value of a setting as :class:`Look` holds it: references become texts. Neither names nor
    the contents of files are checked where ``names`` is None.

    Raises :class:`UsageError` for a name that is not known here, and for a file or style that is
    missing or another than the one that was saved.
    """
    if kind == "styles" and isinstance(value, list):
        return compose([_part(each, folder, names) for each in value])
    if kind and isinstance(value, Mapping):
        return referred(value, folder, names is not None)
    if kind and isinstance(value, str) and value:
        return _name(value, names)
    return value


def _part(value: Any, folder: Path | None, names: Container[str] | None) -> Part:
    given = dict(value) if isinstance(value, Mapping) else {}
    weight = given.pop("weight", 1)
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight <= 1e6:
        raise UsageError(f"a weight is a number from 0 up, not {str(weight)[:40]!r}")
    if given.keys() == {"name"} and isinstance(given["name"], str):
        return Part(_name(given["name"], names), float(weight))
    if not given.keys() & {"name", "file"}:
        raise UsageError(f"a part of a blend has a name or a file, unlike {str(value)[:40]!r}")
    return Part(referred(given, folder, names is not None), float(weight))


def _name(value: str, names: Container[str] | None) -> str:
    """A text is a name that is known everywhere, never a path that is so here only."""
    if names is not None and value not in names:
        raise UsageError(
            f"{value[:60]!r} is not installed here, and a page saves no pictures; install it, or "
            "give another beside the look"
        )
    return value


def referred(value: Mapping[str, Any], folder: Path | None, check: bool) -> str:
    """The name or path of what ``value`` refers to by its contents."""
    return (_style if "name" in value else _file)(value, folder, check)


def _style(value: Mapping[str, Any], folder: Path | None, check: bool) -> str:
    """The name that the style has here."""
    name, wanted = value.get("name"), value.get("sha256")
    if folder is None or value.keys() != {"name", "sha256"} or not isinstance(name, str):
        raise UsageError(f"a style has a name and a sha256, unlike {str(value)[:60]!r}")
    installed = read_installed()
    entry = installed.by_name.get(name)
    if not check or (entry and entry.sha256 == wanted):
        return name
    for other in installed.entries:
        if other.sha256 == wanted:
            return other.name
    trouble = "is another one here" if entry else "of this look is not installed here"
    raise UsageError(
        f"the style {name[:64]!r} {trouble}; install the one whose sha256 begins with "
        f"{str(wanted)[:12]}, under any name, or give another beside the look"
    )


def _file(value: Mapping[str, Any], folder: Path | None, check: bool) -> str:
    """The path of a file whose contents are those that were saved."""
    if folder is None:
        raise UsageError("a path is not taken here; send the picture, then name what came back")
    where, wanted = value.get("file"), value.get("sha256")
    if value.keys() != {"file", "sha256"} or not isinstance(where, str) or not where:
        raise UsageError(f"a file has a path and a sha256, unlike {str(value)[:60]!r}")
    path = Path(os.path.normpath(folder.resolve() / where))
    if check and _digest(path) != wanted:
        raise UsageError(
            f"{str(path)!r} is not the file that the look was saved with; bring that one back, or "
            "save the look again"
        )
    return str(path)


def _digest(path: Path) -> str:
    try:
        return digest(path)
    except OSError as error:
        raise UsageError(
            f"{str(path)!r} cannot be read for the look: {error.strerror}; give an installed "
            "name or a file"
        ) from None


def painter_for(look: Look, setting: str) -> str:
    """The painter of the style that ``setting`` names: that of a morph plays both ends of it."""
    if look.morph_to and setting in ("style", "morph_to"):
        return painter_of((look.style, look.morph_to), look.painter)
    return look.painter


def files_of(look: Look) -> list[Path]:
    """The files that ``look`` refers to, which no result may replace."""
    found = []
    for name, (_, about) in settings_of(type(look)).items():
        value = getattr(look, name)
        if about.names and value:
            parts = parse(value) if about.names == "styles" else [Part(value)]
            found += [Path(part.name) for part in parts if os.path.isfile(part.name)]
    return found


def located(look: Look) -> Look:
    """``look`` with absolute paths, so that it means the same in any folder."""
    return renamed(look, lambda path: str(Path(path).resolve()))


def renamed(look: Look, name: Callable[[str], str]) -> Look:
    """``look`` with ``name(path)`` for the path of each file."""
    found: dict[str, Any] = {}
    for setting, (_, about) in settings_of(type(look)).items():
        value = getattr(look, setting)
        if about.names == "styles" and value:
            found[setting] = with_files(value, name)
        elif about.names == "file" and os.path.isfile(value):
            found[setting] = name(value)
    return replace(look, **found)


def fingerprint(look: Look) -> dict[str, str]:
    """What tells ``look`` from any other, by setting: of files and styles their contents, never
    their paths; of everything else the value. Two looks with equal fingerprints paint alike.

    Raises the errors of :func:`~realtime_nst.runtime.player.find_player`.
    """
    return {
        name: _contents(look, name, about.names)
        for name, (_, about) in settings_of(type(look)).items()
        if name != "painter"  # it counts in the styles that it plays
    }


def _contents(look: Look, name: str, names: str) -> str:
    value = getattr(look, name)
    if names == "styles" and value:
        return " ".join(contents(find_player(value, painter_for(look, name))))
    if name == "mask" and value in (PERSON, BACKGROUND):
        return f"{value} {digest_of(person_network())}"
    if names == "file" and value and Path(value).is_file():
        return digest(Path(value))
    return str(value)
