"""Pictures into paintings: one style on one provider."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from realtime_nst.errors import ModelError, UsageError
from realtime_nst.runtime.card import ModelCard
from realtime_nst.runtime.model import read_model
from realtime_nst.runtime.providers import AUTO, choose
from realtime_nst.runtime.session import Session
from realtime_nst.runtime.styles import find
from realtime_nst.stream import Image

_PLAYED = "single-style"


@dataclass(frozen=True)
class _Loaded:
    card: ModelCard
    digest: str
    session: Session


class Stylizer:
    """``style`` is the name of an installed style, or the path of an ONNX file with a card.

    Raises :class:`UnknownName`, :class:`UsageError` or :class:`ModelError` for the style,
    :class:`ProviderError` or :class:`MissingPackage` for the provider.
    """

    def __init__(self, style: str | Path, provider: str = AUTO) -> None:
        self._provider = choose(provider)
        self._size: tuple[int, int] | None = None
        self._loaded = self._load(style)

    @property
    def card(self) -> ModelCard:
        return self._loaded.card

    @property
    def digest(self) -> str:
        """Tells one style file from another, whatever they are called."""
        return self._loaded.digest

    @property
    def provider(self) -> str:
        """The provider in use, by its name in the table: "openvino-bf16" where "auto" was asked."""
        return self._loaded.session.provider

    def set_style(self, style: str | Path) -> None:
        """Change the style, from any thread.

        It takes the time of loading and compiling; until then calls go on with the style before.
        On an error the style before stays. Raises as the constructor does.
        """
        loaded = self._load(style)
        if self._size is not None:
            loaded.session(_blank(*self._size))
        self._loaded = loaded

    def __call__(self, image: Image) -> Image:
        """Stylise a picture of any size from 1x1: RGB, uint8, (height, width, 3), in and out.

        The first call at a size compiles the network for it. Raises :class:`UsageError` for an
        array that is no such picture, :class:`ProviderError` when the engine fails.
        """
        _check(image)
        result = self._loaded.session(image)
        self._size = image.shape[1], image.shape[0]
        return result

    def warm_up(self, width: int, height: int) -> None:
        """Compile for that size now, so that the first frame takes no longer than the others."""
        self(_blank(width, height))

    def prepare(self, width: int, height: int) -> None:
        """Compile for that size from any thread, while calls at other sizes go on."""
        self._loaded.session.prepare(width, height)

    def reset(self) -> None:
        """Forget earlier frames. A style without memory has none to forget."""

    def _load(self, style: str | Path) -> _Loaded:
        model = read_model(find(style))
        if model.card.kind != _PLAYED:
            raise ModelError(
                f"{str(model.path)!r} is a network of the kind {model.card.kind!r}, and only those "
                f"of the kind {_PLAYED!r} can paint so far; choose one: realtime-nst styles"
            )
        return _Loaded(model.card, model.digest, self._provider.open(model))


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
