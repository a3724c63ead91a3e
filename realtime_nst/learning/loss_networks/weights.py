"""Weights of loss networks: read from files, and checked before they are used."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from realtime_nst.errors import TrainingError, UsageError

Weights = Mapping[str, Tensor]
Convolution = tuple[Tensor, Tensor]
"""Kernel ``[out, in, side, side]`` and bias ``[out]``."""


def read_weights(path: Path) -> Weights:
    """The tensors in ``path`` by name. They are not checked here, as a file may hold more than the
    network needs.

    Raises UsageError if ``path`` is missing, TrainingError if it holds no tensors by name.
    """
    if not path.is_file():
        raise UsageError(f"loss network weights not found: {str(path)!r}; see `loss_weights`")
    try:
        weights = _load(path)
    except Exception as error:
        raise TrainingError(_unreadable(path, type(error).__name__)) from error
    if not isinstance(weights, dict):
        raise TrainingError(_unreadable(path, f"a {type(weights).__name__}"))
    return weights


def convolution_chain(
    weights: Weights, keys: Mapping[str, str], side: int = 3
) -> dict[str, Convolution]:
    """The consecutive convolutions of ``weights`` by name, the first of which takes an RGB picture.

    ``keys``: for each name, in order, the key of its weights. The last ones may be missing. Raises
    TrainingError for one that is missing in between, has no bias, or does not fit the one before.
    """
    there = [name for name, key in keys.items() if f"{key}.weight" in weights]
    last = list(keys).index(there[-1]) if there else 0
    found: dict[str, Convolution] = {}
    inputs = 3
    for name in list(keys)[: last + 1]:
        found[name] = _convolution(weights, keys[name], inputs, side)
        inputs = len(found[name][1])
    return found


def _convolution(weights: Weights, key: str, inputs: int, side: int) -> Convolution:
    kernel = _tensor(weights, f"{key}.weight", ("N", inputs, side, side))
    return kernel, _tensor(weights, f"{key}.bias", (len(kernel),))


def _tensor(weights: Weights, key: str, wanted: tuple[int | str, ...]) -> Tensor:
    """The tensor ``key``, checked to have the shape ``wanted``; a letter stands for any number."""
    value = weights.get(key)
    if not isinstance(value, Tensor) or not _fits(value.shape, wanted):
        raise TrainingError(_unfit(key, value, "x".join(map(str, wanted))))
    return value.float()


def _fits(shape: torch.Size, wanted: tuple[int | str, ...]) -> bool:
    return len(shape) == len(wanted) and all(
        n > 0 if isinstance(w, str) else n == w for n, w in zip(shape, wanted, strict=True)
    )


def _unfit(key: str, value: Any, wanted: str) -> str:
    held = "absent" if value is None else f"a {type(value).__name__}"
    if isinstance(value, Tensor):
        held = "x".join(map(str, value.shape)) or "a single number"
    return f"{key!r} is {held}, where {wanted} is expected; give undamaged weights"


def _load(path: Path) -> Any:
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        return load_file(path)
    return torch.load(path, map_location="cpu", weights_only=True)


def _unreadable(path: Path, what: str) -> str:
    return (
        f"{str(path)!r} cannot be read as network weights ({what}); give a .safetensors file, or a "
        ".pth file of tensors by name"
    )
