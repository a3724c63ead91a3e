"""What all viewers share: styles, networks, a thread that paints and one that loads."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self
from weakref import WeakValueDictionary

from realtime_nst.runtime.card import ARBITRARY
from realtime_nst.runtime.providers import AUTO
from realtime_nst.runtime.styles import installed, painters
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.serve.look import Look
from realtime_nst.serve.paintings import Paintings

OWN = "own"
"""The name of a style that was given as a file."""

USUAL_SIZE = (640, 480)
"""What the page asks the camera for: width, height."""


@dataclass(frozen=True)
class Choice:
    """A style a viewer may choose: ``source`` is what :class:`Stylizer` takes."""

    source: str
    title: str
    artist: str
    speed_class: str
    picture: Path | None = None


class Studio:
    """``look`` is what viewers begin with; its style may be whatever :class:`Stylizer` takes, and
    so may ``painter``, the network for pictures that viewers bring.

    The network of a style is there once, however many viewers use it, and goes with the last.
    Raises as :class:`Stylizer` does.
    """

    def __init__(self, look: Look, provider: str = AUTO, painter: str = "") -> None:
        self._provider, self._painter = provider, painter
        self._first = Stylizer(look.style, provider, painter=painter)
        self._first.warm_up(*USUAL_SIZE)
        self.choices = _shipped()
        if look.style not in self.choices:
            card = self._first.card
            self.choices = {
                OWN: Choice(look.style, card.title, card.artist, card.speed_class),
                **self.choices,
            }
            look = replace(look, style=OWN)
        self.look, self.provider = look, self._first.provider
        self._stylizers = WeakValueDictionary({look.style: self._first})
        self.paintings = Paintings()
        self.painting = ThreadPoolExecutor(1, "realtime_nst-paint")
        self.loading = ThreadPoolExecutor(1, "realtime_nst-load")

    def stylizer(self, style: str, size: tuple[int, int]) -> Stylizer:
        """The one of that name, ready for pictures of ``size``; only for the loading thread."""
        stylizer = self._stylizers.get(style)
        if stylizer is None:
            stylizer = Stylizer(self._source(style), self._provider, painter=self._painter)
            self._stylizers[style] = stylizer
        stylizer.prepare(*size)
        return stylizer

    @property
    def takes_paintings(self) -> bool:
        """Whether there is a network for pictures that viewers bring."""
        return bool(self._painter) or any(entry.kind == ARBITRARY for entry in painters())

    def offered(self, style: object) -> list[str]:
        """The names of all styles, and ``style`` where it is a picture that was brought: who
        brought it knows its name, and nobody else is told."""
        if isinstance(style, str) and style in self.paintings:
            return [*self.choices, style]
        return list(self.choices)

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


def _shipped() -> dict[str, Choice]:
    return {
        entry.name: Choice(
            entry.name,
            entry.title,
            entry.artist,
            entry.speed_class,
            entry.folder / entry.picture if entry.picture else None,
        )
        for entry in installed()
    }
