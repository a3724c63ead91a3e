"""What training for one painting and for many share: photos, still or moving, and their losses."""

from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor

from realtime_nst.learning.loss_networks.features import Features
from realtime_nst.learning.losses.terms import LossInputs, Objective
from realtime_nst.learning.networks.inner_features import features_of
from realtime_nst.learning.training.batches import Batch
from realtime_nst.learning.training.recipe import Recipe
from realtime_nst.learning.training.temporal import MovingRun


class PhotoTrainer(MovingRun[Recipe, Batch]):
    """A run whose photos, some of them moving, are judged by an objective; see
    :class:`MovingRun`."""

    _objective: Objective[Any]

    def _batches(self, seed: int) -> Iterator[Batch]:
        return self._photos(seed)

    def _losses(self, shown: Batch) -> tuple[Mapping[str, Tensor], Tensor]:
        batch, extractor = shown.to(self._device.name), self._extractor
        with features_of(self.network) as features:
            painted = self._apply(batch.shown)
        result = painted[: len(batch.photos)]
        inputs = self._views(extractor.features(batch.photos), extractor.features(result))
        measured = self._objective.measure(inputs)
        unrest, weighted = self._unrest(batch, painted, features[0])
        return {**measured, **unrest}, self._objective.total(measured) + weighted

    def _views(self, photo: Features, result: Features) -> LossInputs:
        return LossInputs(photo, result, self._apply)

    def _apply(self, photos: Tensor) -> Tensor:
        with self._device.autocast():
            return self.network(photos).float()
