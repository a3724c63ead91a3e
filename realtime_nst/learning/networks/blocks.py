"""The building blocks of style networks. All tensors are float ``[N, C, H, W]``."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from realtime_nst.errors import UnknownName
from realtime_nst.learning.tensors import reflect_pad

Network = TypeVar("Network", bound=nn.Module)


class PaintingNetwork(nn.Module, ABC):
    """Any network that paints frames. Their H and W are multiples of ``size_multiple`` and at least
    ``size_minimum``."""

    size_multiple: int
    size_minimum: int

    @property
    @abstractmethod
    def feature_layer(self) -> nn.Module:
        """The module whose output temporal losses on features look at; run once a frame."""


class StyleNetwork(PaintingNetwork):
    """Maps ``[N, 3, H, W]`` RGB in 0..1 to the same shape and range."""


@contextmanager
def features_of(network: PaintingNetwork) -> Iterator[list[Tensor]]:
    """A list that collects the output of ``network.feature_layer`` in float32, once a run."""
    collected: list[Tensor] = []
    hook = network.feature_layer.register_forward_hook(
        lambda _, __, output: collected.append(output.float())
    )
    try:
        yield collected
    finally:
        hook.remove()


class InstanceNorm(nn.InstanceNorm2d):
    """Affine instance normalisation (Ulyanov et al. 2016) with statistics in float32.

    In half precision the variance of a feature map overflows. Under autocast or in a half
    precision graph, the input is therefore converted to float32 and the result converted back.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(channels, affine=True)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.float()).to(x.dtype)


NORMALISATIONS = {"instance": InstanceNorm, "batch": nn.BatchNorm2d}


def normalisation(kind: str, channels: int) -> nn.Module:
    """Raises UnknownName if ``kind`` is not in NORMALISATIONS."""
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
    """Two 3x3 convolutions and a sum, without a ReLU after it (Gross and Wilber 2016).

    Without padding (``pad=False``, as in Johnson et al.) the input is cropped before the sum, and H
    and W shrink by 4.
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
    """Depthwise [1 2 1]/4 low-pass filter in both directions, with its zero at the Nyquist
    frequency.

    After a pixel shuffle of 2 it removes exactly the alternation of sub-pixels, which is the grid
    (Sugawara et al. 2018 use a box filter for the same purpose).
    """

    weight: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        line = torch.tensor([1.0, 2.0, 1.0]) / 4
        kernel = (line[:, None] * line[None, :]).expand(channels, 1, 3, 3).clone()
        self.register_buffer("weight", kernel, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(reflect_pad(x), self.weight.to(x.dtype), groups=x.shape[1])


class Fold(nn.PixelUnshuffle):
    """Space-to-depth of a picture: ``[N, 3, H, W]`` to ``[N, 3 f², H/f, W/f]``."""

    def plain(self) -> nn.Conv2d:
        """The same as a convolution, which every engine has. Exported as it is, space-to-depth
        takes shapes computed at run time and a transposition of six dimensions."""
        side = self.downscale_factor
        convolution = nn.Conv2d(3, 3 * side**2, side, side, bias=False)
        kernel = torch.eye(3 * side**2).view(-1, 3, side, side)
        convolution.weight = nn.Parameter(kernel)
        return convolution


class NearestConv(nn.Conv2d):
    """Doubles H and W by nearest neighbour, then applies a 3x3 convolution (Odena et al. 2016), at
    the cost of a convolution at the small size.

    Of the nine places that the kernel covers in the doubled map, only four are distinct. The four
    phases of the result are therefore convolutions of the small map, with sums of the kernel's rows
    and columns, interleaved by a pixel shuffle. This is exact: reflection at the doubled border is
    replication at the small size.
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
        """The same in standard layers, with the kernel computed: for export, not for training."""
        kernel, bias = self._at_the_small_size()
        convolution = nn.Conv2d(self.in_channels, 4 * self.out_channels, 3)
        convolution.weight, convolution.bias = nn.Parameter(kernel), nn.Parameter(bias)
        return nn.Sequential(nn.ReplicationPad2d(1), convolution, nn.PixelShuffle(2))

    def _at_the_small_size(self) -> tuple[Tensor, Tensor]:
        assert self.bias is not None
        kernel = torch.einsum("pya,qxb,oiab->opqiyx", self.phases, self.phases, self.weight)
        return kernel.flatten(0, 2), self.bias.repeat_interleave(4)


def in_standard_layers(
    network: Network, kinds: tuple[type[nn.Module], ...] = (Fold, NearestConv)
) -> Network:
    """``network`` itself, with each layer of ``kinds`` in its plain form."""
    for name, child in network.named_children():
        if isinstance(child, kinds) and isinstance(child, Fold | NearestConv):
            setattr(network, name, child.plain())
        else:
            in_standard_layers(child, kinds)
    return network


def in_half_precision(network: Network) -> Network:
    """``network`` itself in float16, except for its normalisations, whose statistics would
    overflow."""
    network.half()
    for module in network.modules():
        if isinstance(module, tuple(NORMALISATIONS.values())):
            module.float()
    return network
