"""The features that losses compare: those of a batch of pictures in one or more loss networks."""

from collections.abc import Iterator, Sequence
from typing import Protocol

import torch.nn.functional as F
from torch import Tensor

from realtime_nst.errors import TrainingError


class LossNetwork(Protocol):
    """A fixed network whose layers losses compare."""

    @property
    def layers(self) -> Sequence[str]: ...

    def stand_in(self, layer: str) -> str:
        """What gives ``layer`` in place of VGG-19, in a word or two; empty if that is itself."""
        ...

    def features(self, image: Tensor) -> Iterator[tuple[str, Tensor]]:
        """Yield (layer, ``[N, C, h, w]``), shallow first, of ``image`` ``[N, 3, H, W]`` in 0..1.

        Lazy: each layer is computed when the iterator reaches it.
        """
        ...


class FeatureExtractor:
    """One or more loss networks as one; of those that have a layer, the first computes it."""

    def __init__(self, networks: Sequence[LossNetwork]) -> None:
        self._networks = networks
        self._owner = {layer: network for network in reversed(networks) for layer in network.layers}

    @property
    def layers(self) -> list[str]:
        return sorted(self._owner)

    def features(self, image: Tensor) -> "Features":
        """The features of ``image`` ``[N, 3, H, W]`` in 0..1, each computed on first use."""
        return Features(self, image)

    def owner(self, layer: str) -> LossNetwork:
        """Raises TrainingError if no loss network has ``layer``."""
        if layer not in self._owner:
            raise TrainingError(
                f"no loss network given has layer {layer!r} (layers: {', '.join(self.layers)}); "
                "give deeper weights with `loss_weights`, or set the weight of that loss to 0"
            )
        return self._owner[layer]


class Features:
    """One image batch, its features and its smaller versions, each computed at most once."""

    def __init__(self, extractor: FeatureExtractor, image: Tensor) -> None:
        self.image = image
        self._extractor = extractor
        self._running: dict[int, Iterator[tuple[str, Tensor]]] = {}
        self._found: dict[tuple[int, str], Tensor] = {}
        self._scaled: dict[float, Features] = {}

    def layer(self, name: str) -> Tensor:
        """``[N, C, h, w]``.

        Raises TrainingError if no loss network has the layer, or if the image is so small that the
        layer would be less than two cells wide or high.
        """
        owner = self._extractor.owner(name)
        _check_size(self.image, name)
        key = id(owner)
        if key not in self._running:
            self._running[key] = owner.features(self.image)
        while (key, name) not in self._found:
            reached, features = next(self._running[key])
            self._found[key, reached] = features
        return self._found[key, name]

    def at(self, scale: float) -> "Features":
        """The features of the image resized by ``scale`` (area average)."""
        if scale == 1:
            return self
        if scale not in self._scaled:
            smaller = F.interpolate(self.image, scale_factor=scale, mode="area")
            self._scaled[scale] = Features(self._extractor, smaller)
        return self._scaled[scale]

    def item(self, number: int) -> "Features":
        """The features of image ``number`` of the batch alone."""
        return _BatchItem(self, number)


class _BatchItem(Features):
    def __init__(self, whole: Features, number: int) -> None:
        self._whole, self._number = whole, number
        self.image = self._of(whole.image)

    def layer(self, name: str) -> Tensor:
        return self._of(self._whole.layer(name))

    def at(self, scale: float) -> Features:
        return _BatchItem(self._whole.at(scale), self._number)

    def _of(self, batch: Tensor) -> Tensor:
        return batch[self._number : self._number + 1]


def _check_size(image: Tensor, layer: str) -> None:
    height, width = image.shape[-2:]
    least = 2 ** int(layer[4])
    if min(height, width) < least:
        raise TrainingError(
            f"a picture of {width}x{height} pixels is too small for layer {layer!r}, which needs "
            f"{least} a side; give a larger or less narrow one, shallower layers or fewer scales"
        )
