"""Looks as JSON: files to keep and to share, and what the page and the server tell each other.

A preset is ``{"version": 1, "look": {...}, "view": {...}}`` with one key for each setting. One that
refers to a file is ``{"file": PATH, "sha256": DIGEST}``, the path relative to the preset.
A style is a name, a file, or a list of these with a ``weight`` each. Settings may be missing;
unknown ones are refused, so a preset never means less than it says.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from realtime_nst.errors import TargetExists, UnknownName, UsageError
from realtime_nst.files import digest, write_whole
from realtime_nst.look import Look, View, checked, settings_of
from realtime_nst.runtime.styles import installed, painters
from realtime_nst.spec import Part, compose, parse

VERSION = 1

_Settings = TypeVar("_Settings", Look, View)


def save(path: Path, look: Look, view: View, *, overwrite: bool = False) -> None:
    """Write a preset file.

    Raises :class:`TargetExists` unless ``overwrite``, :class:`UsageError` where there is no such
    folder, and OSError where a file that the look refers to cannot be read.
    """
    check_target(path, overwrite=overwrite)
    text = json.dumps(preset(look, view, path.parent), indent=2, ensure_ascii=False)
    with write_whole(path) as part:
        part.write_text(text + "\n", encoding="utf-8")


def check_target(path: Path, *, overwrite: bool = False) -> None:
    """Raise what :func:`save` would raise of ``path`` itself, before any work is done."""
    if path.is_dir() or not path.parent.is_dir():
        raise UsageError(f"a look cannot be saved as {str(path)!r}; name a file in a folder")
    if path.exists() and not overwrite:
        raise TargetExists(f"{path} already exists; replace it with --overwrite")


def load(path: Path) -> tuple[Look, View]:
    """Read a preset file.

    Raises :class:`UsageError` where it is no preset, is of a later version, has settings or values
    that do not exist, or refers to a file that is gone or has changed.
    """
    try:
        return read(json.loads(path.read_text(encoding="utf-8")), path.parent)
    except FileNotFoundError:
        raise UsageError(
            f"there is no look file {str(path)!r}; make one with --save-look"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{str(path)!r} cannot be read as a look: {_reason(error)}") from None
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None


def preset(look: Look, view: View, folder: Path | None) -> dict[str, Any]:
    """A preset as a JSON object; see :func:`to_json`."""
    return {"version": VERSION, "look": to_json(look, folder), "view": to_json(view)}


def read(preset: object, folder: Path | None) -> tuple[Look, View]:
    """The look and view of a preset; see :func:`changed`."""
    if not isinstance(preset, Mapping) or "version" not in preset:
        raise UsageError("this is not a look; make one with --save-look")
    if preset["version"] != VERSION:
        raise UsageError(
            f"this look has the version {str(preset['version'])[:40]}, and only {VERSION} is known "
            "here; update realtime_nst, or save the look again"
        )
    for name in preset:
        if name not in ("version", "look", "view"):
            raise UnknownName("part of a look", str(name)[:40], ("look", "view"))
    look = changed(Look(), preset.get("look", {}), folder)
    return look, changed(View(), preset.get("view", {}))


def to_json(settings: Look | View, folder: Path | None = None) -> dict[str, Any]:
    """All settings as JSON values; paths become relative to ``folder``. With None every reference
    is taken for a name."""
    return {
        name: _reference(about.names, getattr(settings, name), folder)
        for name, (_, about) in settings_of(type(settings)).items()
    }


def changed(settings: _Settings, values: object, folder: Path | None = None) -> _Settings:
    """``settings`` with the JSON ``values`` in place of those given before.

    Paths are relative to ``folder``; with None a path is refused, as from a page. Raises
    :class:`UsageError` for settings and values that do not exist.
    """
    if not isinstance(values, Mapping):
        raise UsageError(f"settings are a JSON object, not {str(values)[:40]!r}")
    known = settings_of(type(settings))
    for name in values:
        if name not in known:
            raise UnknownName("setting", str(name)[:40], known)
    texts = {name: _text(known[name][1].names, value, folder) for name, value in values.items()}
    for name, value in texts.items():
        checked(name, value, known[name][0], known[name][1])
    return replace(settings, **texts)


def _reference(names: str, value: Any, folder: Path | None) -> Any:
    if names == "file" and value:
        return _named_or_file(value, folder)
    if names != "styles" or not value:
        return value
    parts = parse(value)
    if len(parts) == 1:
        return _named_or_file(parts[0].name, folder)
    return [_weighted(_named_or_file(part.name, folder), part.weight) for part in parts]


def _named_or_file(value: str, folder: Path | None) -> Any:
    names = {entry.name for entry in (*installed(), *painters())}
    if folder is None or value in names or not os.path.exists(value):
        return value
    path = Path(value).resolve()
    try:
        where = Path(os.path.relpath(path, folder.resolve())).as_posix()
    except ValueError:  # another drive, on Windows
        where = str(path)
    return {"file": where, "sha256": digest(path)}


def _weighted(value: Any, weight: float) -> dict[str, Any]:
    named = value if isinstance(value, dict) else {"name": value}
    return {**named, "weight": round(weight, 6)}


def _text(names: str, value: Any, folder: Path | None) -> Any:
    """The value of a setting as :class:`Look` holds it: references become texts."""
    if names == "styles" and isinstance(value, list):
        return compose([_part(each, folder) for each in value])
    if names and isinstance(value, Mapping):
        return _file(value, folder)
    return value


def _part(value: Any, folder: Path | None) -> Part:
    given = dict(value) if isinstance(value, Mapping) else {}
    weight = given.pop("weight", 1)
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight <= 1e6:
        raise UsageError(f"a weight is a number from 0 up, not {str(weight)[:40]!r}")
    name = _file(given, folder) if "file" in given else given.get("name")
    if not isinstance(name, str) or ("file" not in given and len(given) > 1):
        raise UsageError(f"a part of a blend has a name or a file, unlike {str(value)[:40]!r}")
    return Part(name, float(weight))


def _file(value: Mapping[str, Any], folder: Path | None) -> str:
    """The path of a file whose contents are those that were saved."""
    if folder is None:
        raise UsageError("a path is not taken here; send the picture, then name what came back")
    where, wanted = value.get("file"), value.get("sha256")
    if value.keys() != {"file", "sha256"} or not isinstance(where, str) or not where:
        raise UsageError(f"a file has a path and a sha256, unlike {str(value)[:60]!r}")
    path = Path(os.path.normpath(folder / where))
    try:
        found = digest(path)
    except OSError as error:
        raise UsageError(f"{str(path)!r} cannot be read: {error.strerror}") from None
    if found != wanted:
        raise UsageError(
            f"{str(path)!r} is not the file that the look was saved with; bring that one back, or "
            "save the look again"
        )
    return str(path)


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
