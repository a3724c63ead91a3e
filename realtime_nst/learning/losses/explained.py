"""How much of some features others hold."""

import torch
from torch import Tensor

_RIDGE = 1e-3
"""The share of the features' mean variance that is added to that of each."""
_TINY = 1e-9


def unexplained(features: Tensor, wanted: Tensor) -> Tensor:
    """The share, 0 to 1, of the variance of ``wanted`` ``[N, D, h, w]`` that no affine map of
    ``features`` ``[N, C, h, w]`` explains: what ridge regression leaves, its penalty included, in
    closed form."""
    x, y = _centred(features), _centred(wanted)
    variance, together = x.T @ x, x.T @ y
    least = _RIDGE * variance.diagonal().mean().clamp_min(_TINY)
    ridge = least * torch.eye(len(variance), device=x.device)
    explained = (together * torch.linalg.solve(variance + ridge, together)).sum()
    return 1 - explained / y.square().sum().clamp_min(_TINY)


def _centred(x: Tensor) -> Tensor:
    """``[places, channels]`` in float32, each channel with mean 0."""
    x = x.float().movedim(1, 3).flatten(0, 2)
    return x - x.mean(0)
