"""What to look at where the loss networks at hand have not all layers of VGG-19."""

from collections.abc import Sequence
from dataclasses import replace

from realtime_nst.learning.losses.perception import LAYERS, Perception
from realtime_nst.learning.optimise.options import Optimisation

_DEFAULT = Optimisation()


def with_layers_at_hand(options: Optimisation, perception: Perception) -> tuple[Optimisation, str]:
    """``options`` with default layers that are absent replaced by the nearest, and a notice of it.

    The notice is empty where nothing was replaced. Layers that differ from the default were named
    by a person and stay: one of them that is absent is an error later.
    """
    changed: dict[str, tuple[str, ...]] = {}
    for name in ("content_layers", "style_layers"):
        wanted = getattr(options, name)
        if wanted != getattr(_DEFAULT, name):
            continue
        found = tuple(dict.fromkeys(_nearest(layer, perception.layers) for layer in wanted))
        if found != wanted:
            changed[name] = found
    return replace(options, **changed), _notice(changed)  # type: ignore[arg-type]


def _nearest(layer: str, there: Sequence[str]) -> str:
    """Of two as near, the deeper one."""
    place = LAYERS.index(layer)
    known = sorted((name for name in there if name in LAYERS), key=LAYERS.index, reverse=True)
    return min(known, key=lambda name: abs(LAYERS.index(name) - place))


def _notice(changed: dict[str, tuple[str, ...]]) -> str:
    if not changed:
        return ""
    parts = (f"{name.partition('_')[0]} {', '.join(layers)}" for name, layers in changed.items())
    return (
        f"the loss networks at hand have not all default layers; used instead: {'; '.join(parts)}"
    )
