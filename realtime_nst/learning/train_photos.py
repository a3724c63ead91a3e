"""What training for one painting and for many share: photos, still or moving, and their losses."""

from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor

from realtime_nst.learning.losses.compose import Objective, Views
from realtime_nst.learning.losses.perception import View
from realtime_nst.learning.moving import Batch
from realtime_nst.learning.moving_run import MovingRun
from realtime_nst.learning.recipe import Recipe
from realtime_nst.learning.tap import features_of


class PhotoTrainer(MovingRun[Recipe, Batch]):
    """A run whose photos, some of them moving, are judged by an objective; see
    :class:`MovingRun`."""

    _objective: Objective[Any]

    def _batches(self, seed: int) -> Iterator[Batch]:
        return self._photos(seed)

    def _losses(self, shown: Batch) -> tuple[Mapping[str, Tensor], Tensor]:
        batch, perception = shown.to(self._device.name), self._perception
        with features_of(self.network) as features:
            painted = self._apply(batch.shown)
        result = painted[: len(batch.photos)]
        views = self._views(perception.view(batch.photos), perception.view(result))
        measured = self._objective.measure(views)
        unrest, weighted = self._unrest(batch, painted, features[0])
        return {**measured, **unrest}, self._objective.total(measured) + weighted

    def _views(self, photo: View, result: View) -> Views:
        return Views(photo, result, self._apply)

    def _apply(self, photos: Tensor) -> Tensor:
        with self._device.autocast():
            return self.network(photos).float()
