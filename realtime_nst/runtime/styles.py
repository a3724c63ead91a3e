"""The styles that come with the program: ``weights/manifest.json`` and the files beside it.

The manifest is ``{"styles": [entry, ...]}``; an entry has ``name``, ``file`` (relative to the
manifest), ``sha256``, ``bytes``, ``title``, ``artist``, ``licence``, ``network``, and where known
``speed_class``, ``picture`` (a scene in that style, relative too), ``quality`` and ``recipe``;
``int8_sha256`` and ``int8_bytes`` where the style's int8 form lies beside its file. Networks that
play more than one style have a ``kind``: "arbitrary" ones ``encoder_sha256`` and ``encoder_bytes``
of the encoder beside the file, "multi-style" ones the names of their ``styles``.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from realtime_nst.errors import ModelError, UnknownName, UsageError
from realtime_nst.runtime import int8
from realtime_nst.runtime.card import SINGLE
from realtime_nst.runtime.encoder import encoder_path

_PACKAGE = Path(__file__).resolve().parent.parent
_FOLDERS = (_PACKAGE / "weights", _PACKAGE.parent / "weights")
"""Inside an installed package, and beside it in a checkout."""

_MANIFEST = "manifest.json"
_SUFFIX = ".onnx"


@dataclass(frozen=True)
class InstalledStyle:
    """One entry of the manifest; ``folder`` is where the manifest lies."""

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
    def names(self) -> tuple[str, ...]:
        """What ``--style`` takes to have it played."""
        return (self.name,) if self.kind == SINGLE else self.styles

    @property
    def digests(self) -> Mapping[Path, str]:
        """The sha256 each of the style's networks must have."""
        beside = {
            int8.path_of(self.path): self.int8_sha256,
            encoder_path(self.path): self.encoder_sha256,
        }
        return {self.path: self.sha256} | {path: sha for path, sha in beside.items() if sha}


def folder() -> Path | None:
    """Where the installed styles lie; None when the program was installed without any."""
    return next((folder for folder in _FOLDERS if (folder / _MANIFEST).is_file()), None)


def installed(directory: Path | None = None) -> list[InstalledStyle]:
    """The styles with a network of their own in the manifest in ``directory`` (default:
    :func:`folder`), in its order.

    Raises :class:`ModelError` when the manifest cannot be read.
    """
    return [entry for entry in _entries(directory) if entry.kind == SINGLE]


def painters(directory: Path | None = None) -> list[InstalledStyle]:
    """The networks that play more than one style: any painting, or the ``styles`` they name.

    In the order of the manifest; raises as :func:`installed` does.
    """
    return [entry for entry in _entries(directory) if entry.kind != SINGLE]


def _entries(directory: Path | None) -> list[InstalledStyle]:
    directory = directory or folder()
    if directory is None:
        return []
    manifest = directory / _MANIFEST
    try:
        entries = json.loads(manifest.read_text(encoding="utf-8"))["styles"]
        return [_style(directory, entry) for entry in entries]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"{str(manifest)!r} cannot be read ({error}); install realtime_nst again"
        ) from error


def find(style: str | Path, directory: Path | None = None) -> Path:
    """The ONNX file of an installed style or network, by name; a path is given back as it is.

    Raises :class:`UnknownName`, and :class:`ModelError` when an installed file is not what the
    manifest says it is.
    """
    if not str(style):
        raise UsageError("no style given; name one, see: realtime-nst styles")
    entries = _entries(directory)
    by_name = {entry.name: entry for entry in entries}
    if str(style) in by_name:
        return _checked(by_name[str(style)])
    if is_path(style):
        return Path(style)
    names = {name for entry in entries for name in entry.names}
    raise UnknownName("style", str(style), names, "or give an .onnx file or a picture")


def is_path(style: str | Path) -> bool:
    """Whether it names a file rather than a style."""
    path = Path(style)
    return isinstance(style, Path) or path.suffix == _SUFFIX or len(path.parts) > 1 or path.exists()


def _style(directory: Path, entry: Mapping[str, Any]) -> InstalledStyle:
    known = {f.name for f in fields(InstalledStyle)} - {"folder"}
    given = {key: value for key, value in entry.items() if key in known}
    return InstalledStyle(directory, **{**given, "styles": tuple(given.get("styles", ()))})


def _checked(style: InstalledStyle) -> Path:
    for path, wanted in style.digests.items():
        _check_digest(style.name, path, wanted)
    return style.path


def _check_digest(name: str, path: Path, wanted: str) -> None:
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ModelError(
            f"style {name!r} is in the manifest, but {str(path)!r} cannot be read: "
            f"{error.strerror}; install realtime_nst again"
        ) from error
    if digest != wanted:
        raise ModelError(
            f"{str(path)!r} is not the file of style {name!r}: its sha256 begins with "
            f"{digest[:12]}, not {wanted[:12]}; install realtime_nst again"
        )
