"""What all viewers share: styles, networks, a thread that paints and one that loads."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self
from weakref import WeakValueDictionary

from realtime_nst.runtime.networks import Networks
from realtime_nst.runtime.player import PICTURES, blends_in
from realtime_nst.runtime.providers import AUTO
from realtime_nst.runtime.styles import installed, painters
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.serve.look import Look
from realtime_nst.serve.paintings import Paintings
from realtime_nst.spec import Part

OWN = "own"
"""The name of a style that was given as a file."""

USUAL_SIZE = (640, 480)
"""What the page asks the camera for: width, height."""


@dataclass(frozen=True)
class Choice:
    """A style a viewer may choose: ``source`` is what :class:`Stylizer` takes, ``blends_in`` as
    :func:`~realtime_nst.runtime.player.blends_in` says."""

    source: str
    title: str
    artist: str
    speed_class: str
    blends_in: str
    picture: Path | None = None


class Studio:
    """``look`` is what viewers begin with; its style may be whatever :class:`Stylizer` takes, and
    so may ``painter``, the network for pictures that viewers bring.

    A network is there once, however many viewers use it and blend in it, and goes with the last.
    Raises as :class:`Stylizer` does.
    """

    def __init__(self, look: Look, provider: str = AUTO, painter: str = "") -> None:
        self._provider, self._painter = provider, painter
        self._networks = Networks()
        self._first = self._stylizer(look.style)
        self._first.warm_up(*USUAL_SIZE)
        self.choices = _shipped(painter)
        if look.style not in self.choices:
            self.choices = {OWN: self._own(look.style), **self.choices}
            look = replace(look, style=OWN)
        self.look, self.provider = look, self._first.provider
        self._stylizers: WeakValueDictionary[tuple[Part, ...], Stylizer] = WeakValueDictionary()
        self._stylizers[(Part(look.style),)] = self._first
        self.paintings = Paintings()
        self.painting = ThreadPoolExecutor(1, "realtime_nst-paint")
        self.loading = ThreadPoolExecutor(1, "realtime_nst-load")

    def stylizer(self, parts: tuple[Part, ...], size: tuple[int, int]) -> Stylizer:
        """The one that plays ``parts``, ready for pictures of ``size``; only for the loading
        thread."""
        stylizer = self._stylizers.get(parts)
        if stylizer is None:
            stylizer = self._stylizers[parts] = self._stylizer(self._spec(parts))
        stylizer.prepare(*size)
        return stylizer

    @property
    def takes_paintings(self) -> bool:
        """Whether there is a network for pictures that viewers bring."""
        return bool(self._painter) or any(entry.row.needs_encoder for entry in painters())

    def offered(self, *named: object) -> dict[str, str]:
        """The names of all styles, and those ``named`` that are pictures that were brought: who
        brought one knows its name, and nobody else is told. With each, what it blends in."""
        shipped = {name: choice.blends_in for name, choice in self.choices.items()}
        brought = [name for name in named if isinstance(name, str) and name in self.paintings]
        return shipped | dict.fromkeys(brought, PICTURES)

    def _stylizer(self, spec: str | Path) -> Stylizer:
        return Stylizer(spec, self._provider, painter=self._painter, networks=self._networks)

    def _own(self, source: str) -> Choice:
        card, network = self._first.card, blends_in(source, self._painter)
        return Choice(source, card.title, card.artist, card.speed_class, network)

    def _spec(self, parts: Sequence[Part]) -> str | Path:
        if len(parts) == 1:
            return self._source(parts[0].name)
        return ",".join(f"{self._source(part.name)}:{part.weight:.6g}" for part in parts)

    def _source(self, style: str) -> str | Path:
        if style in self.choices:
            return self.choices[style].source
        return self.paintings.path(style)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for executor in (self.painting, self.loading):
            executor.shutdown(cancel_futures=True)
        self.paintings.close()


def _shipped(painter: str) -> dict[str, Choice]:
    return {
        entry.name: Choice(
            entry.name,
            entry.title,
            entry.artist,
            entry.speed_class,
            blends_in(entry.name, painter),
            entry.folder / entry.picture if entry.picture else None,
        )
        for entry in installed()
    }
