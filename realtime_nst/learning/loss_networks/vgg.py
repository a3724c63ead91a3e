"""VGG-19 and its students as loss networks: chains of convolutions in blocks.

Layers are named as in the literature: ``reluB_C`` is block B, convolution C, after its ReLU.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from realtime_nst.errors import UnknownName
from realtime_nst.learning.loss_networks.weights import Convolution, Weights, convolution_chain
from realtime_nst.learning.tensors import reflect_pad

_BLOCKS = ((1, 2), (2, 2), (3, 4), (4, 4), (5, 4))
_NAMES = tuple(f"{b}_{c}" for b, n in _BLOCKS for c in range(1, n + 1))
_TORCHVISION_INDEX = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34)
_CAFFE_MEAN = (123.68, 116.779, 103.939)
_IMAGENET_MEAN, _IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

LAYERS = tuple(f"relu{name}" for name in _NAMES)
"""All layers of VGG-19, shallow first. A loss network may have fewer."""

Pooling = Callable[[Tensor, int], Tensor]
POOLINGS: Mapping[str, Pooling] = {"max": F.max_pool2d, "average": F.avg_pool2d}
"""Gatys et al. 2016 found pictures slightly better with average pooling."""

Vgg19Weights = tuple[dict[str, Convolution], tuple[float, ...], tuple[float, ...]]
"""Convolutions by name, and the mean and deviation of the pictures, in 0..1, that they take."""


class Chain(ABC):
    """3x3 convolutions in blocks, each followed by a ReLU. Every block but the first begins by
    halving the size. ``names`` of the convolutions are ``B_C``, block and convolution."""

    names: Sequence[str]
    pool: Pooling

    @property
    def layers(self) -> Sequence[str]:
        return [f"relu{name}" for name in self.names]

    @abstractmethod
    def enter(self, image: Tensor) -> Tensor:
        """``image`` ``[N, 3, H, W]`` in 0..1, as the first convolution takes it."""

    @abstractmethod
    def convolve(self, name: str, x: Tensor) -> Tensor:
        """The response of the convolution ``name`` before the ReLU, at the size of ``x``."""

    def halved(self, name: str, x: Tensor) -> Tensor:
        """``x`` as the convolution ``name`` takes it: halved if a block begins there."""
        return self.pool(x, 2) if name.endswith("_1") and name != "1_1" else x

    def features(self, image: Tensor) -> Iterator[tuple[str, Tensor]]:
        x = self.enter(image)
        for name in self.names:
            x = F.relu(self.convolve(name, self.halved(name, x)), inplace=True)
            yield f"relu{name}", x


class _FixedChain(Chain):
    """A chain of fixed convolutions, which run in ``dtype`` on ``device``. ``pooling`` is a name of
    POOLINGS."""

    def __init__(
        self,
        weights: Weights,
        dtype: torch.dtype = torch.float32,
        device: str = "cpu",
        pooling: str = "max",
    ) -> None:
        self.pool = pooling_of(pooling)
        self._dtype, self._device = dtype, device
        named = self._read(weights)
        self._convolutions = _cast(named, dtype, device)
        self.names = list(named)

    @abstractmethod
    def _read(self, weights: Weights) -> dict[str, Convolution]:
        """The convolutions of ``weights`` by name; sets what :meth:`enter` needs."""


class Vgg19(_FixedChain):
    """VGG-19 (Simonyan and Zisserman 2015), as deep as its weights go, with zero padding.

    Takes the Oxford weights (keys ``convB_C.weight``; RGB 0..255 minus the mean) or torchvision's
    (keys ``features.N.weight``; RGB 0..1, ImageNet mean and deviation).
    """

    def stand_in(self, layer: str) -> str:
        return ""

    def _read(self, weights: Weights) -> dict[str, Convolution]:
        named, mean, deviation = vgg19_weights(weights)
        self._mean, self._deviation = (
            torch.tensor(value, device=self._device).view(1, 3, 1, 1) for value in (mean, deviation)
        )
        return named

    def enter(self, image: Tensor) -> Tensor:
        return ((image - self._mean) / self._deviation).to(self._dtype)

    def convolve(self, name: str, x: Tensor) -> Tensor:
        return F.conv2d(x, *self._convolutions[name], padding=1)


class DistilledVgg19(_FixedChain):
    """A student of VGG-19 with a quarter of its channels (Collaborative Distillation, Wang et al.
    2020), with reflection padding.

    Keys are ``conv0`` (RGB 0..1 to BGR minus the mean) and ``convBC``. The features are the
    student's own, not mapped back to VGG-19's channels.
    """

    def stand_in(self, layer: str) -> str:
        return "student"

    def _read(self, weights: Weights) -> dict[str, Convolution]:
        first = convolution_chain(weights, {"0": "conv0"}, 1)
        self._first = _cast(first, torch.float32, self._device)["0"]
        return convolution_chain(weights, {n: f"conv{n.replace('_', '')}" for n in _NAMES})

    def enter(self, image: Tensor) -> Tensor:
        return F.conv2d(image, *self._first).to(self._dtype)

    def convolve(self, name: str, x: Tensor) -> Tensor:
        return F.conv2d(reflect_pad(x), *self._convolutions[name])


def random_loss_network(
    seed: int, dtype: torch.dtype = torch.float32, device: str = "cpu"
) -> Vgg19:
    """VGG-19 with random weights (He et al. 2015): as slow as the real one, for timing alone."""
    generator = torch.Generator().manual_seed(seed)
    weights: dict[str, Tensor] = {}
    inputs = 3
    for name in _NAMES:
        outputs = min(512, 32 * 2 ** int(name[0]))
        deviation = (2 / (9 * inputs)) ** 0.5
        shape = (outputs, inputs, 3, 3)
        weights[f"conv{name}.weight"] = torch.randn(shape, generator=generator) * deviation
        weights[f"conv{name}.bias"] = torch.zeros(outputs)
        inputs = outputs
    return Vgg19(weights, dtype, device)


def pooling_of(name: str) -> Pooling:
    """Raises UnknownName if ``name`` is not in POOLINGS."""
    if name not in POOLINGS:
        raise UnknownName("pooling", name, POOLINGS)
    return POOLINGS[name]


def is_vgg19(weights: Weights) -> bool:
    return "conv1_1.weight" in weights or "features.0.weight" in weights


def vgg19_weights(weights: Weights) -> Vgg19Weights:
    """Raises TrainingError for a tensor of the wrong shape."""
    if "conv1_1.weight" in weights:
        named = convolution_chain(weights, {n: f"conv{n}" for n in _NAMES})
        return named, tuple(m / 255 for m in _CAFFE_MEAN), (1 / 255,) * 3
    keys = {n: f"features.{i}" for n, i in zip(_NAMES, _TORCHVISION_INDEX, strict=True)}
    return convolution_chain(weights, keys), _IMAGENET_MEAN, _IMAGENET_STD


def _cast(
    named: Mapping[str, Convolution], dtype: torch.dtype, device: str
) -> dict[str, Convolution]:
    return {
        name: (w.to(device, dtype, memory_format=torch.channels_last), b.to(device, dtype))
        for name, (w, b) in named.items()
    }
