"""AdaIN as in the paper: a fixed VGG-19 as the encoder, and its mirror image as the decoder."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from realtime_nst.errors import TrainingError
from realtime_nst.learning.networks.blocks import NearestConv
from realtime_nst.learning.networks.transformed import TransformedNet
from realtime_nst.learning.tensors import reflect_pad
from realtime_nst.learning.transforms import build_transform

_WIDTHS = {"1_1": 1, "1_2": 1, "2_1": 2, "2_2": 2, "3_1": 4}
"""Channels of each convolution, as multiples of the first's."""


class VggNet(TransformedNet):
    """VGG-19 through relu3_1, which is fixed; a transform; and a mirror image of VGG-19, which is
    trained: nearest neighbour where VGG-19 pools, reflection padding, no normalisation (Huang and
    Belongie 2017, who go to relu4_1). ``width``: channels of the first convolutions.

    VGG-19 is built with random weights; :meth:`Vgg19Encoder.take` gives it its own.
    """

    encode: "Vgg19Encoder"

    def __init__(self, transform: str, width: int = 64) -> None:
        super().__init__(Vgg19Encoder(width), build_transform(transform, 4 * width), _mirror(width))


class Vgg19Encoder(nn.Module):
    """``[N, 3, H, W]`` in 0..1 to relu3_1, ``[N, 4 width, H/4, W/4]``. Nothing in it is trained."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        widths = {name: times * width for name, times in _WIDTHS.items()}
        inputs = (3, *widths.values())
        self.convolutions = nn.ModuleDict(
            {n: nn.Conv2d(i, o, 3) for (n, o), i in zip(widths.items(), inputs, strict=False)}
        )
        for layer in self.convolutions.values():
            assert isinstance(layer, nn.Conv2d)
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        self.requires_grad_(False)
        for name, value in (("mean", 0.5), ("deviation", 0.25)):
            self.register_buffer(name, torch.full((1, 3, 1, 1), value))

    def take(
        self,
        convolutions: Mapping[str, tuple[Tensor, Tensor]],
        mean: Sequence[float],
        deviation: Sequence[float],
    ) -> None:
        """Take the kernels and biases of VGG-19 by name ("1_1"), and the ``mean`` and ``deviation``
        that normalise its pictures. Raises TrainingError for one that is missing or does not
        fit."""
        for name, layer in self.convolutions.items():
            kernel, bias = convolutions.get(name, (torch.empty(0), torch.empty(0)))
            wanted = layer.state_dict()["weight"].shape
            if kernel.shape != wanted:
                held = tuple(kernel.shape) if name in convolutions else "absent"
                raise TrainingError(
                    f"convolution {name} of the loss weights is {held}, where {tuple(wanted)} is "
                    "expected; give those of VGG-19 with `loss_weights`"
                )
            layer.load_state_dict({"weight": kernel, "bias": bias})
        self.mean.copy_(torch.tensor(mean).view_as(self.mean))
        self.deviation.copy_(torch.tensor(deviation).view_as(self.deviation))

    def parts(self) -> list[Callable[[Tensor], Tensor]]:
        """The blocks, between which the features are halved."""
        blocks = dict.fromkeys(name[0] for name in self.convolutions)
        return [partial(self._block, block) for block in blocks]

    def forward(self, x: Tensor) -> Tensor:
        first, *others = self.parts()
        x = first(x)
        for block in others:
            x = block(F.max_pool2d(x, 2))
        return x

    def _block(self, block: str, x: Tensor) -> Tensor:
        if block == "1":
            x = (x - self.mean) / self.deviation
        for name, layer in self.convolutions.items():
            if name.startswith(block):
                x = F.relu(layer(reflect_pad(x)))
        return x


def _mirror(width: int) -> nn.Sequential:
    return nn.Sequential(
        *convolution(4 * width, 2 * width), NearestConv(2 * width, 2 * width), nn.ReLU(),
        *convolution(2 * width, width), NearestConv(width, width), nn.ReLU(),
        nn.ReflectionPad2d(1), nn.Conv2d(width, 3, 3),
    )  # fmt: skip


def convolution(inputs: int, outputs: int) -> Sequence[nn.Module]:
    """3x3, padded by reflection, and ReLU."""
    return nn.ReflectionPad2d(1), nn.Conv2d(inputs, outputs, 3), nn.ReLU()
