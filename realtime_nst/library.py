"""The user's library: networks and pictures that get a name, which every setting of a style takes.

The folder holds, for each style, its files, which are named by their contents, and ``NAME.json``,
the entry that refers to them. The entry is written last and deleted first, so a style is there as a
whole or not at all, whenever it is interrupted.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from realtime_nst.errors import RealtimeNstError, TargetExists, UnknownName, UsageError
from realtime_nst.files import LockedFile, digest, write_whole
from realtime_nst.media.pictures import is_picture
from realtime_nst.runtime.companions import encoder_of, encoder_path, int8_form, int8_path
from realtime_nst.runtime.installed_style import PICTURE, InstalledStyle
from realtime_nst.runtime.kinds import KINDS
from realtime_nst.runtime.model import Model, read_model
from realtime_nst.runtime.networks import Networks
from realtime_nst.runtime.style_folders import OWN, check_name, is_name, library_folder
from realtime_nst.runtime.styles import read_installed
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.sinks.pictures import write_picture
from realtime_nst.sources.synthetic import SyntheticSource
from realtime_nst.stream import Image

LARGEST_NETWORK, LARGEST_PICTURE = 2**28, 2**26
"""Bytes of a file; networks of the program have some 1,000,000."""

SCENE = (480, 360)
"""Width and height of the picture that shows a style."""

_CARD = "name title artist licence network speed_class quality recipe kind styles".split()
"""The fields of an entry that are those of the network's card."""


def install_style(path: str | Path, name: str = "", *, overwrite: bool = False) -> InstalledStyle:
    """Copy the network or picture at ``path`` to the user's library, as the style ``name``.

    By default a network is called as its card says, a picture as its file. The int8 form and the
    encoder that lie beside a network are taken along. It is tried first: a small scene is painted,
    which shows the style where styles are chosen.

    Raises :class:`UsageError` for a name that no style may have, that comes with the program or a
    package, or for a file that is too large; :class:`TargetExists` for a name in the library,
    unless ``overwrite``; and the errors of :class:`~realtime_nst.runtime.stylizer.Stylizer`.
    """
    path = Path(path)
    files, about = _read(path)
    name = name or str(about["name"])
    check_free(name, overwrite)
    scene = _tried(path, about)
    folder = library_folder()
    with _changing(folder):
        check_free(name, overwrite)
        before = _files_in(folder, name)
        targets = _targets(files, folder, name)
        entry = {**about, "name": name, "file": targets[""].name, **_copied(files, targets)}
        written = {folder / f"{name}.json", *targets.values()}
        if scene is not None:
            tile = targets[""].with_suffix(".tile.jpg")
            write_picture(tile, scene, overwrite=True, quality=88)
            entry["picture"] = tile.name
            written.add(tile)
        with write_whole(folder / f"{name}.json") as part:
            part.write_text(json.dumps(entry, ensure_ascii=False, indent=1), encoding="utf-8")
        for old in before - written:
            old.unlink(missing_ok=True)
    return read_installed().by_name[name]


def remove_style(name: str) -> None:
    """Delete the style ``name`` from the user's library.

    Raises :class:`UnknownName` for a name that is not installed, :class:`UsageError` for one that
    comes with the program or a package.
    """
    entries = read_installed().by_name
    entry, folder = entries.get(name), library_folder()
    files = _files_in(folder, name) if is_name(name) else set()
    if entry is not None and entry.origin != OWN and not files:
        raise UsageError(f"{_where(entry)}; only styles that were installed one by one are removed")
    if entry is None and not files:
        own = [entry.name for entry in entries.values() if entry.origin == OWN]
        raise UnknownName("style in the library", name, own)
    with _changing(folder):
        (folder / f"{name}.json").unlink(missing_ok=True)
        for file in _files_in(folder, name):
            file.unlink(missing_ok=True)


def of_network(model: Model) -> dict[str, Any]:
    """What an entry says of a network: what its card says."""
    card = asdict(model.card)
    return {key: card[key] for key in _CARD if card[key] or key != "styles"}


def files_of(model: Model) -> dict[str, Path]:
    """The network's file, and those beside it that belong to it, by what they are: "", "int8" and
    "encoder". Raises :class:`ModelError` or :class:`ProviderError` for one of another network, and
    if a network for any painting has no encoder."""
    files = {"": model.path}
    if model.kind.needs_encoder:
        files["encoder"] = encoder_of(model).path
    if int8_path(model.path).exists():
        files["int8"] = int8_form(model).path
    return files


