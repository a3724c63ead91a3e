"""Networks for any painting around a feature transform: encoder, transform, decoder."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from realtime_nst.learning.networks.blocks import Fold
from realtime_nst.learning.networks.fast import way_back
from realtime_nst.learning.networks.steered import ArbitraryNetwork
from realtime_nst.learning.tensors import reflect_pad
from realtime_nst.learning.transforms import build_transform
from realtime_nst.learning.transforms.transform import Transform

_FOLD = 4


class TransformedNet(ArbitraryNetwork):
    """An encoder for frames and paintings, whose features have a quarter of their size; a transform
    of the one to the style of the other; a decoder."""

    size_multiple, size_minimum = _FOLD, 2 * _FOLD
    painting_minimum = 16

    def __init__(self, encode: nn.Module, transform: Transform, decode: nn.Module) -> None:
        super().__init__()
        self.encode, self.transform, self.decode = encode, transform, decode
        self.code_size = transform.code_size

    @property
    def feature_layer(self) -> nn.Module:
        return self.transform

    def rebuild(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        """The features of ``picture`` ``[N, 3, H, W]`` in 0..1, with sides as a frame's, and the
        picture that they decode to without a transform."""
        features = self.encode(picture)
        return features, torch.sigmoid(self.decode(features))

    def encode_style(self, painting: Tensor) -> Tensor:
        return self.transform.code(self.encode(painting))

    def paint(self, frame: Tensor, code: Tensor) -> Tensor:
        return torch.sigmoid(self.decode(self.transform(self.encode(frame), code)))


class LightNet(TransformedNet):
    """A light encoder, trained with the rest, and FastNet's way back.

    Neither normalises, so that the features keep what tells a painting apart: with instance
    normalisation all paintings had the same means and deviations. There are ``blocks`` residual
    blocks on either side of the transform.
    """

    def __init__(self, transform: str, width: int = 64, blocks: int = 2, detail: int = 16) -> None:
        super().__init__(
            nn.Sequential(
                WholeFold(_FOLD),
                nn.ReflectionPad2d(1),
                nn.Conv2d(3 * _FOLD**2, width, 3),
                nn.ReLU(),
                *(PlainResidual(width) for _ in range(blocks)),
            ),
            build_transform(transform, width),
            nn.Sequential(
                *(PlainResidual(width) for _ in range(blocks)), *way_back(_FOLD, width, detail)
            ),
        )


class WholeFold(Fold):
    """For pictures of any size: the remainder at the right and at the bottom is cut off, as the
    plain form does."""

    def forward(self, x: Tensor) -> Tensor:
        height, width = (side - side % self.downscale_factor for side in x.shape[2:])
        return super().forward(x[:, :, :height, :width])


class PlainResidual(nn.Module):
    """:class:`~realtime_nst.learning.networks.blocks.Residual` without normalisation."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first, self.second = (nn.Conv2d(channels, channels, 3) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(reflect_pad(F.relu(self.first(reflect_pad(x)))))
