"""The loss networks of an optimisation, and the layers they have."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from realtime_nst.learning.device import best_device
from realtime_nst.learning.loss_networks.features import FeatureExtractor
from realtime_nst.learning.loss_networks.load import load_loss_network
from realtime_nst.learning.loss_networks.vgg import LAYERS
from realtime_nst.learning.optimise.options import Optimisation

_PRECISIONS = {"f32": torch.float32, "bf16": torch.bfloat16}


def precision_of(options: Optimisation) -> torch.dtype:
    """The type that the loss network runs in."""
    return _PRECISIONS.get(options.precision, best_device().dtype)


def load_extractor(paths: Sequence[Path], options: Optimisation) -> FeatureExtractor:
    """The loss networks of ``paths`` on the best device; the first that has a layer serves it.

    Raises as :func:`~realtime_nst.learning.losses.extractor.load_loss_network` does.
    """
    dtype, device = precision_of(options), best_device().name
    return FeatureExtractor([load_loss_network(p, dtype, device, options.pooling) for p in paths])


_DEFAULT = Optimisation()


def with_layers_at_hand(
    options: Optimisation, extractor: FeatureExtractor
) -> tuple[Optimisation, str]:
    """``options`` with default layers that are absent replaced by the nearest, and a notice of it.

    The notice is empty where nothing was replaced. Layers that differ from the default were named
    by a person and stay: one of them that is absent is an error later.
    """
    changed: dict[str, tuple[str, ...]] = {}
    for name in ("content_layers", "style_layers"):
        wanted = getattr(options, name)
        if wanted != getattr(_DEFAULT, name):
            continue
        found = tuple(dict.fromkeys(_nearest(layer, extractor.layers) for layer in wanted))
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
