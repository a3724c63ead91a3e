"""Whitening and colouring."""

import torch
from torch import Tensor

from realtime_nst.learning.tensors import normalised, statistics
from realtime_nst.learning.transforms.transform import Transform

_RIDGE = 0.03
"""Added to the eigenvalues of a correlation matrix, whose mean is 1. It is more than what rounding
to bfloat16, in which engines may run the graph, changes; with a tenth of it the iteration diverges
there."""

_ITERATIONS = 18
"""Each step makes the root of a small eigenvalue half as large again: enough for 0.03 beside
256."""


class WhiteningColouring(Transform):
    """Mean and covariance of the channels become the painting's (Li et al. 2017).

    The code holds C means, and a matrix ``[C, C]`` whose product with its transpose is the
    painting's covariance. Two deviations from the paper: the roots are not computed by
    decomposition but iterated by matrix products alone (:func:`roots`), so that any engine runs
    them for each frame; and they are roots of the correlation plus a ridge, not of the covariance,
    so that directions below a thirtieth of the mean variance are amplified less. A painting in its
    own style stays as it is. Everything is in float32.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self._channels = channels
        self.code_size = channels + channels**2

    def code(self, style: Tensor) -> Tensor:
        with torch.autocast(style.device.type, enabled=False):
            mean, deviation = (each.flatten(1) for each in statistics(style))
            root, _ = roots(_correlation(normalised(style).flatten(2)))
            return torch.cat([mean, (deviation[..., None] * root).flatten(1)], 1)

    def forward(self, content: Tensor, code: Tensor) -> Tensor:
        with torch.autocast(content.device.type, enabled=False):
            mean, colouring = code.float().tensor_split([self._channels], 1)
            x = normalised(content).flatten(2)
            _, whitening = roots(_correlation(x))
            painted = colouring.unflatten(1, (-1, self._channels)) @ whitening @ x
            return (painted + mean[..., None]).view_as(content).to(content.dtype)


def roots(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """The square root of ``matrix`` and its inverse, by coupled Newton-Schulz steps (Higham 2008).

    ``matrix``: ``[N, C, C]`` float32, symmetric, with eigenvalues of about 0.03 to 256. The error
    of the results is less than 1e-4 of their norm, or a tenth in bfloat16.
    """
    size = matrix.square().mean((1, 2), keepdim=True).sqrt() * matrix.shape[-1]
    identity = torch.eye(matrix.shape[-1], device=matrix.device)
    half_more = 1.5 * identity
    root, inverse = matrix / size, identity.expand_as(matrix)
    for _ in range(_ITERATIONS):
        step = half_more - 0.5 * (inverse @ root)
        root, inverse = root @ step, step @ inverse
    return root * size.sqrt(), inverse / size.sqrt()


def _correlation(x: Tensor) -> Tensor:
    """The correlation matrix, plus the ridge, of ``[N, C, places]`` with mean 0 and deviation 1."""
    identity = torch.eye(x.shape[1], device=x.device)
    return x @ x.mT / x.shape[2] + _RIDGE * identity
