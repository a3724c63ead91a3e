"""What all viewers share: styles, networks, a thread that paints and one that loads."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from realtime_nst.look import NAMED_MASKS, Look, View, settings_of
from realtime_nst.paint import Paint
from realtime_nst.runtime.installed_style import InstalledStyle
from realtime_nst.runtime.model import read_model
from realtime_nst.runtime.networks import Networks
from realtime_nst.runtime.player import PICTURES, blends_in
from realtime_nst.runtime.providers import AUTO
from realtime_nst.runtime.styles import painters, read_installed
from realtime_nst.serve.lessons import Lessons
from realtime_nst.serve.paintings import Paintings
from realtime_nst.spec import compose, parse

OWN = "own"
"""The name that viewers see of a style that was given as a file."""

USUAL_SIZE = (640, 480)
"""What the page asks the camera for: width, height."""


_LARGEST_TILE = 1 << 20
"""Bytes; those of the program have some 60,000."""


@dataclass(frozen=True)
class Choice:
    """A style a viewer may choose. Styles with the same ``blends_in`` can be blended; see
    :func:`~realtime_nst.runtime.player.blends_in`."""

    title: str
    artist: str
    speed_class: str
    blends_in: str
    picture: Path | None = None


class Studio:
    """``look`` and ``view`` are what viewers begin with. The painter of the look is everybody's.

    A network is open once, however many viewers paint with it, and is closed with the last.
    Viewers never see a path: a file in ``look`` has a made-up name, which stands for it in its own
    setting only. Raises the errors of :class:`~realtime_nst.paint.Paint`.
    """

    def __init__(self, look: Look, provider: str = AUTO, view: View | None = None) -> None:
        self._painter, self._networks = look.painter, Networks(provider)
        self._first = Paint(look, self._networks, live=True)
        self._first.prepare(*USUAL_SIZE)
        self.provider = self._first.provider
        self.choices = _installed(look.painter)
        self._files: dict[str, str] = {}
        self.look, self.view = self._named(look), view or View(mirror=True)
        self.paintings, self.lessons = Paintings(), Lessons()
        self.painting = ThreadPoolExecutor(1, "realtime_nst-paint")
        self.loading = ThreadPoolExecutor(1, "realtime_nst-load")

    def paint(self, look: Look) -> Paint:
        """What paints as a viewer asks; only for the loading thread."""
        return Paint(self.resolved(look), self._networks, live=True)

    def resolved(self, look: Look) -> Look:
        """``look`` with the files behind its names. Raises :class:`UsageError` where the picture of
        a viewer is no longer kept."""
        found: dict[str, Any] = {"painter": self._painter}
        for name, (_, about) in settings_of(type(look)).items():
            value = getattr(look, name)
            if about.names == "styles" and value:
                parts = [replace(part, name=self._file(part.name)) for part in parse(value)]
                found[name] = compose(parts)
            elif about.names == "file" and name not in found:
                found[name] = self._files.get(value, value)
        return replace(look, **found)

    @property
    def takes_paintings(self) -> bool:
        """Whether there is a network for pictures that viewers bring."""
        if self._painter:
            return read_model(read_installed().find(self._painter)).kind.needs_encoder
        return any(entry.row.needs_encoder for entry in painters())

    def offered(self, setting: str, names: Iterable[str]) -> dict[str, str]:
        """The names of all styles for a setting, with the network each blends in. Of pictures that
        viewers brought only those in ``names``: who brought one knows its name, and nobody else is
        told."""
        shipped = {name: choice.blends_in for name, choice in self.choices.items()}
        own = {alias: "" for alias in (_alias(setting),) if alias in self._files}
        brought = dict.fromkeys((name for name in names if name in self.paintings), PICTURES)
        trained = dict.fromkeys((name for name in names if name in self.lessons), "")
        return own | shipped | brought | trained

    def files_for(self, setting: str) -> tuple[str, ...]:
        """What may be chosen for a setting that refers to a file."""
        named = NAMED_MASKS if setting == "mask" else ()
        return (*named, *(alias for alias in (_alias(setting),) if alias in self._files))

    def without_paths(self, message: str) -> str:
        """``message`` with the names that viewers know in place of paths."""
        for alias, value in self._files.items():
            for part in parse(value):
                message = message.replace(part.name, alias)
        if self._painter:
            message = message.replace(self._painter, "the painter")
        folders = {entry.folder for entry in read_installed().entries}
        for known in (self.paintings.folder, self.lessons.folder, *folders):
            message = message.replace(f"{known}/", "")
        return message

    def _named(self, look: Look) -> Look:
        """``look`` with a made-up name for each file and for each style that is not installed. That
        of ``style`` is one of the choices."""
        hidden: dict[str, Any] = {"painter": ""}
        for name, (_, about) in settings_of(type(look)).items():
            value = getattr(look, name)
            if about.names and name != "painter" and value not in ("", *NAMED_MASKS, *self.choices):
                self._files[_alias(name)] = value
                hidden[name] = _alias(name)
        if OWN in self._files:
            card, network = self._first.card, blends_in(look.style, look.painter)
            own = Choice(card.title, card.artist, card.speed_class, network)
            self.choices = {OWN: own, **self.choices}
        return replace(look, **hidden)

    def _file(self, style: str) -> str:
        if style in self._files:
            return self._files[style]
        if style in self.choices:
            return style
        kept = self.lessons if style in self.lessons else self.paintings
        return str(kept.path(style))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for executor in (self.painting, self.loading):
            executor.shutdown(cancel_futures=True)
        self.paintings.close()
        self.lessons.close()
        del self._first  # frees its networks: aiohttp caches the handlers of a closed application


def _alias(setting: str) -> str:
    return OWN if setting == "style" else f"{OWN}-{setting}"


def _installed(painter: str) -> dict[str, Choice]:
    """A style of a network that plays several has no title and picture of its own."""
    return {
        name: Choice(
            entry.title if entry.name == name else name,
            entry.artist if entry.name == name else "",
            entry.speed_class,
            blends_in(name, painter),
            _tile(entry) if entry.name == name else None,
        )
        for name, entry in read_installed().choices.items()
    }


def _tile(entry: InstalledStyle) -> Path | None:
    """All are kept in memory; one that was deleted or put in by hand must not stop the page."""
    path = entry.folder / entry.picture
    usable = entry.picture and path.is_file() and path.stat().st_size <= _LARGEST_TILE
    return path if usable else None
