"""Networks in which each style is a bank of kernels, between an encoder and a decoder."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from realtime_nst.learning.networks.blocks import ConvNorm, Fold, InstanceNorm, Upsample
from realtime_nst.learning.networks.fast import way_back
from realtime_nst.learning.networks.noise import Noise
from realtime_nst.learning.networks.steered import StyledNetwork
from realtime_nst.learning.tensors import patches

_FOLD, _DETAIL = 4, 16
"""Both networks work at a quarter of the frame's size."""


def convolved(x: Tensor, kernels: Tensor, stride: int = 1) -> Tensor:
    """``x`` ``[N, C, h, w]``, each picture convolved with its own 3x3 kernels ``[N, O * 9 C]`` to
    ``[N, O, h, w]``: a product of matrices, as engines do not take kernels that are inputs.
    ``stride`` divides h and w."""
    columns = patches(x)[..., ::stride, ::stride]
    result = kernels.to(x.dtype).unflatten(1, (-1, columns.shape[1])) @ columns.flatten(2)
    return result.unflatten(2, columns.shape[2:])


class StyleBank(StyledNetwork):
    """An auto-encoder, and for each style a convolution 3x3 of its features (StyleBank, Chen
    Dongdong et al. 2017, section 3).

    Encoder of 9x9 to 32 channels, 3x3 of stride 2 to 64 and again to ``width``, and the decoder its
    mirror image, all with instance normalisation and ReLU. Deviations: the decoder doubles by
    nearest neighbour and convolution, a bank starts as the identity, a sigmoid at the end.
    ``light``: the frame is folded by 4, and FastNet's way back leads to full size.
    """

    def __init__(self, styles: int, width: int = 128, light: bool = False) -> None:
        identity = torch.zeros(width, 9, width)
        identity[:, 4] = torch.eye(width)
        super().__init__(identity.flatten().repeat(styles, 1))
        self.size_multiple, self.size_minimum = _FOLD, 2 * _FOLD
        self.encode = (
            nn.Sequential(Fold(_FOLD), ConvNorm(3 * _FOLD**2, width), ConvNorm(width, width))
            if light
            else nn.Sequential(
                ConvNorm(3, 32, 9), ConvNorm(32, 64, stride=2), ConvNorm(64, width, stride=2)
            )
        )
        self.decode = (
            nn.Sequential(ConvNorm(width, width), *way_back(_FOLD, width, _DETAIL))
            if light
            else nn.Sequential(
                Upsample(width, 64, "instance", False), Upsample(64, 32, "instance", False),
                nn.ReflectionPad2d(4), nn.Conv2d(32, 3, 9),
            )
        )  # fmt: skip

    @property
    def feature_layer(self) -> nn.Module:
        return self.encode

    def rebuild(self, photo: Tensor) -> Tensor:
        """``photo`` ``[N, 3, H, W]`` in 0..1 through encoder and decoder alone."""
        return torch.sigmoid(self.decode(self.encode(photo)))

    def paint(self, frame: Tensor, code: Tensor) -> Tensor:
        return torch.sigmoid(self.decode(convolved(self.encode(frame), self.of_styles(code))))


class Selected(StyledNetwork):
    """One generator told the style by a selector (Li Yijun et al. 2017, "Diversified texture
    synthesis", the transfer form of the authors' code): one-hot weights times a map of noise,
    convolved, are joined to the photo's features at a quarter of its size.

    A style's row holds its kernels of 3x3 from the noise to 2 ``width`` channels. Deviations:
    reflection padding, not circular; the noise stays the same after training; a sigmoid at the end.
    ``light``: the frame is folded by 4, and FastNet's way back leads to full size.
    """

    def __init__(self, styles: int, width: int = 256, light: bool = False) -> None:
        super().__init__(torch.randn(styles, 2 * width * 9) / 3)
        self.size_multiple, self.size_minimum = _FOLD, 2 * _FOLD
        half, quarter = width // 2, width // 4
        self.noise = Noise(1)
        self.selector = nn.Sequential(InstanceNorm(2 * width), nn.ReLU())
        self.encode = (
            nn.Sequential(Fold(_FOLD), ConvNorm(3 * _FOLD**2, half))
            if light
            else nn.Sequential(
                ConvNorm(3, quarter), ConvNorm(quarter, quarter), nn.MaxPool2d(2),
                ConvNorm(quarter, half), ConvNorm(half, half), nn.MaxPool2d(2),
            )
        )  # fmt: skip
        widths = (half + 2 * width, 2 * width, width, half, half, half, half)
        self.mix = nn.Sequential(*(ConvNorm(a, b) for a, b in pairwise(widths)))
        self.decode = (
            way_back(_FOLD, half, _DETAIL)
            if light
            else nn.Sequential(
                nn.Upsample(scale_factor=2), InstanceNorm(half),
                ConvNorm(half, quarter), ConvNorm(quarter, quarter),
                nn.Upsample(scale_factor=2), InstanceNorm(quarter),
                nn.ReflectionPad2d(1), nn.Conv2d(quarter, 3, 3),
            )
        )  # fmt: skip

    @property
    def feature_layer(self) -> nn.Module:
        return self.mix

    def paint(self, frame: Tensor, code: Tensor) -> Tensor:
        seen = self.encode(frame)
        told = self.selector(convolved(self.noise(seen), self.of_styles(code)))
        return torch.sigmoid(self.decode(self.mix(torch.cat([seen, told], 1))))
