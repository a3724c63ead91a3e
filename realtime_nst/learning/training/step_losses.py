"""The losses of one training step, and the loss networks they look through."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn

from realtime_nst.learning.device import Device, best_device
from realtime_nst.learning.loss_networks.features import FeatureExtractor, Features
from realtime_nst.learning.loss_networks.load import load_loss_network
from realtime_nst.learning.losses.terms import LossInputs, Objective
from realtime_nst.learning.networks.blocks import PaintingNetwork, features_of
from realtime_nst.learning.training.batches import Batch
from realtime_nst.learning.training.objective import build_temporal
from realtime_nst.learning.training.recipe import MovingRecipe

Losses = tuple[Mapping[str, Tensor], Tensor]
"""(each loss, unweighted; their weighted sum)."""

Paint = Callable[[Tensor], Tensor]
"""From photos to results, both ``[N, 3, H, W]`` in 0..1."""

Net = TypeVar("Net", bound=nn.Module)
Inputs = TypeVar("Inputs", bound=LossInputs)


@dataclass(frozen=True)
class Judges:
    """The loss networks in ``files``, on ``device``. The first that has a layer computes it."""

    files: Sequence[Path]
    device: Device = field(default_factory=best_device)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(path.name for path in self.files)

    def extractor(self, dtype: torch.dtype | None = None) -> FeatureExtractor:
        """In ``dtype``, or in the one that is fastest on the device.

        Raises TrainingError if a file cannot be read as a loss network.
        """
        dtype = dtype or self.device.dtype
        return FeatureExtractor(
            [load_loss_network(path, dtype, self.device.name) for path in self.files]
        )


def seeded(build: Callable[[], Net], seed: int, device: Device) -> Net:
    """The network that ``build`` makes, on ``device``; its weights depend on ``seed`` alone."""
    torch.manual_seed(seed)
    network = build().to(device.name)
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


class TemporalLosses:
    """The temporal losses of ``recipe``. Their weight rises during the first part of the steps: at
    full weight from the start, blur would meet them."""

    def __init__(self, recipe: MovingRecipe) -> None:
        self._recipe, self._objective = recipe, build_temporal(recipe)

    def added(
        self, losses: Losses, batch: Batch, painted: Tensor, features: Tensor, step: int
    ) -> Losses:
        """``losses`` and those of ``painted`` and ``features``, made from all of
        ``batch.shown``."""
        if batch.pairs is None:
            return losses
        measured = self._objective.measure(batch.temporal_inputs(painted, features))
        rise = self._recipe.temporal_rise
        risen = min(1.0, self._recipe.done(step) / rise) if rise else 1.0
        weight = risen / self._recipe.temporal_share
        return {**losses[0], **measured}, losses[1] + weight * self._objective.total(measured)


@dataclass(frozen=True)
class PhotoLosses(Generic[Inputs]):
    """The losses of photos that ``network`` paints, some of them moving.

    ``paint_at(step)``: how the photos of that step are painted. ``inputs_at(step, photo, result,
    paint)``: what the terms of ``objective`` look at.
    """

    network: PaintingNetwork
    judges: Judges
    extractor: FeatureExtractor
    objective: Objective[Inputs]
    temporal: TemporalLosses
    paint_at: Callable[[int], Paint]
    inputs_at: Callable[[int, Features, Features, Paint], Any]

    def __call__(self, batch: Batch, step: int) -> Losses:
        batch, paint = batch.to(self.judges.device.name), self.paint_at(step)
        with features_of(self.network) as features:
            painted = paint(batch.shown)
        photo, result = (
            self.extractor.features(each) for each in (batch.photos, painted[: len(batch.photos)])
        )
        measured = self.objective.measure(self.inputs_at(step, photo, result, paint))
        losses = measured, self.objective.total(measured)
        return self.temporal.added(losses, batch, painted, features[0], step)
