"""What all viewers share: styles, networks, a thread that paints and one that loads."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from realtime_nst.look import MOVING, Look, View, settings_of
from realtime_nst.paint import Paint
from realtime_nst.runtime.networks import Networks
from realtime_nst.runtime.player import PICTURES, blends_in
from realtime_nst.runtime.providers import AUTO
from realtime_nst.runtime.styles import installed, painters
from realtime_nst.serve.paintings import Paintings
from realtime_nst.spec import compose, parse

OWN = "own"
"""The name that viewers see of a style that was given as a file."""

USUAL_SIZE = (640, 480)
"""What the page asks the camera for: width, height."""


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
    """``look`` and ``view`` are what viewers begin with. The painter of the look is that of every
    viewer.

    A network is open once, however many viewers paint with it, and is closed with the last.
    Viewers never see a path: a file in ``look`` has a made-up name. Raises the errors of
    :class:`~realtime_nst.paint.Paint`.
    """

    def __init__(self, look: Look, provider: str = AUTO, view: View | None = None) -> None:
        self._painter, self._networks = look.painter, Networks(provider)
        self._first = Paint(look, self._networks, live=True)
        self._first.prepare(*USUAL_SIZE)
        self.provider = self._first.provider
        self.choices = _shipped(look.painter)
        self._files: dict[str, str] = {}
        self.look, self.view = self._named(look), view or View(mirror=True)
        self.paintings = Paintings()
        self.painting = ThreadPoolExecutor(1, "realtime_nst-paint")
        self.loading = ThreadPoolExecutor(1, "realtime_nst-load")

    def paint(self, look: Look) -> Paint:
        """What paints as a viewer wishes; only for the loading thread."""
        return Paint(self.resolved(look), self._networks, live=True)

    def resolved(self, look: Look) -> Look:
        """``look`` with the files behind its names. Raises :class:`UsageError` where the picture of
        a viewer is no longer kept."""
        return replace(look, painter=self._painter, **self._files_of(look))

    @property
    def takes_paintings(self) -> bool:
        """Whether there is a network for pictures that viewers bring."""
        return bool(self._painter) or any(entry.row.needs_encoder for entry in painters())

    def offered(self, names: Iterable[str]) -> dict[str, str]:
        """The names of all styles, with the network each blends in. Of pictures that viewers
        brought only those in ``names``: who brought one knows its name, and nobody else is told."""
        shipped = {name: choice.blends_in for name, choice in self.choices.items()}
        named = dict.fromkeys(self._files, "")
        brought = dict.fromkeys((name for name in names if name in self.paintings), PICTURES)
        return named | shipped | brought

    def _named(self, look: Look) -> Look:
        """``look`` with a made-up name for each file, and for each style that no viewer can choose;
        that of ``style`` becomes one of the choices."""
        hidden: dict[str, Any] = {}
        for name, (_, about) in settings_of(type(look)).items():
            value = getattr(look, name)
            if not about.names or value in ("", MOVING, *self.choices):
                continue
            alias = OWN if name == "style" else f"{OWN}-{name}"
            self._files[alias] = value
            hidden[name] = alias
        if "style" in hidden:
            card, network = self._first.card, blends_in(look.style, look.painter)
            own = Choice(card.title, card.artist, card.speed_class, network)
            self.choices = {OWN: own, **self.choices}
        return replace(look, **{**hidden, "painter": ""})

    def _files_of(self, look: Look) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, (_, about) in settings_of(type(look)).items():
            value = getattr(look, name)
            if about.names == "styles" and value:
                parts = [replace(part, name=self._file(part.name)) for part in parse(value)]
                found[name] = compose(parts)
            elif about.names == "file" and name != "painter":
                found[name] = self._file(value)
        return found

    def _file(self, name: str) -> str:
        if name in self._files:
            return self._files[name]
        return name if name in ("", MOVING, *self.choices) else str(self.paintings.path(name))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for executor in (self.painting, self.loading):
            executor.shutdown(cancel_futures=True)
        self.paintings.close()


def _shipped(painter: str) -> dict[str, Choice]:
    return {
        entry.name: Choice(
            entry.title,
            entry.artist,
            entry.speed_class,
            blends_in(entry.name, painter),
            entry.folder / entry.picture if entry.picture else None,
        )
        for entry in installed()
    }
