"""MSG-Net (Zhang and Dana 2017, "Multi-style generative network for real-time transfer")."""

from torch import Tensor, nn

from realtime_nst.learning.networks.blocks import ConvNorm, InstanceNorm, NearestConv
from realtime_nst.learning.networks.transformed import TransformedNet
from realtime_nst.learning.transforms import build_transform

_EXPANSION = 4


class MsgNet(TransformedNet):
    """A 7x7 convolution to 64 channels and two bottlenecks of stride 2 to 128 and 4 ``width``
    channels, which also encode the painting; the transform CoMatch; six bottlenecks; two that
    double; a 7x7 convolution. Table 1 of the paper. A larger painting gives finer strokes.

    Deviations: instance normalisations learn a scale and a shift; a sigmoid at the end. The
    published models have a ``width`` of 128.
    """

    def __init__(self, width: int = 64, blocks: int = 6) -> None:
        channels = _EXPANSION * width
        super().__init__(
            nn.Sequential(
                ConvNorm(3, 64, 7), Bottleneck(64, 32, 2), Bottleneck(4 * 32, width, 2)
            ),
            build_transform("comatch", channels),
            nn.Sequential(
                *(Bottleneck(channels, width) for _ in range(blocks)),
                Bottleneck(channels, 32, up=True),
                Bottleneck(4 * 32, 16, up=True),
                InstanceNorm(64), nn.ReLU(), nn.ReflectionPad2d(3), nn.Conv2d(64, 3, 7),
            ),
        )  # fmt: skip


class Bottleneck(nn.Module):
    """Normalisation and ReLU before each of three convolutions, 1x1, 3x3 and 1x1, to four times
    ``inner`` channels, and a shortcut, of 1x1 where sizes differ (He et al. 2016, "Identity
    mappings"). ``up`` doubles both, by nearest neighbour."""

    def __init__(self, inputs: int, inner: int, stride: int = 1, up: bool = False) -> None:
        super().__init__()
        outputs = _EXPANSION * inner
        middle = [NearestConv(inner, inner)] if up else [
            nn.ReflectionPad2d(1), nn.Conv2d(inner, inner, 3, stride)
        ]  # fmt: skip
        self.body = nn.Sequential(
            InstanceNorm(inputs), nn.ReLU(), nn.Conv2d(inputs, inner, 1),
            InstanceNorm(inner), nn.ReLU(), *middle,
            InstanceNorm(inner), nn.ReLU(), nn.Conv2d(inner, outputs, 1),
        )  # fmt: skip
        self.shortcut = nn.Sequential()
        if up or stride > 1:
            self.shortcut.append(nn.Conv2d(inputs, outputs, 1, stride))
        if up:
            self.shortcut.append(nn.Upsample(scale_factor=2))

    def forward(self, x: Tensor) -> Tensor:
        return self.shortcut(x) + self.body(x)
