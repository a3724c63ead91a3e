"""Discriminators: networks that tell paintings from results."""

from torch import Tensor, nn

from realtime_nst.learning.networks.blocks import InstanceNorm


class PatchDiscriminator(nn.Module):
    """Pictures ``[N, 3, H, W]`` in 0..1 to scores ``[N, 1, h, w]``, each of a patch of 70x70 pixels
    (Isola et al. 2017; CycleGAN, Zhu et al. 2017): 4x4 convolutions of stride 2 to ``width``, twice
    and four times that many channels, two of stride 1; instance normalisation but for the first and
    the last; LeakyReLU.

    With ``domains`` it also gives ``[N, domains]``, to which domain a picture belongs (StarGAN,
    Choi et al. 2018); here the mean over the patches.
    """

    def __init__(self, width: int = 64, domains: int = 0) -> None:
        super().__init__()
        widths = (3, width, 2 * width, 4 * width, 8 * width)
        layers: list[nn.Module] = []
        for n, inputs in enumerate(widths[:-1]):
            layers.append(nn.Conv2d(inputs, widths[n + 1], 4, 2 if n < 3 else 1, padding=1))
            if n:
                layers.append(InstanceNorm(widths[n + 1]))
            layers.append(nn.LeakyReLU(0.2))
        self.body = nn.Sequential(*layers)
        self.head = nn.Conv2d(8 * width, 1 + domains, 4, padding=1)

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        found = self.head(self.body(picture * 2 - 1))
        return found[:, :1], found[:, 1:].mean((2, 3))


class FeatureDiscriminator(nn.Module):
    """Features of a loss network to a score at each place (MGAN, Li and Wand 2016): of patches of
    relu3_1, through LeakyReLU, 4x4 convolutions to 256 and 512 channels and a 1x1 convolution."""

    def __init__(self, channels: int, width: int = 256) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.LeakyReLU(0.2), nn.Conv2d(channels, width, 4, 2, padding=1), InstanceNorm(width),
            nn.LeakyReLU(0.2), nn.Conv2d(width, 2 * width, 4, 1, padding=1),
            nn.LeakyReLU(0.2), nn.Conv2d(2 * width, 1, 1),
        )  # fmt: skip

    def forward(self, features: Tensor) -> Tensor:
        return self.body(features.float())
