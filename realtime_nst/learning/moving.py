"""What a training step looks at: photos, and some of them a second time, moved."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from realtime_nst.learning.losses.moved import Moved, Repainted
from realtime_nst.learning.pairs import Pairs, joined, moved_photos
from realtime_nst.learning.recipe import CoherentRecipe, Recipe


@dataclass(frozen=True)
class Batch:
    """``photos``: ``[N, 3, crop, crop]`` in 0..1; where something moves, the first of them are the
    earlier pictures of ``pairs``."""

    photos: Tensor
    pairs: Pairs | None = None

    @property
    def shown(self) -> Tensor:
        """What the network paints: the photos, then the later pictures; channels last."""
        shown = torch.cat([self.photos, self.pairs.later]) if self.pairs else self.photos
        return shown.contiguous(memory_format=torch.channels_last)

    def to(self, device: str) -> "Batch":
        return Batch(self.photos.to(device), self.pairs and self.pairs.to(device))

    def repainted(self, painted: Tensor, features: Tensor) -> Repainted:
        """``painted`` and ``features`` of ``shown``, as pairs. Only where something moves."""
        assert self.pairs is not None
        count, first, motion = len(self.pairs), len(self.photos), self.pairs.motion
        results, inside = (
            Moved(each[:count], each[first:], motion) for each in (painted, features)
        )
        return Repainted(results, inside)


def moving(
    photos: Iterable[Tensor],
    clips: Iterable[Pairs | None],
    recipe: Recipe | CoherentRecipe,
    seeds: Iterable[int],
) -> Iterator[Batch]:
    """Batches of ``photos``, ``recipe.temporal_pairs`` of each moving: those of ``clips`` in place
    of as many photos, the others photos themselves, moved as the step's seed has it."""
    for images, filmed, seed in zip(photos, clips, seeds, strict=False):
        films = [filmed] if filmed else []
        still = recipe.temporal_pairs - sum(map(len, films))
        random = Generator().manual_seed(seed)
        made = [moved_photos(images[:still], recipe.motions, random)] if still else []
        pairs = joined([*made, *films])
        yield Batch(torch.cat([pairs.earlier, images[len(pairs) :]]), pairs)
