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
from realtime_nst.runtime.networks import Network, Networks, mixed
from realtime_nst.runtime.player import find_player
from realtime_nst.runtime.providers import AUTO
from realtime_nst.runtime.session import Code
from realtime_nst.runtime.tiles import paint_in_tiles
from realtime_nst.spec import title
from realtime_nst.stream import Image


@dataclass(frozen=True)
class _Loaded:
    """A network and its code. A change of style replaces it as a whole."""

    network: Network
    card: ModelCard
    digest: str
    code: Code | None

    def __call__(self, image: Image) -> Image:
        return self.network.session(image, self.code)


class Stylizer:
    """Paints pictures in ``style``: the name of an installed style, the path of an ONNX file with a
    card or of a picture to paint like, or a blend such as ``"a.jpg:0.7,b.jpg:0.3"``.

    ``painter`` is the name or path of the network for pictures (empty: the installed one).
    Stylizers with the same ``networks`` share the networks they have in common; "auto" is then the
    provider of ``networks``.

    Raises :class:`UnknownName`, :class:`UsageError` or :class:`ModelError` for the style,
    :class:`MediaError` for a picture, :class:`ProviderError` or :class:`MissingPackage` for the
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
        self._networks, self._painter = networks or Networks(), painter
        self._provider = self._networks.provider(provider)
        self._size: tuple[int, int] | None = None
        self._changing = Lock()
        self._loaded = self._load(style)

    @property
    def card(self) -> ModelCard:
        """The network's card. If the network plays more than one style, ``title`` is the style in
        use and ``artist`` is empty."""
        return self._loaded.card

    @property
    def digest(self) -> str:
        """Equal for two styles that paint alike, whatever they are called. It changes when a morph
        begins, then stays the same until the morph ends."""
        return self._loaded.digest

    @property
    def provider(self) -> str:
        """The provider in use, by its name in the table: "openvino-bf16" if "auto" was asked for
        and chose it."""
        return self._loaded.network.session.provider

    def set_style(self, style: str | Path) -> None:
        """Change the style, from any thread.

        This takes as long as loading and compiling the network, or encoding the painting if the
        network stays the same; until it returns, calls use the previous style. On an error the
        previous style stays. Raises the constructor's errors.
        """
        before = self._loaded
        loaded = self._load(style)
        if self._size is not None and loaded.network is not before.network:
            loaded(_blank(*self._size))
        with self._changing:
            self._loaded = loaded

    def morph(self, style: str | Path) -> Callable[[float], None]:
        """A function that moves the style in use towards ``style``: 0 is the present style, 1 is
        ``style``.

        It may be called from any thread, and does nothing once another style has been set. Raises
        the constructor's errors, and :class:`UsageError` if no single network can play both styles.
        """
        here = self._loaded
        there = self._load(style)
        one, other = here.code, there.code
        if one is None or other is None or there.network is not here.network:
            raise UsageError(
                f"{here.card.title!r} cannot morph to {there.card.title!r}: one network must play "
                "both, as it does two pictures, or two styles of a multi-style network"
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
        """Stylise a picture of any size from 1x1: RGB uint8 (height, width, 3), in and out.

        The first call at a size compiles the network for it. Raises :class:`UsageError` for any
        other array, :class:`ProviderError` if the engine fails.
        """
        _check(image)
        result = self._loaded(image)
        self._size = image.shape[1], image.shape[0]
        return result

    def in_tiles(self, image: Image, progress: Callable[[float], None]) -> Image:
        """Like a call, for a picture too large for one: in tiles that overlap, without seams, where
        the network allows it. ``progress`` is told the share that is done."""
        _check(image)
        loaded = self._loaded
        painted = paint_in_tiles(loaded.network, loaded.code, image, progress)
        return loaded(image) if painted is None else painted

    def warm_up(self, width: int, height: int) -> None:
        """Compile for that size now, so that the first frame takes no longer than the others."""
        self(_blank(width, height))

    def prepare(self, width: int, height: int) -> None:
        """Compile for that size, from any thread, without stopping calls at other sizes."""
        self._loaded.network.session.prepare(width, height)

    def require_memory(self, width: int, height: int) -> None:
        """Raises :class:`UsageError` if there is not enough for pictures of that size."""
        self._loaded.network.session.require_memory(width, height)

    def reset(self) -> None:
        """Forget earlier frames: nothing to do, since these networks have no memory."""

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
