"""Matching of second-order statistics by a learned matrix."""

import torch
from torch import Tensor, nn

from realtime_nst.learning.tensors import gram
from realtime_nst.learning.transforms.transform import Transform


class CoMatch(Transform):
    """Each place's features f become (W G)ᵀ f, where G is the Gram matrix of the painting's
    features and W is learned (MSG-Net, Zhang and Dana 2017, equation 4).

    The code holds G, which here is C times the paper's, the mean of products of channels, so that
    W can start as the identity. Deviation: the authors' code starts W with numbers of 0 to 0.02,
    from which all channels begin alike.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self._channels, self.code_size = channels, channels**2
        self.weight = nn.Parameter(torch.eye(channels))

    def code(self, style: Tensor) -> Tensor:
        with torch.autocast(style.device.type, enabled=False):
            return self._channels * gram(style.float()).flatten(1)

    def forward(self, content: Tensor, code: Tensor) -> Tensor:
        with torch.autocast(content.device.type, enabled=False):
            matrix = self.weight @ code.float().unflatten(1, (self._channels, -1))
            matched = matrix.mT @ content.float().flatten(2)
            return matched.view_as(content).to(content.dtype)
