"""What training for one painting and for many share: photos, still or moving, and their losses."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat
from pathlib import Path
from typing import Any

from torch import Tensor

from realtime_nst.errors import UsageError
from realtime_nst.learning.clips import ClipPairs, clip_batches, find_clips
from realtime_nst.learning.data import Crops, batches
from realtime_nst.learning.losses.compose import Objective, Views
from realtime_nst.learning.losses.perception import View
from realtime_nst.learning.moving import Batch, moving
from realtime_nst.learning.objective import build_temporal
from realtime_nst.learning.pairs import Pairs
from realtime_nst.learning.recipe import Recipe
from realtime_nst.learning.run import Run
from realtime_nst.learning.tap import features_of


class PhotoTrainer(Run[Recipe, Batch]):
    """A run whose photos, some of them moving, are judged by an objective.

    ``clips`` is a folder of video files from which the recipe's share of the moving pictures is
    taken; it raises UsageError when the recipe has no temporal weight.
    """

    _objective: Objective[Any]

    def __init__(
        self,
        content: Path,
        folder: Path,
        loss_weights: Sequence[Path],
        recipe: Recipe,
        clips: Path | None,
    ) -> None:
        super().__init__(content, folder, loss_weights, recipe)
        self._temporal, self._clips = build_temporal(recipe), _clips(clips, recipe)

    def _batches(self, seed: int) -> Iterator[Batch]:
        recipe, steps = self.recipe, range(self.step, self.recipe.steps)
        crops = Crops(self._training, recipe.crop, seed)
        photos = batches(crops, recipe.batch, steps, recipe.workers)
        if not recipe.temporal:
            return map(Batch, photos)
        filmed: Iterator[Pairs | None] = repeat(None)
        if self._clips:
            clips = ClipPairs(self._clips, recipe.crop, seed)
            filmed = clip_batches(
                clips, steps, recipe.temporal_pairs, recipe.clip_share, recipe.workers
            )
        return moving(photos, filmed, recipe, (seed + step for step in steps))

    def _losses(self, shown: Batch) -> tuple[Mapping[str, Tensor], Tensor]:
        batch, perception = shown.to(self._device.name), self._perception
        with features_of(self.network) as features:
            painted = self._apply(batch.shown)
        result = painted[: len(batch.photos)]
        views = self._views(perception.view(batch.photos), perception.view(result))
        measured = self._objective.measure(views)
        total = self._objective.total(measured)
        if batch.pairs:
            temporal = self._temporal.measure(batch.repainted(painted, features[0]))
            total = total + self._temporal_share() * self._temporal.total(temporal)
            measured |= temporal
        return measured, total

    def _views(self, photo: View, result: View) -> Views:
        return Views(photo, result, self._apply)

    def _apply(self, photos: Tensor) -> Tensor:
        with self._device.autocast():
            return self.network(photos).float()

    def _temporal_share(self) -> float:
        """From 0 to 1 in the first part of the steps: at once, it would be met by blur."""
        rise = self.recipe.temporal_rise * self.recipe.steps
        return min(1.0, self.step / rise) if rise else 1.0


def _clips(folder: Path | None, recipe: Recipe) -> list[Path]:
    if folder is None:
        return []
    if not recipe.temporal:
        raise UsageError("--clips is for temporal training alone; add a --temporal-weight over 0")
    return find_clips(folder)
