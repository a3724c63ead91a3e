"""Gram matrices and the style loss."""

import torch
from torch import Tensor


def gram(features: Tensor) -> Tensor:
    """``[N, C, h, w]`` to float32 ``[N, C, C]``: products of channels averaged over places, over C.

    Johnson et al. 2016, equation 3. The products are summed in the features' own type.
    """
    n, c, h, w = features.shape
    flat = features.reshape(n, c, h * w)
    return (flat @ flat.transpose(1, 2)).float() / (c * h * w)


class GramLoss:
    """Squared Frobenius distance of the result's Gram matrix to a painting's, mean over the batch.

    ``style``: the painting's features ``[1, C, h, w]``. Johnson et al. 2016, equation 4. Deviation:
    divided by the squared norm of the painting's Gram matrix, so that every layer counts alike.
    """

    def __init__(self, style: Tensor) -> None:
        self._target = gram(style.detach())
        self._norm = self._target.pow(2).sum().clamp_min(torch.finfo(torch.float32).tiny)

    def __call__(self, result: Tensor) -> Tensor:
        difference = gram(result) - self._target
        return difference.pow(2).sum(dim=(1, 2)).mean() / self._norm
