"""Networks for two CPU cores: all costly work happens at a fraction of the resolution."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from realtime_nst.learning.networks.blocks import (
    Binomial,
    ConvNorm,
    Fold,
    NearestConv,
    Residual,
    StyleNetwork,
)


class FastNet(StyleNetwork):
    """Space-to-depth by ``fold``, residual blocks, and a way back to full size that leaves no grid.

    On a CPU, memory traffic at full resolution dominates, so the frame is folded into 3 ``fold``²
    channels at once (Shi et al. 2016, inverted). On the way back, the first doubling is a pixel
    shuffle and a binomial low-pass filter whose zero lies on the shuffle's grid (``first``
    "shuffle"), or a nearest-neighbour convolution ("nearest"). The other doublings, and an only
    one, are nearest-neighbour convolutions. ``detail`` channels arrive at half the resolution.
    """

    def __init__(
        self,
        fold: int = 4,
        width: int = 64,
        blocks: int = 4,
        detail: int = 16,
        first: str = "shuffle",
    ) -> None:
        super().__init__()
        self.size_multiple, self.size_minimum, self.width = fold, 2 * fold, width
        self.encode = nn.Sequential(Fold(fold), ConvNorm(3 * fold**2, width))
        self.transform = nn.Sequential(*(Residual(width) for _ in range(blocks)))
        self.decode = way_back(fold, width, detail, first)

    @property
    def feature_layer(self) -> nn.Module:
        return self.transform[-1] if len(self.transform) else self.encode

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.decode(self.transform(self.encode(x))))


def way_back(fold: int, width: int, detail: int, first: str = "shuffle") -> nn.Sequential:
    """From ``width`` channels of a map folded by ``fold`` to a picture, as in :class:`FastNet`."""
    widths = [detail * 2**n for n in reversed(range(fold.bit_length() - 2))]
    if first == "nearest" or not widths:
        widths.insert(0, width)
        decode = nn.Sequential()
    else:
        decode = _shuffled(width, widths[0])
    for inputs, outputs in pairwise([*widths, 3]):
        decode.extend([nn.ReLU(), NearestConv(inputs, outputs)])
    return decode


def _shuffled(inputs: int, outputs: int) -> nn.Sequential:
    """Doubles H and W by a pixel shuffle whose grid a low-pass filter removes."""
    return nn.Sequential(
        nn.ReflectionPad2d(1),
        nn.Conv2d(inputs, 4 * outputs, 3),
        nn.PixelShuffle(2),
        Binomial(outputs),
    )
