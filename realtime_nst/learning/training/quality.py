"""The quality of a style network: losses on photos that it has not seen."""

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from realtime_nst.errors import TrainingError
from realtime_nst.learning.data.pictures import read_image, read_painted, to_image, to_tensor
from realtime_nst.learning.loss_networks.features import FeatureExtractor
from realtime_nst.learning.losses.content import content_terms
from realtime_nst.learning.losses.style_losses import style_terms
from realtime_nst.learning.losses.terms import LossInputs, Term
from realtime_nst.stream import Image

_STYLE_SIZE, _PHOTO_SIZE = 512, 320
_STYLE_LAYERS, _STYLE_SCALES = ("relu1_2", "relu2_2", "relu3_4"), (1.0, 0.5, 0.25)
_DEEP_LAYERS = ("relu4_4", "relu5_1")

DEEPEST = {
    "content": "relu3_3",
    "style": "relu3_4",
    "deep_style": "relu5_1",
    "deep_content": "relu4_1",
}
"""By loss, the deepest layer that it looks at."""

Network = Callable[[Tensor], Tensor]
"""From a photo to a result, both ``[1, 3, H, W]`` in 0..1."""


class Quality:
    """Four losses of a network with one painting. Lower is better.

    content: squared difference of features at relu3_3 over the photo's mean square. deep_content:
    the same at relu4_1. style: squared difference of Gram matrices over the painting's squared
    norm, summed over relu1_2, relu2_2, relu3_4 and the scales 1, 1/2 and 1/4. deep_style: the same
    at relu4_4 and relu5_1, at scale 1. Losses whose layers no loss network has are left out, and
    without a painting those of style. The painting has 512 pixels on its longer side. Photos have
    at most 320 on the shorter side, and sides that are multiples of 16.
    """

    def __init__(
        self, extractor: FeatureExtractor, painting: Path | None, device: str = "cpu"
    ) -> None:
        self._extractor, self._device = extractor, device
        with torch.no_grad():
            makers: dict[str, Callable[[], Term]] = {
                "content": lambda: content_terms(("relu3_3",)),
                "deep_content": lambda: content_terms(("relu4_1",)),
            }
            if painting:
                style = extractor.features(read_image(painting, _STYLE_SIZE).to(device))
                makers |= {
                    "style": lambda: style_terms(style, _STYLE_LAYERS, _STYLE_SCALES),
                    "deep_style": lambda: style_terms(style, _DEEP_LAYERS),
                }
            self._terms = {
                name: makers[name]()
                for name, layer in DEEPEST.items()
                if name in makers and layer in extractor.layers
            }

    @torch.no_grad()
    def __call__(self, network: Network, photos: Iterable[Path]) -> dict[str, float]:
        """The mean of each loss over ``photos``. Raises TrainingError if there are none."""
        images = (measured(photo).to(self._device) for photo in photos)
        rows = [self.between(image, painted(network, image)) for image in images]
        if not rows:
            raise TrainingError("no photos to measure on; hold out at least one")
        return mean(rows)

    @torch.no_grad()
    def between(self, photo: Tensor, result: Tensor) -> dict[str, float]:
        """Each loss of ``result``, painted from ``photo``: both ``[1, 3, H, W]`` in 0..1."""
        seen, made = self._extractor.features(photo), self._extractor.features(result)
        return self.of(LossInputs(seen, made, lambda x: x))

    def of(self, inputs: LossInputs) -> dict[str, float]:
        """Each loss of ``inputs``, whose features several paintings can share."""
        return {name: term(inputs).item() for name, term in self._terms.items()}


def measured(photo: Path) -> Tensor:
    """``photo`` at the size that it is measured at, ``[1, 3, H, W]`` in 0..1."""
    return _cut(read_image(photo, shorter=_PHOTO_SIZE))


def measured_pair(photo: Path, result: Path) -> tuple[Tensor, Tensor]:
    """``photo`` as :func:`measured` and ``result``, painted elsewhere from all of it, at that size.

    Raises MediaError if their shapes differ by more than a few pixels.
    """
    image = read_image(photo, shorter=_PHOTO_SIZE)
    return _cut(image), _cut(read_painted(result, photo, image))


def _cut(picture: Tensor) -> Tensor:
    return picture[..., : picture.shape[-2] // 16 * 16, : picture.shape[-1] // 16 * 16]


def painted(network: Network, photo: Tensor) -> Tensor:
    """What ``network`` makes of ``photo``, rounded to the grey levels of a file."""
    return network(photo).mul(255).round().clamp(0, 255) / 255


def mean_of(rows: Mapping[str, Mapping[str, float]], table: Path) -> dict[str, float]:
    """The mean of each loss over ``rows``, which are by painting and are written to ``table``."""
    names = list(next(iter(rows.values())))
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["painting", *names])
        writer.writerows([painting, *row.values()] for painting, row in rows.items())
    return mean(list(rows.values()))


def mean(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each loss over ``rows``, at least one."""
    return {name: sum(row[name] for row in rows) / len(rows) for name in rows[0]}


def as_network(stylizer: Callable[[Image], Image]) -> Network:
    """``stylizer``, which takes and gives RGB uint8, as a network."""
    return lambda photo: to_tensor(stylizer(to_image(photo))).to(photo.device)
