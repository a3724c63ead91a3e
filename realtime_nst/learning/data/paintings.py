"""Paintings for training: sampled evenly over artists, cropped, recoloured, mixed, or generated."""

import hashlib
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
from realtime_nst.learning.data.crops import crop_square
from realtime_nst.learning.data.pictures import (
    decode,
    find_paintings,
    hold_out,
    read_image,
    read_index,
)
from realtime_nst.learning.data.textures import TEXTURES

_UNKNOWN_ARTISTS = {"", "unknown", "anonymous"}
_MOST_UNREADABLE = 16
_COLOURS = 12
_LEAST = 32
_HASH_SIDE = 8
_MOST_BITS = 9
"""Different bits of 64 in near duplicates. Two random pictures differ in about 32."""


@dataclass(frozen=True)
class PaintingSplit:
    """The paintings of a run: ``groups`` to train on, as of :func:`by_artist`; ``unseen`` to show
    and measure the result on; ``left_out``, those of the folder that are not trained on. ``digest``
    is of the names of those that are."""

    groups: Sequence[Sequence[Path]]
    unseen: Sequence[Path]
    left_out: Sequence[Path]
    digest: str

    @property
    def count(self) -> int:
        """How many paintings there are to train on."""
        return sum(map(len, self.groups))


def split_paintings(folder: Path, held_out: int, unseen: Sequence[Path] = ()) -> PaintingSplit:
    """The paintings in ``folder``, without near duplicates of ``unseen``; without any ``unseen``,
    ``held_out`` of them are not trained on.

    Raises UsageError if there are no paintings, TrainingError if none is left to train on.
    """
    found = find_paintings(folder)
    if unseen:
        left_out = near_duplicates(found, unseen)
    else:
        _, left_out = hold_out(found, held_out)
    training = [path for path in found if path not in set(left_out)]
    if not training:
        raise TrainingError(
            f"nothing in {str(folder)!r} is left to train on: all of it is held out; give more "
            "`paintings`"
        )
    names = "\n".join(path.relative_to(folder).as_posix() for path in training)
    digest = hashlib.sha256(names.encode()).hexdigest()
    return PaintingSplit(by_artist(training, folder), unseen or left_out, left_out, digest)


def by_artist(paintings: Sequence[Path], folder: Path) -> list[list[Path]]:
    """``paintings`` in groups that are drawn equally often: the works of an artist, or one work of
    an unknown artist.

    Artists come from the INDEX.csv in ``folder``; without it each painting is a group. Brackets
    after a name, which hold dates, are ignored.
    """
    rows = read_index(folder, "artist")
    groups: dict[str, list[Path]] = defaultdict(list)
    for path in paintings:
        artist = rows.get(path.name, {}).get("artist") or ""
        name = re.sub(r"\(.*?\)", "", artist).strip().casefold()
        groups[str(path) if name in _UNKNOWN_ARTISTS else name].append(path)
    return [groups[name] for name in sorted(groups)]


def near_duplicates(pictures: Iterable[Path], others: Sequence[Path]) -> list[Path]:
    """Those of ``pictures`` that look like one of ``others``, whatever their format and size.
    Unreadable ones look like none."""
    known = [found for found in map(_difference_hash, others) if found is not None]
    return [path for path in pictures if _is_near(_difference_hash(path), known)]


def _is_near(bits: np.ndarray | None, known: Sequence[np.ndarray]) -> bool:
    return bits is not None and any((bits != other).sum() <= _MOST_BITS for other in known)


def _difference_hash(path: Path) -> np.ndarray | None:
    """Whether the picture gets lighter from left to right, at each place of a coarse grid."""
    image = decode(path)
    if image is None:
        return None
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    size = (_HASH_SIDE + 1, _HASH_SIDE)
    coarse = cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(int)
    return np.asarray(coarse[:, 1:] > coarse[:, :-1])


def read_painting(path: Path, longest: int) -> Tensor:
    """``[1, 3, H, W]`` in 0..1, the longer side ``longest`` pixels.

    Raises the errors of :func:`read_image`, and TrainingError for a picture too narrow to be
    encoded.
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
    def painting_side(self) -> int: ...
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
    """Endless augmented squares of paintings, uint8 ``[3, painting_side, painting_side]``. Sample
    ``i`` depends on ``seed`` and ``i`` alone.

    A group is drawn first, then one of its paintings. A painting that cannot be read, or is
    narrower than 32 pixels, is skipped; too many in a row are a TrainingError.
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
                return crop_square(
                    image, self.augmentation.painting_side, random, self.augmentation.painting_zoom
                )
            path = self._draw(random)
        return TrainingError(
            f"{_MOST_UNREADABLE} paintings in a row cannot be read or are narrower than {_LEAST} "
            f"pixels, the first of them {str(first)!r}; check the folder given with `paintings`"
        )

    def _draw(self, random: Generator) -> Path:
        group = self.groups[int(random.integers(len(self.groups)))]
        return group[int(random.integers(len(group)))]


def mixed(one: np.ndarray, other: np.ndarray, random: Generator) -> np.ndarray:
    """A blend of two paintings, or one in the colours of the other (Reinhard et al. 2001)."""
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
    """``image`` with hue, saturation, contrast and brightness changed at random."""
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
