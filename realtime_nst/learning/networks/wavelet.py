"""Networks that keep a photo's details in wavelets: photorealistic style transfer."""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from realtime_nst.learning.networks.transformed import PlainResidual, TransformedNet
from realtime_nst.learning.networks.vgg import Vgg19Encoder, convolution
from realtime_nst.learning.transforms import build_transform
from realtime_nst.learning.transforms.transform import Transform

_CELL = 4
"""Two halvings. Paintings are cut to multiples of it, by a division: engines have no remainder."""


def haar(x: Tensor) -> tuple[Tensor, Tensor]:
    """``x`` ``[N, C, 2 h, 2 w]``, in Haar's wavelets: the low band ``[N, C, h, w]``, twice the
    mean, and the three high ones ``[N, 3 C, h, w]``. The transform is orthonormal."""
    a, b, c, d = (x[..., row::2, column::2] for row in (0, 1) for column in (0, 1))
    low, across, down = a + b + c + d, b + d - a - c, c + d - a - b
    return low / 2, torch.cat([across, down, a + d - b - c], 1) / 2


def from_haar(low: Tensor, high: Tensor) -> Tensor:
    """The inverse of :func:`haar`."""
    across, down, both = high.chunk(3, 1)
    corners = (low - across - down + both, low + across - down - both,
               low - across + down - both, low + across + down + both)  # fmt: skip
    return F.pixel_shuffle(torch.stack(corners, 2).flatten(1, 2) / 2, 2)


class WaveletNet(TransformedNet):
    """Encoder and decoder with Haar's wavelets in place of pooling, whose high bands go to the
    decoder as they are, and whitening and colouring of what is encoded at each size (WCT², Yoo et
    al. 2019).

    ``encode`` and ``decode`` have a part each for the frame's size, for half and for a quarter of
    it; the last ones of the encoder have ``channels``, which are transformed.
    """

    encode: "Light | Vgg19Encoder"

    def __init__(
        self, encode: nn.Module, channels: Sequence[int], decode: Sequence[nn.Module]
    ) -> None:
        finer = [build_transform("wct", n) for n in channels]
        super().__init__(encode, finer.pop(), nn.ModuleList(decode))
        self.finer = nn.ModuleList(finer)
        self._sizes = [transform.code_size for transform in self._transforms()]
        self.code_size = sum(self._sizes)

    def rebuild(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        features, high = self._encoded(picture)
        return features[-1], self._decoded(features[-1], high)

    def encode_style(self, painting: Tensor) -> Tensor:
        height, width = (side // _CELL * _CELL for side in painting.shape[2:])
        features, _ = self._encoded(painting[..., :height, :width])
        transforms = self._transforms()
        pairs = zip(transforms, features[-len(transforms) :], strict=True)
        return torch.cat([transform.code(found) for transform, found in pairs], 1)

    def paint(self, frame: Tensor, code: Tensor) -> Tensor:
        features, high = self._encoded(frame, code.split(self._sizes, 1))
        return self._decoded(features[-1], high)

    def _transforms(self) -> list[Transform]:
        return [*self.finer, self.transform]

    def _encoded(
        self, x: Tensor, codes: Sequence[Tensor] = ()
    ) -> tuple[list[Tensor], list[Tensor]]:
        """The features of each size, in the style of ``codes`` if there are any; the high bands
        between them."""
        features, high, parts = list[Tensor](), list[Tensor](), self.encode.parts()
        plain = len(parts) - len(self._sizes)
        for place, part in enumerate(parts):
            if place:
                x, bands = haar(x)
                high.append(bands)
            x = part(x)
            if codes and place >= plain:
                x = self._transforms()[place - plain](x, codes[place - plain])
            features.append(x)
        return features, high

    def _decoded(self, x: Tensor, high: Sequence[Tensor]) -> Tensor:
        *coarser, last = reversed(list(self.decode.children()))
        for part, bands in zip(coarser, reversed(high), strict=True):
            x = from_haar(part(x), bands)
        return last(x).clamp(0, 1)


class Light(nn.ModuleList):
    """The encoder's parts, which are trained."""

    def parts(self) -> list[Callable[[Tensor], Tensor]]:
        return list(self)


def wavelet_vgg(width: int = 64) -> WaveletNet:
    """The paper's network: VGG-19 as the encoder, and its mirror image. Deviations: VGG-19 goes to
    relu3_1, as no deeper layers are at hand; the decoder adds the high bands by the inverse
    transform (the paper's "sum"), and these are not whitened and coloured themselves."""
    return WaveletNet(
        Vgg19Encoder(width),
        (width, 2 * width, 4 * width),
        (
            nn.Sequential(*convolution(width, width), *_last(width, 3)),
            nn.Sequential(*convolution(2 * width, 2 * width), *convolution(2 * width, width)),
            nn.Sequential(*convolution(4 * width, 2 * width)),
        ),
    )


def wavelet_light(width: int = 64, half: int = 16, blocks: int = 2) -> WaveletNet:
    """For two cores: the picture itself is split, so nothing but that happens at its full size."""
    return WaveletNet(
        Light(
            [
                nn.Identity(),
                nn.Sequential(*convolution(3, half)),
                nn.Sequential(
                    *convolution(half, width), *(PlainResidual(width) for _ in range(blocks))
                ),
            ]
        ),
        (half, width),
        (
            nn.Identity(),
            nn.Sequential(nn.ReLU(), *_last(half, 3)),
            nn.Sequential(*(PlainResidual(width) for _ in range(blocks)), *_last(width, half)),
        ),
    )


def _last(inputs: int, outputs: int) -> Sequence[nn.Module]:
    return nn.ReflectionPad2d(1), nn.Conv2d(inputs, outputs, 3)
