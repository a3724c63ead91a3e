"""The styles that come with the program: ``weights/manifest.json`` and the files beside it.

The manifest is ``{"styles": [entry, ...]}``, the entries with the fields of
:class:`InstalledStyle`. An int8 form or an encoder lies beside the network's file, see
:mod:`~realtime_nst.runtime.companions`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from realtime_nst.errors import ModelError, UnknownName, UsageError
from realtime_nst.runtime.card import typed_fields
from realtime_nst.runtime.companions import encoder_path, int8_path
from realtime_nst.runtime.kinds import KINDS, SINGLE, Kind
from realtime_nst.runtime.model import digest_of

_PACKAGE = Path(__file__).resolve().parent.parent
_FOLDERS = (_PACKAGE / "weights", _PACKAGE.parent / "weights")
"""Inside an installed package, and beside it in a checkout."""

_MANIFEST = "manifest.json"
_SUFFIX = ".onnx"


@dataclass(frozen=True)
class InstalledStyle:
    """One entry of the manifest, which lies in ``folder``: one style, or a network that plays many.

    ``file`` and ``picture``, a scene painted in the style, are relative to ``folder``; ``sha256``
    and ``bytes`` are those of ``file``. ``int8_*`` and ``encoder_*`` are given if the network has
    an int8 form or an encoder, ``styles`` if it is a multi-style network.
    """

    folder: Path
    name: str
    file: str
    sha256: str
    bytes: int
    title: str
    artist: str
    licence: str
    network: str
    speed_class: str = ""
    picture: str = ""
    quality: Mapping[str, float] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=dict)
    int8_sha256: str = ""
    int8_bytes: int = 0
    kind: str = SINGLE
    styles: tuple[str, ...] = ()
    encoder_sha256: str = ""
    encoder_bytes: int = 0

    @property
    def path(self) -> Path:
        return self.folder / self.file

    @property
    def row(self) -> Kind:
        """The row of the table of kinds."""
        return KINDS[self.kind]

    @property
    def names(self) -> tuple[str, ...]:
        """The values of ``--style`` that this network plays; none if it plays any picture."""
        return self.styles if self.row.takes_code else (self.name,)

    @property
    def digests(self) -> Mapping[Path, str]:
        """The sha256 that each of the network's files must have."""
        beside = {
            int8_path(self.path): self.int8_sha256,
            encoder_path(self.path): self.encoder_sha256,
        }
        return {self.path: self.sha256} | {path: sha for path, sha in beside.items() if sha}

    def checked(self) -> Path:
        """:attr:`path`. Raises :class:`ModelError` if a file is not what the manifest says."""
        for path, wanted in self.digests.items():
            try:
                digest = digest_of(path)
            except OSError as error:
                raise ModelError(
                    f"style {self.name!r} is in the manifest, but {str(path)!r} cannot be read: "
                    f"{error.strerror}; install realtime_nst again"
                ) from error
            if digest != wanted:
                raise ModelError(
                    f"{str(path)!r} is not the file of style {self.name!r}: its sha256 begins with "
                    f"{digest[:12]}, not {wanted[:12]}; install realtime_nst again"
                )
        return self.path


@dataclass(frozen=True)
class Installed:
    """What one manifest holds, in its order."""

    entries: tuple[InstalledStyle, ...] = ()

    @cached_property
    def styles(self) -> tuple[InstalledStyle, ...]:
        """The styles that have a network of their own."""
        return tuple(entry for entry in self.entries if not entry.row.takes_code)

    @cached_property
    def painters(self) -> tuple[InstalledStyle, ...]:
        """The networks that play more than one style: any picture, or the ``styles`` they name."""
        return tuple(entry for entry in self.entries if entry.row.takes_code)

    @cached_property
    def by_name(self) -> Mapping[str, InstalledStyle]:
        return {entry.name: entry for entry in self.entries}

    def find(self, style: str | Path) -> Path:
        """The ONNX file of an installed style or network, by name; a path is returned as it is.

        Raises :class:`UnknownName`, and :class:`ModelError` if an installed file is not what the
        manifest says.
        """
        if not str(style):
            raise UsageError("no style given; name one, see: realtime-nst styles")
        if str(style) in self.by_name:
            return self.by_name[str(style)].checked()
        if is_path(style):
            return Path(style)
        names = {name for entry in self.entries for name in entry.names}
        raise UnknownName("style", str(style), names, "or give an .onnx file or a picture")


def folder() -> Path | None:
    """Where the installed styles lie; None if the program was installed without any."""
    return next((folder for folder in _FOLDERS if (folder / _MANIFEST).is_file()), None)


def read_installed(directory: Path | None = None) -> Installed:
    """The manifest in ``directory`` (default: :func:`folder`), which is read again only if it
    changes. Raises :class:`ModelError` if it cannot be read."""
    directory = directory or folder()
    if directory is None:
        return Installed()
    manifest = directory / _MANIFEST
    try:
        stat = manifest.stat()
        return _read(directory, (stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns))
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelError(
            f"{str(manifest)!r} cannot be read ({error}); install realtime_nst again"
        ) from error


@lru_cache(maxsize=8)
def _read(directory: Path, version: tuple[int, ...]) -> Installed:
    """``version`` is not used here: it makes the cache forget a manifest that has changed."""
    values = json.loads((directory / _MANIFEST).read_text(encoding="utf-8"))["styles"]
    return Installed(tuple(_entry(directory, value) for value in values))


def _entry(directory: Path, values: object) -> InstalledStyle:
    entry = InstalledStyle(directory, **typed_fields(InstalledStyle, values, without="folder"))
    if entry.kind not in KINDS:
        raise ValueError(f"{entry.name!r} is of the unknown kind {entry.kind!r}")
    return entry


def installed(directory: Path | None = None) -> list[InstalledStyle]:
    """The installed styles that have a network of their own. Raises :class:`ModelError` if the
    manifest cannot be read."""
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
