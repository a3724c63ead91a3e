"""Looks as JSON: files to keep and to share, and what the page and the server tell each other.

A preset is ``{"version": 1, "look": {...}, "view": {...}}`` with one key for each setting. One that
refers to a file is ``{"file": PATH, "sha256": DIGEST}``, the path relative to the preset. A style
is the name of an installed one, a file, or a list of these with a ``weight`` each. Settings may be
missing; unknown ones are refused, so a preset never means less than it says.

A style that did not come with the program is ``{"name": NAME, "sha256": DIGEST}``: it is found by
its contents where it has another name.
"""

import json
import os
from collections.abc import Container, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from realtime_nst import references
from realtime_nst.errors import TargetExists, UnknownName, UsageError
from realtime_nst.files import is_regular, require_folder, write_whole
from realtime_nst.look import Look, View, settings_of

VERSION = 1

_LARGEST = 1 << 20
"""Bytes of a preset file; one with all settings has some 1,000."""

_Settings = TypeVar("_Settings", Look, View)


def save(
    path: str | Path, look: Look, view: View | None = None, *, overwrite: bool = False
) -> None:
    """Write a preset file; one that says the same already is left as it is.

    Raises the errors of :func:`check_target`, and :class:`UsageError` where a file that the look
    refers to cannot be read.
    """
    path = Path(path)
    check_target(path, overwrite=True)
    made = preset(look, view or View(), path.parent)
    if path.exists() and _read_json(path) == made:
        return
    check_target(path, overwrite=overwrite)
    with write_whole(path) as part:
        text = json.dumps(made, indent=2, ensure_ascii=False)
        part.write_text(text + "\n", encoding="utf-8")


def check_target(path: Path, *, overwrite: bool = False) -> None:
    """Check, before any work, that a preset can be written to ``path``.

    Raises :class:`UsageError` for a folder, a folder that does not exist, and a file that is no
    preset; :class:`TargetExists` for a preset unless ``overwrite``.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder; name a file in it for the look")
    require_folder(path)
    if not os.path.lexists(path):
        return
    try:
        _read_json(path)["version"]
    except (UsageError, LookupError, TypeError):
        raise UsageError(f"{path} is there, and is not a look; choose another name") from None
    if not overwrite:
        raise TargetExists(f"{path} already exists; replace it with `overwrite`")


def load(path: str | Path, unchecked: Container[str] = ()) -> tuple[Look, View]:
    """Read a preset file. Of the settings ``unchecked``, which will not be used, files need not be
    there.

    Raises :class:`UsageError` where it is no preset, is of a later version, has settings or values
    that do not exist, or refers to a file that is gone or has changed.
    """
    path = Path(path)
    try:
        return read(_read_json(path), path.parent, unchecked)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None


def preset(look: Look, view: View, folder: Path | None) -> dict[str, Any]:
    """A preset as a JSON object; see :func:`to_json`."""
    return {"version": VERSION, "look": to_json(look, folder), "view": to_json(view)}


def read(preset: object, folder: Path, unchecked: Container[str] = ()) -> tuple[Look, View]:
    """The look and view of a preset; see :func:`load`."""
    if not isinstance(preset, Mapping) or "version" not in preset:
        raise UsageError("this is not a look; make one with `save_look`")
    version = preset["version"]
    if type(version) is not int or version != VERSION:
        raise UsageError(
            f"this look has the version {str(version)[:40]}, and only {VERSION} is known here; "
            "update realtime_nst, or save the look again"
        )
    for name in preset:
        if name not in ("version", "look", "view"):
            raise UnknownName("part of a look", str(name)[:40], ("look", "view"))
    look = changed(Look(), preset.get("look", {}), folder, unchecked)
    return look, changed(View(), preset.get("view", {}), folder)


def to_json(settings: Look | View, folder: Path | None = None) -> dict[str, Any]:
    """All settings as JSON values; paths become relative to ``folder``. With None every reference
    is taken for a name.

    Raises :class:`UsageError` for a reference that is neither a file nor a name.
    """
    names = references.known_names(getattr(settings, "painter", ""))
    return {
        name: references.written(about.names, getattr(settings, name), folder, names)
        for name, (_, about) in settings_of(type(settings)).items()
    }


def changed(
    settings: _Settings, values: object, folder: Path | None = None, unchecked: Container[str] = ()
) -> _Settings:
    """``settings`` with those of :func:`from_json` in place of what they were before."""
    return replace(settings, **from_json(type(settings), values, folder, unchecked))


def from_json(
    kind: type, values: object, folder: Path | None = None, unchecked: Container[str] = ()
) -> dict[str, Any]:
    """The settings of a look or view that the JSON object ``values`` holds.

    Paths are relative to ``folder``; with None a path is refused, as from a page. Raises
    :class:`UsageError` for settings that do not exist, and for files; the values themselves are
    checked by the look.
    """
    if not isinstance(values, Mapping):
        raise UsageError(f"settings are a JSON object, not {str(values)[:40]!r}")
    known = settings_of(kind)
    for name in values:
        if name not in known:
            raise UnknownName("setting", str(name)[:40], known)
    painter = values.get("painter", "")
    if isinstance(painter, Mapping):
        painter = references.referred(painter, folder, "painter" not in unchecked)
    names = None if folder is None else references.known_names(str(painter))
    return {
        name: references.read(
            known[name][1].names, value, folder, None if name in unchecked else names
        )
        for name, value in values.items()
    }


def _read_json(path: Path) -> Any:
    if not os.path.lexists(path):
        raise UsageError("there is no such look; make one with `save_look`")
    try:
        if not is_regular(path.resolve()) or path.stat().st_size > _LARGEST:
            raise UsageError("this is not a look; make one with `save_look`")
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"the look cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise UsageError("this is not a look, as it is not JSON") from None
