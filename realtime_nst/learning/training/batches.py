"""What a training step looks at: photos, some of which also move."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

import torch
from torch import Generator, Tensor

from realtime_nst.errors import UsageError
from realtime_nst.learning.data.clips import ClipPairs, clip_batches, find_clips
from realtime_nst.learning.data.crops import Crops, batches
from realtime_nst.learning.data.frame_pairs import FramePairs, concatenated, pairs_of_photos
from realtime_nst.learning.data.pictures import find_photos, hold_out, measurable
from realtime_nst.learning.losses.temporal import MotionPair, TemporalInputs
from realtime_nst.learning.training.recipe import CoherentRecipe, MovingRecipe, RunRecipe

TemporalRecipe = MovingRecipe | CoherentRecipe


@dataclass(frozen=True)
class Batch:
    """``photos``: ``[N, 3, crop, crop]`` in 0..1. The first of them are the earlier frames of
    ``pairs``, if something moves."""

    photos: Tensor
    pairs: FramePairs | None = None

    @property
    def shown(self) -> Tensor:
        """What the network paints: the photos, then the later frames; channels last."""
        shown = torch.cat([self.photos, self.pairs.later]) if self.pairs else self.photos
        return shown.contiguous(memory_format=torch.channels_last)

    @property
    def moving(self) -> int:
        """How many photos move: the first ones."""
        return len(self.pairs) if self.pairs else 0

    def to(self, device: str) -> "Batch":
        return Batch(self.photos.to(device), self.pairs and self.pairs.to(device))

    def temporal_inputs(self, painted: Tensor, features: Tensor) -> TemporalInputs:
        """``painted`` and ``features``, made from ``shown``, as pairs. Something must move."""
        assert self.pairs is not None
        count, first, motion = len(self.pairs), len(self.photos), self.pairs.motion
        results, inside = (
            MotionPair(each[:count], each[first:], motion) for each in (painted, features)
        )
        return TemporalInputs(results, inside)


@dataclass(frozen=True)
class Photos:
    """The photos of a run: files to train on, files to measure the result on, and clips from which
    some of the moving pictures come."""

    training: list[Path]
    held_out: list[Path]
    clips: Sequence[Path] = ()

    @classmethod
    def find(cls, content: Path, recipe: RunRecipe, clips: Sequence[Path] = ()) -> "Photos":
        """Of the folder ``content``. Raises UsageError if it holds no pictures."""
        training, held_out = hold_out(find_photos(content), recipe.held_out)
        return cls(training, measurable(held_out), clips)

    def batches(self, recipe: TemporalRecipe, seed: int, steps: range) -> Iterator[Batch]:
        """One batch of crops for each of ``steps``, depending on ``seed`` and the step alone.

        If the recipe is temporal, ``temporal_pairs`` of the photos move in ``temporal_share`` of
        the steps; ``clip_share`` of those are frames of clips. Raises TrainingError if too many
        photos cannot be read, or a clip.
        """
        crops = batches(
            Crops(self.training, recipe.crop, seed), recipe.batch, steps, recipe.workers
        )
        if not recipe.temporal:
            return map(Batch, crops)
        filmed: Iterator[FramePairs | None] = repeat(None)
        if self.clips:
            filmed = clip_batches(
                ClipPairs(self.clips, recipe.crop, seed),
                range(*(_moving_before(step, recipe) for step in (steps.start, steps.stop))),
                recipe.temporal_pairs,
                recipe.clip_share,
                recipe.workers,
            )
        return with_motion(crops, filmed, recipe, steps, seed)


def clips_of(folder: Path | None, recipe: TemporalRecipe) -> list[Path]:
    """The clips in ``folder``, or none without one.

    Raises UsageError if it holds none, or if the recipe has no temporal weight.
    """
    if folder is None:
        return []
    if not recipe.temporal:
        raise UsageError("`clips` needs temporal training; add a `temporal_weight` above 0")
    return find_clips(folder)


def with_motion(
    photos: Iterable[Tensor],
    clips: Iterator[FramePairs | None],
    recipe: TemporalRecipe,
    steps: Iterable[int],
    seed: int,
) -> Iterator[Batch]:
    """Batches of ``photos``, one for each of ``steps``. In ``recipe.temporal_share`` of them
    ``recipe.temporal_pairs`` move: the pairs that ``clips`` gives for such a step replace as many
    photos, and the other moving ones are photos, moved as ``seed`` and the step say."""
    for images, step in zip(photos, steps, strict=False):
        if _moving_before(step, recipe) == _moving_before(step + 1, recipe):
            yield Batch(images)
            continue
        filmed = next(clips)
        films = [filmed] if filmed else []
        count = recipe.temporal_pairs - sum(map(len, films))
        random = Generator().manual_seed(seed + step)
        made = [pairs_of_photos(images[:count], recipe.motions, random)] if count else []
        pairs = concatenated([*made, *films])
        yield Batch(torch.cat([pairs.earlier, images[len(pairs) :]]), pairs)


def _moving_before(step: int, recipe: TemporalRecipe) -> int:
    """In how many steps before ``step`` photos move."""
    return int(step * recipe.temporal_share)
