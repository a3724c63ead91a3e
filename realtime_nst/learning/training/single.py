"""Training of a style network: one painting, many photos."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from realtime_nst.learning import networks
from realtime_nst.learning.data.pictures import read_image
from realtime_nst.learning.training.checkpoint import Checkpoint, StyleInfo
from realtime_nst.learning.training.loop import averaged
from realtime_nst.learning.training.objective import build_objective
from realtime_nst.learning.training.photos import PhotoTrainer
from realtime_nst.learning.training.quality import Quality
from realtime_nst.learning.training.recipe import Recipe
from realtime_nst.learning.training.samples import SampleWriter
from realtime_nst.learning.training.start_from import Start


class Trainer(PhotoTrainer):
    """Trains ``recipe.network`` to paint ``content`` photos like ``painting``; see :class:`Run`.

    ``start`` is the style whose weights a new run starts with; ``clips`` as :class:`MovingRun`
    says.
    """

    def __init__(
        self,
        painting: Path,
        content: Path,
        folder: Path,
        loss_weights: Sequence[Path],
        recipe: Recipe,
        style: StyleInfo,
        start: Start | None = None,
        restart: bool = False,
        clips: Path | None = None,
    ) -> None:
        super().__init__(content, folder, loss_weights, recipe, clips)
        self._painting = painting
        style_image = read_image(painting, recipe.style_size).to(self._device.name)
        self._objective = build_objective(recipe, self._extractor, style_image)
        if start is not None:
            start.give_to(self.network, recipe.network)
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


def averaged_network(checkpoint: Checkpoint) -> nn.Module:
    """The network of ``checkpoint`` with its averaged weights, in evaluation mode."""
    return averaged(networks.build(checkpoint.recipe.network), checkpoint)
