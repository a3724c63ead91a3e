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

_DEFAULT = Optimisation()
_PRECISIONS = {"f32": torch.float32, "bf16": torch.bfloat16}


def precision_of(options: Optimisation) -> torch.dtype:
    """The type in which the loss networks run."""
    return _PRECISIONS.get(options.precision, best_device().dtype)


def load_extractor(paths: Sequence[Path], options: Optimisation) -> FeatureExtractor:
    """The loss networks in ``paths`` on the best device. The first that has a layer computes it.

    Raises the errors of :func:`~realtime_nst.learning.loss_networks.load.load_loss_network`.
    """
    dtype, device = precision_of(options), best_device().name
    return FeatureExtractor([load_loss_network(p, dtype, device, options.pooling) for p in paths])


def with_available_layers(
    options: Optimisation, extractor: FeatureExtractor
) -> tuple[Optimisation, str]:
    """``options``, with default layers that no loss network has replaced by the nearest, and a
    notice of that, empty if nothing was replaced.

    Layers that a person has named are kept, and are an error later if they are missing.
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


def _nearest(layer: str, available: Sequence[str]) -> str:
    """The nearest layer; of two at the same distance, the deeper one."""
    place = LAYERS.index(layer)
    known = sorted((name for name in available if name in LAYERS), key=LAYERS.index, reverse=True)
    return min(known, key=lambda name: abs(LAYERS.index(name) - place))


def _notice(changed: dict[str, tuple[str, ...]]) -> str:
    if not changed:
        return ""
    parts = (f"{name.partition('_')[0]} {', '.join(layers)}" for name, layers in changed.items())
    return f"the loss networks given lack some default layers; used instead: {'; '.join(parts)}"
