"""Loss networks: fixed feature extractors whose layers the losses look at.

Layers are named as the literature does: ``reluB_C``, block B, convolution C, after the ReLU.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from realtime_nst.errors import TrainingError, UnknownName
from realtime_nst.learning.losses.bundled import load_bundled
from realtime_nst.learning.losses.chain import Chain, Pooling
from realtime_nst.learning.losses.weights import Convolution, Weights, chain, read_weights

_VGG19_BLOCKS = ((1, 2), (2, 2), (3, 4), (4, 4), (5, 4))
_CAFFE_MEAN = (123.68, 116.779, 103.939)
_IMAGENET_MEAN, _IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_NAMES = tuple(f"{b}_{c}" for b, n in _VGG19_BLOCKS for c in range(1, n + 1))
_TORCHVISION_INDEX = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34)

LAYERS = tuple(f"relu{name}" for name in _NAMES)
"""All layers of VGG-19, shallow first; a loss network at hand may have fewer."""

POOLINGS: Mapping[str, Pooling] = {
    "max": F.max_pool2d,
    "average": F.avg_pool2d,
}
"""Average pooling: Gatys et al. 2016 found its pictures slightly better."""


Vgg19Weights = tuple[dict[str, Convolution], tuple[float, ...], tuple[float, ...]]
"""Convolutions by name, and mean and deviation of the pictures, in 0..1, that they take."""


class LossNetwork(Protocol):
    @property
    def layers(self) -> Sequence[str]: ...

    def features(self, image: Tensor) -> Iterator[tuple[str, Tensor]]:
        """Yield (layer, ``[N, C, h, w]``), shallow first, of ``image`` ``[N, 3, H, W]`` in 0..1.

        Lazy: a layer is computed when the iterator reaches it.
        """
        ...


class Vgg19(Chain):
    """VGG-19 (Simonyan and Zisserman 2015), as deep as its weights go; zero padding.

    Takes the Oxford weights (keys ``convB_C.weight``; RGB 0..255 minus the mean) or torchvision's
    (keys ``features.N.weight``; RGB 0..1, ImageNet mean and deviation). ``dtype`` is the type the
    convolutions run in, on ``device``; ``pooling`` a name of ``POOLINGS``.
    """

    def __init__(
        self,
        weights: Weights,
        dtype: torch.dtype = torch.float32,
        device: str = "cpu",
        pooling: str = "max",
    ) -> None:
        self.pool = _pooling(pooling)
        named, mean, deviation = vgg19_weights(weights)
        self._mean = torch.tensor(mean, device=device).view(1, 3, 1, 1)
        self._deviation = torch.tensor(deviation, device=device).view(1, 3, 1, 1)
        self._convolutions = _cast(named, dtype, device)
        self._dtype = dtype
        self.names = list(named)

    def enter(self, image: Tensor) -> Tensor:
        return ((image - self._mean) / self._deviation).to(self._dtype)

    def convolve(self, name: str, x: Tensor) -> Tensor:
        return F.conv2d(x, *self._convolutions[name], padding=1)


class DistilledVgg19(Chain):
    """A student of VGG-19 with a quarter of its channels (Collaborative Distillation, Wang 2020).

    Keys ``conv0`` (RGB 0..1 to BGR minus mean) and ``convBC``; reflection padding. The features
    are the student's own, not mapped back to VGG's channels.
    """

    def __init__(
        self,
        weights: Weights,
        dtype: torch.dtype = torch.float32,
        device: str = "cpu",
        pooling: str = "max",
    ) -> None:
        self.pool = _pooling(pooling)
        keys = {n: f"conv{n.replace('_', '')}" for n in _NAMES}
        named = chain(weights, keys)
        self._first = _cast(chain(weights, {"0": "conv0"}, 1), torch.float32, device)["0"]
        self._convolutions = _cast(named, dtype, device)
        self._dtype = dtype
        self.names = list(named)

    def enter(self, image: Tensor) -> Tensor:
        return F.conv2d(image, *self._first).to(self._dtype)

    def convolve(self, name: str, x: Tensor) -> Tensor:
        return F.conv2d(F.pad(x, (1,) * 4, mode="reflect"), *self._convolutions[name])


class Perception:
    """Several loss networks behind one set of layer names; the first that has a layer serves it."""

    def __init__(self, networks: Sequence[LossNetwork]) -> None:
        self._networks = networks
        self._owner = {layer: network for network in reversed(networks) for layer in network.layers}

    @property
    def layers(self) -> list[str]:
        return sorted(self._owner)

    def view(self, image: Tensor) -> "View":
        """Features of ``image`` ``[N, 3, H, W]`` in 0..1, computed when asked for, once."""
        return View(self, image)

    def owner(self, layer: str) -> LossNetwork:
        """Raises TrainingError when no loss network at hand has ``layer``."""
        if layer not in self._owner:
            raise TrainingError(
                f"no loss network at hand has layer {layer!r} (layers: {', '.join(self.layers)}); "
                "give deeper weights with --loss-weights, or set the weight of that loss to 0"
            )
        return self._owner[layer]


class View:
    """One image batch, its features and its smaller versions, each computed at most once."""

    def __init__(self, perception: Perception, image: Tensor) -> None:
        self.image = image
        self._perception = perception
        self._running: dict[int, Iterator[tuple[str, Tensor]]] = {}
        self._found: dict[tuple[int, str], Tensor] = {}
        self._scaled: dict[float, View] = {}

    def layer(self, name: str) -> Tensor:
        """``[N, C, h, w]``.

        Raises TrainingError for a layer no loss network has, or of which the image gives less than
        two places a side.
        """
        owner = self._perception.owner(name)
        _check_room(self.image, name)
        key = id(owner)
        if key not in self._running:
            self._running[key] = owner.features(self.image)
        while (key, name) not in self._found:
            reached, features = next(self._running[key])
            self._found[key, reached] = features
        return self._found[key, name]

    def at(self, scale: float) -> "View":
        """The same image resized by ``scale`` (area average)."""
        if scale == 1:
            return self
        if scale not in self._scaled:
            smaller = F.interpolate(self.image, scale_factor=scale, mode="area")
            self._scaled[scale] = View(self._perception, smaller)
        return self._scaled[scale]

    def part(self, number: int) -> "View":
        """Image ``number`` of the batch alone."""
        return _Part(self, number)


class _Part(View):
    def __init__(self, whole: View, number: int) -> None:
        self._whole, self._number = whole, number
        self.image = self._of(whole.image)

    def layer(self, name: str) -> Tensor:
        return self._of(self._whole.layer(name))

    def at(self, scale: float) -> View:
        return _Part(self._whole.at(scale), self._number)

    def _of(self, batch: Tensor) -> Tensor:
        return batch[self._number : self._number + 1]


def load_loss_network(
    path: Path, dtype: torch.dtype = torch.float32, device: str = "cpu", pooling: str = "max"
) -> LossNetwork:
    """The loss network whose weights ``path`` (.safetensors, .pth) holds, told by its key names.

    Raises UsageError when the file is missing, UnknownName for an unknown ``pooling``,
    TrainingError when the file is unreadable, of an unknown network, or its tensors do not fit.
    """
    weights = read_weights(path)
    try:
        if "conv0.weight" in weights:
            return DistilledVgg19(weights, dtype, device, pooling)
        if "shallow.convolutions.1_1.weight" in weights:
            return load_bundled(weights, dtype, device, _pooling(pooling))
        if is_vgg19(weights):
            return Vgg19(weights, dtype, device, pooling)
    except TrainingError as error:
        raise TrainingError(f"{str(path)!r}: {error}") from error
    raise TrainingError(
        f"{str(path)!r} holds no loss network known here (VGG-19 of Oxford or torchvision, one "
        f"of its students); its first keys are {', '.join(map(str, [*weights][:3])) or 'none'}"
    )


def random_loss_network(
    seed: int, dtype: torch.dtype = torch.float32, device: str = "cpu"
) -> LossNetwork:
    """VGG-19 of random weights (He et al. 2015): takes as long as the real one, sees nothing."""
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


def _check_room(image: Tensor, layer: str) -> None:
    height, width = image.shape[-2:]
    least = 2 ** int(layer[4])
    if min(height, width) < least:
        raise TrainingError(
            f"a picture of {width}x{height} pixels is too small for layer {layer!r}, which needs "
            f"{least} a side; give a larger or less narrow one, shallower layers or fewer scales"
        )


def _pooling(name: str) -> Pooling:
    if name not in POOLINGS:
        raise UnknownName("pooling", name, POOLINGS)
    return POOLINGS[name]


def is_vgg19(weights: Weights) -> bool:
    return "conv1_1.weight" in weights or "features.0.weight" in weights


def vgg19_weights(weights: Weights) -> Vgg19Weights:
    """Raises TrainingError for a tensor that does not fit."""
    if "conv1_1.weight" in weights:
        named = chain(weights, {n: f"conv{n}" for n in _NAMES})
        return named, tuple(m / 255 for m in _CAFFE_MEAN), (1 / 255,) * 3
    keys = {n: f"features.{i}" for n, i in zip(_NAMES, _TORCHVISION_INDEX, strict=True)}
    return chain(weights, keys), _IMAGENET_MEAN, _IMAGENET_STD


def _cast(
    named: Mapping[str, Convolution], dtype: torch.dtype, device: str
) -> dict[str, Convolution]:
    return {
        name: (w.to(device, dtype, memory_format=torch.channels_last), b.to(device, dtype))
        for name, (w, b) in named.items()
    }
