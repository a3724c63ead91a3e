"""Style losses by maximum mean discrepancy: style as the distribution of feature vectors.

Li et al. 2017, "Demystifying Neural Style Transfer", with its three kernels. Deviation of all
three: divided by the painting's discrepancy to a result without features. ``style`` is always the
painting's features ``[1, C, h, w]``.
"""

import math

import torch
from torch import Tensor

from realtime_nst.learning.tensors import gram

_TINY = 1e-12


class MmdLinear:
    """Kernel ``x·y``: the squared distance of the mean features."""

    def __init__(self, style: Tensor) -> None:
        self._target = _mean(style.detach())
        self._norm = self._target.pow(2).sum().clamp_min(_TINY)

    def __call__(self, result: Tensor) -> Tensor:
        return (_mean(result) - self._target).pow(2).sum(1).mean() / self._norm


class MmdPolynomial:
    """Kernel ``(x·y + c)²``: Gram matrices and, weighted by ``2c``, means. Exact, over all places.

    ``c`` is the squared norm of the painting's mean feature. The paper has 0, which would be the
    Gram loss.
    """

    def __init__(self, style: Tensor) -> None:
        self._mean, self._products = _mean(style.detach()), _products(style.detach())
        self._twice_c = 2 * self._mean.pow(2).sum()
        self._norm = self._weigh(self._products, self._mean).mean().clamp_min(_TINY)

    def __call__(self, result: Tensor) -> Tensor:
        difference = _products(result) - self._products, _mean(result) - self._mean
        return self._weigh(*difference).mean() / self._norm

    def _weigh(self, products: Tensor, mean: Tensor) -> Tensor:
        return products.pow(2).sum(dim=(1, 2)) + self._twice_c * mean.pow(2).sum(1)


class MmdGaussian:
    """Kernel ``exp(-|x - y|² / 2σ²)``; σ² is the mean squared distance of the painting's features.

    The paper samples pairs of places, because the exact cost is quadratic in places. Deviation: the
    kernel is sampled instead, by ``frequencies`` random Fourier features (Rahimi and Recht 2007)
    that are drawn once from torch's generator. All places then count, at a linear cost, and the
    loss is the same function at every step, as L-BFGS needs.
    """

    def __init__(self, style: Tensor, frequencies: int = 128) -> None:
        values = style.detach().float()
        mean_square = values.pow(2).sum(1).mean()
        spread = 2 * (mean_square - _mean(values).pow(2).sum())
        width = spread.clamp_min(1e-3 * mean_square).clamp_min(_TINY).sqrt()
        directions = torch.randn(frequencies, values.shape[1])
        self._frequencies = directions.to(values.device) / width
        self._target = self._embed(values)
        self._norm = (self._target - self._embed(torch.zeros_like(values))).pow(2).sum()
        self._norm.clamp_min_(_TINY)

    def __call__(self, result: Tensor) -> Tensor:
        return (self._embed(result) - self._target).pow(2).sum(1).mean() / self._norm

    def _embed(self, features: Tensor) -> Tensor:
        """``[N, C, h, w]`` to the mean embedding ``[N, 2 frequencies]``."""
        phase = self._frequencies @ features.flatten(2).float()
        embedded = torch.cat((phase.cos().mean(2), phase.sin().mean(2)), dim=1)
        return embedded / math.sqrt(len(self._frequencies))


def _mean(features: Tensor) -> Tensor:
    return features.flatten(2).float().mean(2)


def _products(features: Tensor) -> Tensor:
    return gram(features) * features.shape[1]
