"""The image transformation network of Johnson, Alahi and Fei-Fei (ECCV 2016)."""

from torch import Tensor, nn

from realtime_nst.errors import UnknownName
from realtime_nst.learning.networks.blocks import ConvNorm, Residual, StyleNetwork, Upsample

_LOST = 8
"""Pixels on each side that an unpadded residual block costs, at the size of the input."""


class JohnsonNet(StyleNetwork):
    """Table 1 of the paper's supplement: reflection padding 40, 9x9 convolution, two of stride 2,
    five unpadded residual blocks, two upsamplings, 9x9 convolution. With other ``blocks`` the
    padding is what they cost.

    Deviations: instance normalisation by default, not batch normalisation (Ulyanov et al. 2016);
    upsampling by resize-convolution by default (``upsample="transposed"`` is the paper's);
    convolutions pad by reflection, not zeros; the scaled tanh at the end maps to 0..1; ``width``
    scales the channels 32-64-128 (1.0 is the paper's).
    """

    size_multiple = 4

    def __init__(
        self,
        width: float = 1.0,
        norm: str = "instance",
        upsample: str = "resize",
        blocks: int = 5,
    ) -> None:
        super().__init__()
        padding = _LOST * blocks
        self.size_minimum = padding + 4
        a, b, c = (round(width * n) for n in (32, 64, 128))
        if upsample not in ("resize", "transposed"):
            raise UnknownName("upsampling", upsample, ("resize", "transposed"))
        transposed = upsample == "transposed"
        self.body = nn.Sequential(
            nn.ReflectionPad2d(padding),
            ConvNorm(3, a, 9, norm=norm),
            ConvNorm(a, b, stride=2, norm=norm),
            ConvNorm(b, c, stride=2, norm=norm),
            *(Residual(c, norm, pad=False) for _ in range(blocks)),
            Upsample(c, b, norm, transposed),
            Upsample(b, a, norm, transposed),
            nn.ReflectionPad2d(4),
            nn.Conv2d(a, 3, 9),
            nn.Tanh(),
        )

    @property
    def feature_layer(self) -> nn.Module:
        return [block for block in self.body if isinstance(block, Residual)][-1]

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x) * 0.5 + 0.5
