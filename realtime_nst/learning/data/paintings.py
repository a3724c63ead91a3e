"""Paintings for training: sampled evenly over artists, cropped, recoloured, mixed, or generated."""

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor
from torch.utils.data import Dataset

from realtime_nst.errors import TrainingError
from realtime_nst.learning.data.crops import cut
from realtime_nst.learning.data.pictures import decode, read_image
from realtime_nst.learning.data.textures import TEXTURES

INDEX = "INDEX.csv"
"""A table beside the paintings, with the columns "file" and "artist"."""

_NAMELESS = {"", "unknown", "anonymous"}
_MOST_UNREADABLE = 16
_COLOURS = 12
_LEAST = 32


def by_artist(paintings: Sequence[Path], folder: Path) -> list[list[Path]]:
    """``paintings`` in groups that weigh alike: an artist's works, or one work of nobody known.

    Artists are read from ``folder``/INDEX.csv; without it each painting is a group of its own. What
    stands in brackets after a name, as dates, does not count.
    """
    artists = _artists(folder / INDEX)
    groups: dict[str, list[Path]] = defaultdict(list)
    for path in paintings:
        name = re.sub(r"\(.*?\)", "", artists.get(path.name, "")).strip().casefold()
        groups[str(path) if name in _NAMELESS else name].append(path)
    return [groups[name] for name in sorted(groups)]


def _artists(index: Path) -> dict[str, str]:
    """Artist by file name; empty where there is no such table. Raises TrainingError for one that
    cannot be read."""
    if not index.is_file():
        return {}
    try:
        with index.open(encoding="utf-8", newline="") as file:
            return {row["file"]: row["artist"] or "" for row in csv.DictReader(file)}
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise TrainingError(
            f"{str(index)!r} cannot be read ({error}); give it the columns file and artist in "
            "UTF-8, or take it away"
        ) from error


def read_painting(path: Path, longest: int) -> Tensor:
    """``[1, 3, H, W]`` in 0..1, the longer side ``longest`` pixels.

    Raises as :func:`read_image` does, and TrainingError for a picture too thin to be encoded.
    """
    image = read_image(path, longest)
    if min(image.shape[-2:]) < _LEAST:
        width, height = image.shape[-1], image.shape[-2]
        raise TrainingError(
            f"{str(path)!r} is too thin for a painting: {width}x{height} pixels once scaled, and "
            f"{_LEAST} a side are the least; cut it to a wider part"
        )
    return image


class Augmentation(Protocol):
    """How paintings are cropped and varied; shares are 0 to 1. A recipe has these fields."""

    @property
    def crop(self) -> int: ...
    @property
    def painting_zoom(self) -> float: ...
    @property
    def texture_share(self) -> float: ...
    @property
    def mixture_share(self) -> float: ...
    @property
    def colour_share(self) -> float: ...


@dataclass(frozen=True)
class PaintingCrops(Dataset[Tensor | TrainingError]):
    """Endless augmented squares of paintings, uint8 ``[3, crop, crop]``; sample ``i`` depends on
    ``seed`` and ``i`` alone.

    Groups of :func:`by_artist` are drawn evenly, then their paintings. A painting that cannot be
    read, or is narrower than 32 pixels, is passed over; too many in a row are a TrainingError.
    """

    groups: Sequence[Sequence[Path]]
    augmentation: Augmentation
    seed: int

    def __getitem__(self, index: int) -> Tensor | TrainingError:
        random = np.random.default_rng((self.seed, index, 1))
        image = self._sample(random)
        if isinstance(image, TrainingError):
            return image
        return torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)

    def _sample(self, random: Generator) -> np.ndarray | TrainingError:
        image = self._square(random)
        kind = random.random()
        if isinstance(image, TrainingError):
            return image
        if kind < self.augmentation.texture_share:
            image = _texture(image, random)
        elif kind < self.augmentation.texture_share + self.augmentation.mixture_share:
            other = self._square(random)
            if isinstance(other, TrainingError):
                return other
            image = mixed(image, other, random)
        return (
            recoloured(image, random) if random.random() < self.augmentation.colour_share else image
        )

    def _square(self, random: Generator) -> np.ndarray | TrainingError:
        path = self._draw(random)
        first = path
        for _ in range(_MOST_UNREADABLE):
            image = decode(path)
            if image is not None and min(image.shape[:2]) >= _LEAST:
                return cut(image, self.augmentation.crop, random, self.augmentation.painting_zoom)
            path = self._draw(random)
        return TrainingError(
            f"{_MOST_UNREADABLE} paintings in a row cannot be read or are narrower than {_LEAST} "
            f"pixels, the first of them {str(first)!r}; check the folder given with --paintings"
        )

    def _draw(self, random: Generator) -> Path:
        group = self.groups[int(random.integers(len(self.groups)))]
        return group[int(random.integers(len(group)))]


def mixed(one: np.ndarray, other: np.ndarray, random: Generator) -> np.ndarray:
    """A painting laid through the other, or in the other's colours (Reinhard et al. 2001)."""
    if random.random() < 0.5:
        share = random.uniform(0.3, 0.7)
        return cv2.addWeighted(one, share, other, 1 - share, 0)
    source, target = (
        cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB) for image in (one, other)
    )
    scale = (target.std((0, 1)) + 1) / (source.std((0, 1)) + 1)
    moved = (source - source.mean((0, 1))) * scale + target.mean((0, 1))
    return _to_bytes(cv2.cvtColor(moved.astype(np.float32), cv2.COLOR_LAB2RGB))


def recoloured(image: np.ndarray, random: Generator) -> np.ndarray:
    """Hue turned, saturation, contrast and brightness changed."""
    hsv = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0] + random.uniform(0, 360)) % 360
    hsv[..., 1] = (hsv[..., 1] * random.uniform(0.3, 1.5)).clip(0, 1)
    rgb = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)
    return _to_bytes((rgb - 0.5) * random.uniform(0.7, 1.3) + 0.5 + random.uniform(-0.1, 0.1))


def _texture(image: np.ndarray, random: Generator) -> np.ndarray:
    names = sorted(TEXTURES)
    pixels = image.reshape(-1, 3)
    colours = pixels[random.integers(0, len(pixels), _COLOURS)]
    return TEXTURES[names[random.integers(len(names))]](colours, image.shape[0], random)


def _to_bytes(image: np.ndarray) -> np.ndarray:
    return (image * 255).round().clip(0, 255).astype(np.uint8)


_SIDE = 8
_FEWEST_BITS = 10
"""Of 64; two pictures chosen at random differ in about 32."""


def near_duplicates(pictures: Iterable[Path], others: Sequence[Path]) -> list[Path]:
    """Those of ``pictures`` that look like one of ``others``; the unreadable look like none."""
    known = [mark for mark in map(_mark, others) if mark is not None]
    return [path for path in pictures if _is_near(_mark(path), known)]


def _is_near(mark: np.ndarray | None, known: Sequence[np.ndarray]) -> bool:
    return mark is not None and any((mark != other).sum() < _FEWEST_BITS for other in known)


def _mark(path: Path) -> np.ndarray | None:
    """Whether it gets lighter from left to right, at each place of a coarse grid."""
    image = decode(path)
    if image is None:
        return None
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    coarse = cv2.resize(grey, (_SIDE + 1, _SIDE), interpolation=cv2.INTER_AREA).astype(int)
    return np.asarray(coarse[:, 1:] > coarse[:, :-1])
