"""Training runs some of whose photos move, and whose pictures shall move along."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from torch import Tensor

from realtime_nst.errors import UsageError
from realtime_nst.learning.data.clips import find_clips
from realtime_nst.learning.training.batches import Batch, photo_batches
from realtime_nst.learning.training.loop import Run, Shown
from realtime_nst.learning.training.objective import build_temporal
from realtime_nst.learning.training.recipe import MovingRecipe

Moving = TypeVar("Moving", bound=MovingRecipe)


class MovingRun(Run[Moving, Shown]):
    """As :class:`Run`; ``clips`` is a folder of video files from which the recipe's share of the
    moving pictures is taken. Raises UsageError for clips when the recipe has no temporal weight.
    """

    def __init__(
        self,
        content: Path,
        folder: Path,
        loss_weights: Sequence[Path],
        recipe: Moving,
        clips: Path | None,
    ) -> None:
        super().__init__(content, folder, loss_weights, recipe)
        self._temporal, self._clips = build_temporal(recipe), clips_of(clips, recipe)

    def _photos(self, seed: int) -> Iterator[Batch]:
        steps = range(self.step, self.recipe.steps)
        return photo_batches(self._training, self._clips, self.recipe, steps, seed)

    def _unrest(
        self, batch: Batch, painted: Tensor, features: Tensor
    ) -> tuple[dict[str, Tensor], Tensor | float]:
        """(each temporal loss, unweighted; their weighted sum) of ``painted`` and ``features`` of
        all that ``batch`` shows; nothing where nothing moves."""
        if batch.pairs is None:
            return {}, 0.0
        measured = self._temporal.measure(batch.temporal_inputs(painted, features))
        return measured, self._temporal_share() * self._temporal.total(measured)

    def _temporal_share(self) -> float:
        """From 0 to 1 in the first part of the steps: at once, it would be met by blur."""
        rise = self.recipe.temporal_rise
        return min(1.0, self._done() / rise) if rise else 1.0


def clips_of(folder: Path | None, recipe: MovingRecipe) -> list[Path]:
    """The clips of ``folder``, none without one. Raises UsageError where there are none in it, and
    when the recipe has no temporal weight."""
    if folder is None:
        return []
    if not recipe.temporal:
        raise UsageError("--clips is for temporal training alone; add a --temporal-weight over 0")
    return find_clips(folder)
