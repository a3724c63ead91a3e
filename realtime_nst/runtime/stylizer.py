"""Pictures into paintings: one style, painting, or blend of them, on one provider."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock

import numpy as np

from realtime_nst.errors import UsageError
from realtime_nst.runtime.card import ModelCard
from realtime_nst.runtime.model import read_model
from realtime_nst.runtime.network import Network, mixed
from realtime_nst.runtime.networks import Networks
from realtime_nst.runtime.player import find_player
from realtime_nst.runtime.providers import AUTO, choose
from realtime_nst.runtime.session import Code
from realtime_nst.spec import title
from realtime_nst.stream import Image


@dataclass(frozen=True)
class _Loaded:
    """A network and how it paints: what changes, as a whole, with the style."""

    network: Network
    card: ModelCard
    digest: str
    code: Code | None

    def __call__(self, image: Image) -> Image:
        return self.network.session(image, self.code)


class Stylizer:
    """``style`` is the name of an installed style, the path of an ONNX file with a card, that of a
    painting, or a blend of names or of paintings, as ``"a.jpg:0.7,b.jpg:0.3"``. Paintings are
    played by the network ``painter``, a name or path (empty: the one installed). Stylizers that
    are given the same ``networks`` share those that they have in common.

    Raises :class:`UnknownName`, :class:`UsageError` or :class:`ModelError` for the style,
    :class:`MediaError` for a painting, :class:`ProviderError` or :class:`MissingPackage` for the
    provider.
    """

    def __init__(
        self,
        style: str | Path,
        provider: str = AUTO,
        *,
        painter: str | Path = "",
        networks: Networks | None = None,
    ) -> None:
        self._provider, self._painter = choose(provider), painter
        self._networks = networks or Networks()
        self._size: tuple[int, int] | None = None
        self._changing = Lock()
        self._loaded = self._load(style)

    @property
    def card(self) -> ModelCard:
        """That of the network; where it has no style of its own, ``title`` says what is played."""
        return self._loaded.card

    @property
    def digest(self) -> str:
        """Tells one look from another, whatever it is called; a morph is one look from its first
        step on."""
        return self._loaded.digest

    @property
    def provider(self) -> str:
        """The provider in use, by its name in the table: "openvino-bf16" where "auto" was asked."""
        return self._loaded.network.session.provider

    def set_style(self, style: str | Path) -> None:
        """Change the style, from any thread.

        It takes the time of loading and compiling, or where the network stays the same, that of
        making a painting's code; until then calls go on with the style before. On an error the
        style before stays. Raises as the constructor does.
        """
        before = self._loaded
        loaded = self._load(style)
        if self._size is not None and loaded.network is not before.network:
            loaded(_blank(*self._size))
        with self._changing:
            self._loaded = loaded

    def morph(self, style: str | Path) -> Callable[[float], None]:
        """The way from the style in use to ``style``: call it, on any thread, with 0 (here) to 1
        (there). Until then nothing changes; after another style was set calls change nothing more.

        Raises as the constructor does, and :class:`UsageError` where no one network plays both.
        """
        here = self._loaded
        there = self._load(style)
        one, other = here.code, there.code
        if one is None or other is None or there.network is not here.network:
            raise UsageError(
                f"there is no way from {here.card.title!r} to {there.card.title!r}: one network "
                "must play both, as it does two pictures, or two styles of a network of several"
            )
        way = replace(there, digest=_digest(here.digest, there.digest))
        last = here

        def go(amount: float) -> None:
            nonlocal last
            step = replace(way, code=mixed([1 - amount, amount], [one, other]))
            with self._changing:
                if self._loaded is last:
                    self._loaded = last = step

        return go

    def __call__(self, image: Image) -> Image:
        """Stylise a picture of any size from 1x1: RGB, uint8, (height, width, 3), in and out.

        The first call at a size compiles the network for it. Raises :class:`UsageError` for an
        array that is no such picture, :class:`ProviderError` when the engine fails.
        """
        _check(image)
        result = self._loaded(image)
        self._size = image.shape[1], image.shape[0]
        return result

    def warm_up(self, width: int, height: int) -> None:
        """Compile for that size now, so that the first frame takes no longer than the others."""
        self(_blank(width, height))

    def prepare(self, width: int, height: int) -> None:
        """Compile for that size from any thread, while calls at other sizes go on."""
        self._loaded.network.session.prepare(width, height)

    def reset(self) -> None:
        """Forget earlier frames. A style without memory has none to forget."""

    def _load(self, style: str | Path) -> _Loaded:
        player = find_player(style, self._painter)
        model = read_model(player.network)
        network = self._networks.open(model, self._provider)
        code = network.code(player.parts)
        if code is None:
            return _Loaded(network, model.card, model.digest, code)
        card = replace(model.card, title=title(style), artist="")
        return _Loaded(network, card, _digest(model.digest, code.tobytes().hex()), code)


def _digest(*parts: str) -> str:
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()


def _blank(width: int, height: int) -> Image:
    return np.zeros((height, width, 3), np.uint8)


def _check(image: Image) -> None:
    if not isinstance(image, np.ndarray):
        raise UsageError(f"a picture is a numpy array, not {type(image).__name__}")
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
        raise UsageError(
            f"a picture is RGB, uint8, of shape (height, width, 3), at least 1x1; "
            f"this one is {image.dtype} of shape {image.shape}"
        )
