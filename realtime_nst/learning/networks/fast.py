"""Networks for two CPU cores: everything dear happens at a fraction of the resolution."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from realtime_nst.learning.networks.blocks import (
    Binomial,
    ConvNorm,
    NearestConv,
    Residual,
    StyleNetwork,
)


class FastNet(StyleNetwork):
    """Space-to-depth by ``fold``, residual blocks, and a way back to full size that leaves no grid.

    On a CPU memory traffic at full resolution is what costs, so the frame is folded into
    3 ``fold``² channels at once (Shi et al. 2016, inverted). The way back is a pixel shuffle of 2,
    a binomial low-pass whose zero lies on the shuffle's grid, and for each further doubling a
    nearest-neighbour convolution; ``detail`` channels arrive at half the resolution.
    """

    def __init__(self, fold: int = 4, width: int = 64, blocks: int = 4, detail: int = 16) -> None:
        super().__init__()
        self.size_multiple, self.size_minimum = fold, 2 * fold
        self.encode = nn.Sequential(nn.PixelUnshuffle(fold), ConvNorm(3 * fold**2, width))
        self.transform = nn.Sequential(*(Residual(width) for _ in range(blocks)))
        widths = [detail * 2**n for n in reversed(range(fold.bit_length() - 2))]
        self.decode = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(width, 4 * widths[0], 3),
            nn.PixelShuffle(2),
            Binomial(widths[0]),
        )
        for inputs, outputs in pairwise([*widths, 3]):
            self.decode.extend([nn.ReLU(), NearestConv(inputs, outputs)])

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.decode(self.transform(self.encode(x))))
