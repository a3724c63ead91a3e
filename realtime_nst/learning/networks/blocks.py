"""What the style networks are built from. All tensors are float ``[N, C, H, W]``."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from realtime_nst.errors import UnknownName


class StyleNetwork(nn.Module):
    """Maps ``[N, 3, H, W]`` RGB in 0..1 to the same shape and range.

    H and W are multiples of ``size_multiple`` and at least ``size_minimum``.
    """

    size_multiple: int
    size_minimum: int


class InstanceNorm(nn.InstanceNorm2d):
    """Instance normalisation (Ulyanov et al. 2016), affine, its statistics always in float32.

    In half precision the variance of a feature map overflows; under autocast or in a half
    precision graph the input is raised to float32 and the result lowered again.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(channels, affine=True)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.float()).to(x.dtype)


NORMALISATIONS = {"instance": InstanceNorm, "batch": nn.BatchNorm2d}


def normalisation(kind: str, channels: int) -> nn.Module:
    """Raises UnknownName when ``kind`` is not in NORMALISATIONS."""
    if kind not in NORMALISATIONS:
        raise UnknownName("normalisation", kind, NORMALISATIONS)
    return NORMALISATIONS[kind](channels)


class ConvNorm(nn.Sequential):
    """Reflection padding, convolution, normalisation and, by default, ReLU."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int = 3,
        stride: int = 1,
        norm: str = "instance",
        relu: bool = True,
        pad: bool = True,
    ) -> None:
        layers: list[nn.Module] = [nn.ReflectionPad2d(kernel // 2)] if pad else []
        layers += [nn.Conv2d(inputs, outputs, kernel, stride), normalisation(norm, outputs)]
        super().__init__(*layers, *([nn.ReLU()] if relu else []))


class Residual(nn.Module):
    """Two 3x3 convolutions and a sum, no ReLU after the sum (Gross and Wilber 2016).

    Unpadded (``pad=False``, as in Johnson et al.) the sum is cropped and H and W shrink by 4.
    """

    def __init__(self, channels: int, norm: str = "instance", pad: bool = True) -> None:
        super().__init__()
        self.crop = 0 if pad else 2
        self.body = nn.Sequential(
            ConvNorm(channels, channels, norm=norm, pad=pad),
            ConvNorm(channels, channels, norm=norm, pad=pad, relu=False),
        )

    def forward(self, x: Tensor) -> Tensor:
        return F.pad(x, (-self.crop,) * 4) + self.body(x) if self.crop else x + self.body(x)


class Upsample(nn.Sequential):
    """Doubles H and W: nearest neighbour and convolution (Odena et al. 2016), or transposed."""

    def __init__(self, inputs: int, outputs: int, norm: str, transposed: bool) -> None:
        if transposed:
            super().__init__(
                nn.ConvTranspose2d(inputs, outputs, 3, 2, padding=1, output_padding=1),
                normalisation(norm, outputs),
                nn.ReLU(),
            )
        else:
            super().__init__(nn.Upsample(scale_factor=2), ConvNorm(inputs, outputs, norm=norm))


class Binomial(nn.Module):
    """Depthwise [1 2 1]/4 low-pass in both directions; its zero lies at the Nyquist frequency.

    Behind a pixel shuffle of 2 it removes exactly the alternation of sub-pixels, the grid
    (Sugawara et al. 2018 use a box filter for the same end).
    """

    weight: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        line = torch.tensor([1.0, 2.0, 1.0]) / 4
        kernel = (line[:, None] * line[None, :]).expand(channels, 1, 3, 3).clone()
        self.register_buffer("weight", kernel, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        padded = F.pad(x, (1,) * 4, mode="reflect")
        return F.conv2d(padded, self.weight.to(x.dtype), groups=x.shape[1])


class Fold(nn.PixelUnshuffle):
    """Space-to-depth of a picture: ``[N, 3, H, W]`` to ``[N, 3 f², H/f, W/f]``."""

    def plain(self) -> nn.Conv2d:
        """The same as a convolution, which every engine has; space-to-depth in ONNX takes shapes
        worked out at run time and a transposition of six dimensions."""
        side = self.downscale_factor
        convolution = nn.Conv2d(3, 3 * side**2, side, side, bias=False)
        kernel = torch.eye(3 * side**2).view(-1, 3, side, side)
        convolution.weight = nn.Parameter(kernel)
        return convolution


class NearestConv(nn.Conv2d):
    """Doubles H and W by nearest neighbour, then a 3x3 convolution (Odena et al. 2016), at the cost
    of one at the small size.

    Of the nine places the kernel covers in the doubled map four are distinct, so the four phases of
    the result are convolutions of the small map with sums of the kernel's rows and columns, put
    together by a pixel shuffle. Exact: reflection at the doubled border is replication here.
    """

    phases: Tensor

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3)
        even, odd = ((1, 0, 0), (0, 1, 1), (0, 0, 0)), ((0, 0, 0), (1, 1, 0), (0, 0, 1))
        self.register_buffer("phases", torch.tensor((even, odd)).float(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        padded = F.pad(x, (1,) * 4, mode="replicate")
        return F.pixel_shuffle(F.conv2d(padded, *self._at_the_small_size()), 2)

    def plain(self) -> nn.Sequential:
        """The same in standard layers, its kernel worked out: for export, not for training."""
        kernel, bias = self._at_the_small_size()
        convolution = nn.Conv2d(self.in_channels, 4 * self.out_channels, 3)
        convolution.weight, convolution.bias = nn.Parameter(kernel), nn.Parameter(bias)
        return nn.Sequential(nn.ReplicationPad2d(1), convolution, nn.PixelShuffle(2))

    def _at_the_small_size(self) -> tuple[Tensor, Tensor]:
        assert self.bias is not None
        kernel = torch.einsum("pya,qxb,oiab->opqiyx", self.phases, self.phases, self.weight)
        return kernel.flatten(0, 2), self.bias.repeat_interleave(4)


def in_standard_layers(network: nn.Module) -> nn.Module:
    """``network`` itself, each :class:`Fold` and :class:`NearestConv` in its plain form."""
    for name, child in network.named_children():
        if isinstance(child, Fold | NearestConv):
            setattr(network, name, child.plain())
        else:
            in_standard_layers(child)
    return network
