"""The loss networks as an optimisation wants them."""

from collections.abc import Sequence
from pathlib import Path

import torch

from realtime_nst.learning.device import best_device
from realtime_nst.learning.losses.perception import Perception, load_loss_network
from realtime_nst.learning.optimise.options import Optimisation

_PRECISIONS = {"f32": torch.float32, "bf16": torch.bfloat16}


def precision_of(options: Optimisation) -> torch.dtype:
    """The type that the loss network runs in."""
    return _PRECISIONS.get(options.precision, best_device().dtype)


def load_perception(paths: Sequence[Path], options: Optimisation) -> Perception:
    """The loss networks of ``paths`` on the best device; the first that has a layer serves it.

    Raises as :func:`~realtime_nst.learning.losses.perception.load_loss_network` does.
    """
    dtype, device = precision_of(options), best_device().name
    return Perception([load_loss_network(p, dtype, device, options.pooling) for p in paths])
