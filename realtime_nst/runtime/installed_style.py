"""One installed style, as an entry of the manifest or of a library describes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from realtime_nst.errors import ModelError
from realtime_nst.runtime.companions import encoder_path, int8_path
from realtime_nst.runtime.kinds import KINDS, SINGLE, Kind
from realtime_nst.runtime.model import digest_of
from realtime_nst.runtime.style_folders import OWN

PICTURE = "picture"
"""The kind of a style that is a picture, which a network for any painting plays."""

_PICTURE = Kind(PICTURE, "a picture", (), (), paints=False)


@dataclass(frozen=True)
class InstalledStyle:
    """One entry: a style, a picture to paint like, or a network that plays many styles.

    ``file`` and ``picture``, a scene painted in the style, lie in ``folder``; ``sha256`` and
    ``bytes`` are those of ``file``. ``int8_*`` and ``encoder_*`` are given if the network has an
    int8 form or an encoder, ``styles`` if it is a multi-style network. ``origin`` is empty for
    what comes with the program, OWN for the user's, else the name of a package.
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
    origin: str = ""

    @property
    def path(self) -> Path:
        return self.folder / self.file

    @property
    def row(self) -> Kind:
        """The row of the table of kinds; a picture has one outside it."""
        return _PICTURE if self.is_picture else KINDS[self.kind]

    @property
    def is_picture(self) -> bool:
        return self.kind == PICTURE

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the styles that this network plays; none if it plays any picture."""
        return self.styles if self.row.takes_code else (self.name,)

    @property
    def digests(self) -> Mapping[Path, str]:
        """The sha256 that each of the style's files must have."""
        beside = {
            int8_path(self.path): self.int8_sha256,
            encoder_path(self.path): self.encoder_sha256,
        }
        return {self.path: self.sha256} | {path: sha for path, sha in beside.items() if sha}

    def checked(self) -> Path:
        """:attr:`path`. Raises :class:`ModelError` if a file is not what the entry says."""
        again = {"": "install realtime_nst again", OWN: "install the style again"}
        remedy = again.get(self.origin, f"install the package {self.origin} again")
        for path, wanted in self.digests.items():
            try:
                digest = digest_of(path)
            except OSError as error:
                raise ModelError(
                    f"style {self.name!r} is installed, but {str(path)!r} cannot be read: "
                    f"{error.strerror}; {remedy}"
                ) from error
            if digest != wanted:
                raise ModelError(
                    f"{str(path)!r} is not the file of style {self.name!r}: its sha256 begins with "
                    f"{digest[:12]}, not {wanted[:12]}; {remedy}"
                )
        return self.path
