"""The multi-scale generator of texture networks (Ulyanov et al., ICML 2016 and CVPR 2017)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from realtime_nst.learning.networks.blocks import ConvNorm, Fold, StyleNetwork, normalisation
from realtime_nst.learning.networks.fast import way_back
from realtime_nst.learning.networks.noise import Noise

_NOISE = 3


class TextureNet(StyleNetwork):
    """At each of the ratios 32, 16, 8, 4, 2 and 1, the photo, averaged to that size, and three
    channels of noise go through three convolutions to ``width`` channels. From the coarsest on,
    maps are doubled (nearest neighbour), joined with those of the next ratio, and convolved at
    their common width; a 1x1 convolution gives the picture. Figure 2 of the 2016 paper, and its
    authors' ``pyramid.lua``.

    Deviations: instance normalisation by default, as in the 2017 paper (``norm="batch"`` is that of
    2016); three channels of noise with the photo, where the code has either; reflection padding,
    not circular; a sigmoid at the end.

    ``fold`` is the finest ratio, 1 in the paper: above, the folded photo is seen there, and
    FastNet's way back leads to full size, which costs a tenth at a fold of 4.
    """

    def __init__(
        self, width: int = 8, ratios: int = 6, norm: str = "instance", fold: int = 1
    ) -> None:
        super().__init__()
        self._ratios = [fold * 2**n for n in reversed(range(ratios))]
        self.size_multiple, self.size_minimum = self._ratios[0], 2 * self._ratios[0]
        self.finest = Fold(fold)
        self.noise = Noise(_NOISE)
        seen = [3] * (ratios - 1) + [3 * fold**2]
        self.levels = nn.ModuleList(_convolutions(n + _NOISE, width, norm) for n in seen)
        self.joins = nn.ModuleList(_Join(n * width, width, norm) for n in range(1, ratios))
        whole = ratios * width
        self.decode = way_back(fold, whole, 16) if fold > 1 else nn.Conv2d(whole, 3, 1)

    @property
    def feature_layer(self) -> nn.Module:
        return self.joins[-1] if len(self.joins) else self.levels[-1]

    def forward(self, frame: Tensor) -> Tensor:
        coarse = [F.avg_pool2d(frame, ratio) for ratio in self._ratios[:-1]]
        shown = [*coarse, self.finest(frame)]
        first, *finer = (
            level(torch.cat([each, self.noise(each)], 1))
            for each, level in zip(shown, self.levels, strict=True)
        )
        x = first
        for join, own in zip(self.joins, finer, strict=True):
            x = join(x, own)
        return torch.sigmoid(self.decode(x))


class _Join(nn.Module):
    """A map, doubled, and one of the next ratio, both normalised, become one."""

    def __init__(self, coarse: int, own: int, norm: str) -> None:
        super().__init__()
        self.norms = nn.ModuleList(normalisation(norm, channels) for channels in (coarse, own))
        self.convolutions = _convolutions(coarse + own, coarse + own, norm)

    def forward(self, coarse: Tensor, own: Tensor) -> Tensor:
        doubled = F.interpolate(self.norms[0](coarse), scale_factor=2.0)
        return self.convolutions(torch.cat([doubled, self.norms[1](own)], 1))


def _convolutions(inputs: int, outputs: int, norm: str) -> nn.Sequential:
    return nn.Sequential(
        ConvNorm(inputs, outputs, norm=norm),
        ConvNorm(outputs, outputs, norm=norm),
        ConvNorm(outputs, outputs, 1, norm=norm),
    )