def facts(files: Mapping[str, Path]) -> dict[str, Any]:
    """The digests and sizes of files, as an entry holds them."""
    found: dict[str, Any] = {}
    for what, file in files.items():
        before = f"{what}_" if what else ""
        found |= {f"{before}sha256": digest(file), f"{before}bytes": file.stat().st_size}
    return found


def painted_scene(style: str | Path) -> Image:
    """The first frame of the built-in scene, painted."""
    return Stylizer(style)(SyntheticSource(*SCENE, frames=1).picture(0))


def _read(path: Path) -> tuple[dict[str, Path], dict[str, Any]]:
    """The style's files, and what the entry says of it."""
    if path.exists() and not path.is_file():
        raise UsageError(f"{str(path)!r} is not a file; give an .onnx file or a picture")
    if is_picture(path):
        _check_size(path, LARGEST_PICTURE)
        empty = dict.fromkeys(("artist", "licence", "network"), "")
        return {"": path}, {"name": path.stem, "title": path.stem, **empty, "kind": PICTURE}
    for file in (path, encoder_path(path), int8_path(path)):
        _check_size(file, LARGEST_NETWORK)
    model = read_model(path)
    return files_of(model), of_network(model)


def _tried(path: Path, about: Mapping[str, Any]) -> Image | None:
    """The scene in the style; None for a network that plays several styles or any picture, which
    is only opened."""
    if about["kind"] == PICTURE or not KINDS[about["kind"]].takes_code:
        return painted_scene(path)
    networks = Networks()
    networks.open(read_model(path), networks.provider())
    return None


def _check_size(path: Path, most: int) -> None:
    if path.is_file() and path.stat().st_size > most:
        raise UsageError(
            f"{str(path)!r} has {path.stat().st_size >> 20} MiB, and such a file of a style may "
            f"have {most >> 20}; choose a smaller one"
        )


def check_free(name: str, overwrite: bool) -> None:
    """Raises the errors of :func:`install_style` for a style called ``name``."""
    check_name(name)
    for entry in read_installed().entries:
        names = {entry.name} if entry.origin == OWN else {entry.name, *entry.names}
        if name.casefold() not in map(str.casefold, names):
            continue
        if entry.origin != OWN:
            raise UsageError(f"{_where(entry, name)}; choose another `name`")
        if entry.name != name:  # one file, where case makes no difference
            raise UsageError(f"{entry.name!r} is installed, too like {name!r}; choose another")
    if (library_folder() / f"{name}.json").exists() and not overwrite:
        raise TargetExists(f"the style {name!r} is installed already; replace it with `overwrite`")


def _where(entry: InstalledStyle, name: str = "") -> str:
    owner = f"the package {entry.origin}" if entry.origin else "the program"
    return f"the style {name or entry.name!r} comes with {owner}"


def _targets(files: Mapping[str, Path], folder: Path, name: str) -> dict[str, Path]:
    """Where each file goes: its name changes with its contents."""
    plain = files[""].suffix.lower() if is_picture(files[""]) else ".onnx"
    main = folder / f"{name}.{digest(files[''])[:12]}{plain}"
    targets = {"": main, "int8": int8_path(main), "encoder": encoder_path(main)}
    return {what: targets[what] for what in files}


def _copied(files: Mapping[str, Path], targets: Mapping[str, Path]) -> dict[str, Any]:
    for what, source in files.items():
        with write_whole(targets[what]) as part:
            shutil.copyfile(source, part)
    return facts(targets)


@contextmanager
def _changing(folder: Path) -> Iterator[None]:
    """Raises :class:`RealtimeNstError` while another process changes the library, or if it cannot
    be written."""
    lock = folder / ".lock"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with LockedFile(lock, create=not lock.exists()):
            yield
    except BlockingIOError:
        raise RealtimeNstError("the library is being changed by another command; wait") from None
    except OSError as error:
        raise UsageError(
            f"the library {str(folder)!r} cannot be changed: {error.strerror or error}"
        ) from error


def _files_in(folder: Path, name: str) -> set[Path]:
    """All files of the style ``name``; those of others differ in what is before the first dot."""
    try:
        return {path for path in folder.iterdir() if path.name.partition(".")[0] == name}
    except OSError:
        return set()
