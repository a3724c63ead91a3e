"""What a training step looks at: photos, and some of them a second time, moved."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

import torch
from torch import Generator, Tensor

from realtime_nst.learning.data.clips import ClipPairs, clip_batches
from realtime_nst.learning.data.crops import Crops, batches
from realtime_nst.learning.data.frame_pairs import FramePairs, concatenated, pairs_of_photos
from realtime_nst.learning.losses.temporal import MotionPair, TemporalInputs
from realtime_nst.learning.training.recipe import CoherentRecipe, MovingRecipe


@dataclass(frozen=True)
class Batch:
    """``photos``: ``[N, 3, crop, crop]`` in 0..1; where something moves, the first of them are the
    earlier pictures of ``pairs``."""

    photos: Tensor
    pairs: FramePairs | None = None

    @property
    def shown(self) -> Tensor:
        """What the network paints: the photos, then the later pictures; channels last."""
        shown = torch.cat([self.photos, self.pairs.later]) if self.pairs else self.photos
        return shown.contiguous(memory_format=torch.channels_last)

    @property
    def moving(self) -> int:
        """How many of the photos move: the first ones."""
        return len(self.pairs) if self.pairs else 0

    def to(self, device: str) -> "Batch":
        return Batch(self.photos.to(device), self.pairs and self.pairs.to(device))

    def temporal_inputs(self, painted: Tensor, features: Tensor) -> TemporalInputs:
        """``painted`` and ``features`` of ``shown``, as pairs. Only where something moves."""
        assert self.pairs is not None
        count, first, motion = len(self.pairs), len(self.photos), self.pairs.motion
        results, inside = (
            MotionPair(each[:count], each[first:], motion) for each in (painted, features)
        )
        return TemporalInputs(results, inside)


def photo_batches(
    photos: list[Path],
    clips: Sequence[Path],
    recipe: MovingRecipe | CoherentRecipe,
    steps: range,
    seed: int,
) -> Iterator[Batch]:
    """One batch of crops of ``photos`` for each of ``steps``; where the recipe is temporal, some
    move, its share of them frames of ``clips``. What a step sees depends on ``seed`` and the step
    alone. Raises as :func:`batches` and :func:`clip_batches` do."""
    crops = batches(Crops(photos, recipe.crop, seed), recipe.batch, steps, recipe.workers)
    if not recipe.temporal:
        return map(Batch, crops)
    filmed: Iterator[FramePairs | None] = repeat(None)
    if clips:
        pairs = ClipPairs(clips, recipe.crop, seed)
        filmed = clip_batches(
            pairs, steps, recipe.temporal_pairs, recipe.clip_share, recipe.workers
        )
    return with_motion(crops, filmed, recipe, (seed + step for step in steps))


def with_motion(
    photos: Iterable[Tensor],
    clips: Iterable[FramePairs | None],
    recipe: MovingRecipe | CoherentRecipe,
    seeds: Iterable[int],
) -> Iterator[Batch]:
    """Batches of ``photos``, ``recipe.temporal_pairs`` of each moving: those of ``clips`` in place
    of as many photos, the others photos themselves, moved as the step's seed has it."""
    for images, filmed, seed in zip(photos, clips, seeds, strict=False):
        films = [filmed] if filmed else []
        still = recipe.temporal_pairs - sum(map(len, films))
        random = Generator().manual_seed(seed)
        made = [pairs_of_photos(images[:still], recipe.motions, random)] if still else []
        pairs = concatenated([*made, *films])
        yield Batch(torch.cat([pairs.earlier, images[len(pairs) :]]), pairs)
