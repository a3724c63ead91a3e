"""Training of a style network: one painting, many photos."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import repeat
from pathlib import Path

import torch
from torch import Tensor, nn

from realtime_nst.errors import UsageError
from realtime_nst.learning import networks
from realtime_nst.learning.checkpoint import Checkpoint, StyleInfo
from realtime_nst.learning.clips import ClipPairs, clip_batches, find_clips
from realtime_nst.learning.data import Crops, batches, read_image
from realtime_nst.learning.losses.compose import Objective, Views
from realtime_nst.learning.measure import Quality
from realtime_nst.learning.moving import Batch, moving
from realtime_nst.learning.objective import build_objective, build_temporal
from realtime_nst.learning.pairs import Pairs
from realtime_nst.learning.recipe import Recipe
from realtime_nst.learning.run import Run, averaged
from realtime_nst.learning.samples import SampleWriter
from realtime_nst.learning.start import read_start
from realtime_nst.learning.tap import features_of


class Trainer(Run[Recipe, Batch]):
    """Trains ``recipe.network`` to paint ``content`` photos like ``painting``; see :class:`Run`.

    ``start_from`` is a checkpoint or style file whose weights a new run starts with. ``clips`` is a
    folder of video files from which the recipe's share of the moving pictures is taken; it raises
    UsageError when the recipe has no temporal weight.
    """

    def __init__(
        self,
        painting: Path,
        content: Path,
        folder: Path,
        loss_weights: Sequence[Path],
        recipe: Recipe,
        style: StyleInfo,
        start_from: Path | None = None,
        restart: bool = False,
        clips: Path | None = None,
    ) -> None:
        super().__init__(content, folder, loss_weights, recipe)
        self._painting = painting
        style_image = read_image(painting, recipe.style_size).to(self._device.name)
        self._objective: Objective[Views] = build_objective(recipe, self._perception, style_image)
        self._temporal, self._clips = build_temporal(recipe), _clips(clips, recipe)
        if start_from is not None:
            read_start(start_from).give_to(self.network, recipe.network)
        digest = hashlib.sha256(painting.read_bytes()).hexdigest()
        judges = tuple(path.name for path in loss_weights)
        self._begin(replace(style, painting_sha256=digest, loss_networks=judges), restart)

    def _build(self) -> nn.Module:
        return networks.build(self.recipe.network)

    def _samples(self) -> SampleWriter:
        return SampleWriter(self.folder, self.held_out)

    def measure(self) -> dict[str, float]:
        if not self.held_out:
            return {}
        self._averaged.eval()
        quality = Quality(self._load_perception(torch.float32), self._painting, self._device.name)
        return quality(self._averaged.module, self.held_out)

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
        views = Views(perception.view(batch.photos), perception.view(result), self._apply)
        measured = self._objective.measure(views)
        total = self._objective.total(measured)
        if batch.pairs:
            temporal = self._temporal.measure(batch.repainted(painted, features[0]))
            total = total + self._temporal_share() * self._temporal.total(temporal)
            measured |= temporal
        return measured, total

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


def averaged_network(checkpoint: Checkpoint) -> nn.Module:
    """The network of ``checkpoint`` with its averaged weights, in evaluation mode."""
    return averaged(networks.build(checkpoint.recipe.network), checkpoint)
