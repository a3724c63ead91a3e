"""Networks steered by a code from outside, and what they are built from."""

from abc import ABC, abstractmethod

import torch.nn.functional as F
from torch import Tensor, nn

EPSILON = 1e-5


class AdaptiveNorm(nn.Module):
    """Instance normalisation whose scale and shift come from outside (Huang and Belongie 2017).

    ``given``: ``[N, 2, C]``, scale and shift. Statistics are in float32, as in
    :class:`~realtime_nst.learning.networks.blocks.InstanceNorm`.
    """

    def forward(self, x: Tensor, given: Tensor) -> Tensor:
        scale, shift = (part.unsqueeze(-1).to(x.dtype) for part in given.unsqueeze(-1).unbind(1))
        return F.instance_norm(x.float(), eps=EPSILON).to(x.dtype) * scale + shift


class AdaptiveResidual(nn.Module):
    """As :class:`~realtime_nst.learning.networks.blocks.Residual`, both norms given from outside.

    ``given``: ``[N, 2, 2, C]``, for each of the two norms.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first, self.second = (nn.Conv2d(channels, channels, 3) for _ in range(2))
        self.norm = AdaptiveNorm()

    def forward(self, x: Tensor, given: Tensor) -> Tensor:
        first, second = given.unbind(1)
        painted = F.relu(self.norm(self.first(reflected(x)), first))
        return x + self.norm(self.second(reflected(painted)), second)


class SteeredNetwork(nn.Module, ABC):
    """Paints a frame as a code says. H and W are multiples of ``size_multiple`` and at least
    ``size_minimum``; a weighted mean of codes is a code."""

    size_multiple: int
    size_minimum: int
    code_size: int

    @abstractmethod
    def paint(self, frame: Tensor, code: Tensor) -> Tensor:
        """``frame`` ``[N, 3, H, W]`` in 0..1 and ``code`` ``[N, code_size]`` to a picture as the
        frame is."""


def reflected(x: Tensor) -> Tensor:
    """``x`` padded by one place."""
    return F.pad(x, (1,) * 4, mode="reflect")
