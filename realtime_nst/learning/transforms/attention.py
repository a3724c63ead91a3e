"""Style attention."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from realtime_nst.learning.tensors import normalised
from realtime_nst.learning.transforms.transform import Transform

_POOLED = 4
_GRID = 16


class Attention(Transform):
    """Softmax attention from the places of the frame to those of the painting, on normalised
    features, projected and added to the content (SANet, Park and Lee 2019).

    The code holds keys and values, C numbers each, of 16x16 places of the painting; each is the
    mean of its surroundings (the paper takes all places). Scores are divided by the root of C
    (Vaswani et al. 2017), which the paper does not do. All projections start as the identity, so
    that similar features find each other from the first step: from random projections, the
    attention stayed uniform and every place took the same.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.code_size = 2 * channels * _GRID**2
        self._scale = channels**-0.5
        self.query, self.key, self.value, self.output = (
            nn.Conv2d(channels, channels, 1) for _ in range(4)
        )
        for layer in (self.query, self.key, self.value, self.output):
            _start_as_identity(layer)

    def code(self, style: Tensor) -> Tensor:
        keys, values = self.key(_pooled(normalised(style))), self.value(_pooled(style))
        return torch.cat([keys, values], 1).flatten(1).float()

    def forward(self, content: Tensor, code: Tensor) -> Tensor:
        keys, values = code.unflatten(1, (2, -1, _GRID**2)).to(content.dtype).unbind(1)
        queries = self.query(normalised(content).to(content.dtype)).flatten(2).mT
        weights = (queries @ keys * self._scale).softmax(2)
        taken = (weights @ values.mT).mT.reshape(content.shape)
        return content + self.output(taken)


def _start_as_identity(layer: nn.Conv2d) -> None:
    assert layer.bias is not None
    nn.init.dirac_(layer.weight)
    nn.init.zeros_(layer.bias)


def _pooled(x: Tensor) -> Tensor:
    """``x`` at 16x16 places."""
    means = F.avg_pool2d(x, _POOLED)
    return F.interpolate(means, (_GRID, _GRID), mode="bilinear")
