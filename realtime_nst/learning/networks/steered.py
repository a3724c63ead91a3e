"""Networks that take a code, which says how to paint, and their building blocks."""

from abc import abstractmethod

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from realtime_nst.learning.networks.blocks import PaintingNetwork
from realtime_nst.learning.tensors import normalised, reflect_pad


class AdaptiveNorm(nn.Module):
    """Instance normalisation whose scale and shift are inputs (Huang and Belongie 2017).

    ``given``: ``[N, 2, C]``, scale and shift. Statistics are in float32, as in
    :class:`~realtime_nst.learning.networks.blocks.InstanceNorm`.
    """

    def forward(self, x: Tensor, given: Tensor) -> Tensor:
        scale, shift = (part.unsqueeze(-1).to(x.dtype) for part in given.unsqueeze(-1).unbind(1))
        return normalised(x).to(x.dtype) * scale + shift


class AdaptiveResidual(nn.Module):
    """As :class:`~realtime_nst.learning.networks.blocks.Residual`, with adaptive normalisations.

    ``given``: ``[N, 2, 2, C]``, scale and shift of each of the two.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first, self.second = (nn.Conv2d(channels, channels, 3) for _ in range(2))
        self.norm = AdaptiveNorm()

    def forward(self, x: Tensor, given: Tensor) -> Tensor:
        first, second = given.unbind(1)
        painted = F.relu(self.norm(self.first(reflect_pad(x)), first))
        return x + self.norm(self.second(reflect_pad(painted)), second)


class SteeredNetwork(PaintingNetwork):
    """Paints a frame as a code says. A weighted mean of codes is a code."""

    code_size: int

    @abstractmethod
    def paint(self, frame: Tensor, code: Tensor) -> Tensor:
        """``frame`` ``[N, 3, H, W]`` in 0..1 and ``code`` ``[N, code_size]`` to a painted picture
        of the frame's shape and range."""


class StyledNetwork(SteeredNetwork):
    """A network of several styles. Codes are their blend weights; a row of the parameter ``styles``
    ``[styles, numbers]`` holds the numbers of one style."""

    def __init__(self, styles: Tensor) -> None:
        super().__init__()
        self.styles, self.code_size = nn.Parameter(styles), len(styles)

    def of_styles(self, code: Tensor) -> Tensor:
        """The weighted sum of the styles' numbers, ``[N, numbers]``, in float32."""
        with torch.autocast(code.device.type, enabled=False):
            return code.float() @ self.styles.float()

    def forward(self, frame: Tensor, code: Tensor) -> Tensor:
        return self.paint(frame, code)


class ArbitraryNetwork(SteeredNetwork):
    """Paints like any painting. Two pure functions on pictures in 0..1:

    ``encode_style(painting [N, 3, H, W]) -> code [N, code_size]``, run once a painting, and
    ``paint(frame [N, 3, H, W], code) -> image``. The sides of a painting are at least
    ``painting_minimum``.
    """

    painting_minimum: int

    @abstractmethod
    def encode_style(self, painting: Tensor) -> Tensor: ...

    def forward(self, frame: Tensor, painting: Tensor) -> Tensor:
        return self.paint(frame, self.encode_style(painting))
