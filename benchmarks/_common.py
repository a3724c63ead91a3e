"""What several cases need: styles on providers, pictures to feed them, and shorter timings."""

from collections.abc import Iterable
from dataclasses import replace

from realtime_nst.bench.case import Settings
from realtime_nst.bench.timer import Timer
from realtime_nst.runtime.player import find_player
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.sources.synthetic import SyntheticSource
from realtime_nst.stream import Image

from ._macs import gmac

Size = tuple[int, int]
"""Width and height, pixels."""

_USUAL = (640, 480)


def label(size: Size) -> str:
    return f"{size[0]}x{size[1]}"


def usual(settings: Settings) -> Size:
    """640x480 where it was asked for, else the first size."""
    return _USUAL if _USUAL in settings.sizes else settings.sizes[0]


def gmac_of(style: str, painter: str, size: Size, stylizer: Stylizer) -> float:
    """GMAC of the network that plays ``style``, which ``stylizer`` has, for a frame."""
    return gmac(find_player(style, painter).network, *padded(size, stylizer))


def padded(size: Size, stylizer: Stylizer) -> Size:
    """The size the network computes on."""
    card = stylizer.card
    width, height = (
        -(-max(side, card.size_minimum) // card.size_multiple) * card.size_multiple for side in size
    )
    return width, height


def picture(size: Size, index: int = 0) -> Image:
    """Frame ``index`` of the synthetic scene."""
    return SyntheticSource(*size).picture(index)


def stylizers(
    settings: Settings, size: Size, providers: Iterable[str] | None = None
) -> dict[tuple[str, str], Stylizer]:
    """Each style on each provider, warm at ``size``, by (style, provider in use)."""
    found: dict[tuple[str, str], Stylizer] = {}
    for style in settings.styles:
        for provider in providers or settings.providers:
            stylizer = Stylizer(style, provider, painter=settings.painter)
            if (style, stylizer.provider) not in found:
                stylizer.warm_up(*size)
                found[style, stylizer.provider] = stylizer
    return found


def of_one_style(settings: Settings) -> Settings:
    """``settings`` with the first style alone."""
    return replace(settings, styles=settings.styles[:1])


def at_most(timer: Timer, repetitions: int, budget: float, warm_up: int = 1) -> Timer:
    """``timer`` for calls that take long: fewer of them, and no more seconds than ``budget``."""
    repetitions = min(timer.repetitions, repetitions)
    return replace(
        timer,
        repetitions=repetitions,
        warm_up=min(timer.warm_up, warm_up),
        budget=min(timer.budget, budget),
        least=min(timer.least, repetitions),
    )
