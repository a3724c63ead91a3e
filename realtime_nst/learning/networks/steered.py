"""Networks steered by a code from outside, and what they are built from."""

from abc import ABC, abstractmethod

import torch.nn.functional as F
from torch import Tensor, nn

from realtime_nst.learning.tensors import normalised, reflect_pad


class AdaptiveNorm(nn.Module):
    """Instance normalisation whose scale and shift come from outside (Huang and Belongie 2017).

    ``given``: ``[N, 2, C]``, scale and shift. Statistics are in float32, as in
    :class:`~realtime_nst.learning.networks.blocks.InstanceNorm`.
    """

    def forward(self, x: Tensor, given: Tensor) -> Tensor:
        scale, shift = (part.unsqueeze(-1).to(x.dtype) for part in given.unsqueeze(-1).unbind(1))
        return normalised(x).to(x.dtype) * scale + shift


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
        painted = F.relu(self.norm(self.first(reflect_pad(x)), first))
        return x + self.norm(self.second(reflect_pad(painted)), second)


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


class ArbitraryNetwork(SteeredNetwork):
    """Paints like any painting; two pure functions, all pictures in 0..1:

    ``encode_style(painting [N, 3, H, W]) -> code [N, code_size]``, once a painting, each of whose
    sides is at least ``painting_minimum``, and ``paint(frame [N, 3, H, W], code) -> image``.
    """

    painting_minimum: int

    @abstractmethod
    def encode_style(self, painting: Tensor) -> Tensor: ...

    def forward(self, frame: Tensor, painting: Tensor) -> Tensor:
        return self.paint(frame, self.encode_style(painting))
