"""Training of a style network: one painting, many photos."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from realtime_nst.files import digest
from realtime_nst.learning import networks
from realtime_nst.learning.data.pictures import read_image
from realtime_nst.learning.losses.terms import LossInputs
from realtime_nst.learning.training.batches import Batch, Photos, clips_of
from realtime_nst.learning.training.checkpoint import StyleInfo
from realtime_nst.learning.training.loop import Task, TrainingRun
from realtime_nst.learning.training.objective import build_objective
from realtime_nst.learning.training.quality import Network, Quality
from realtime_nst.learning.training.recipe import Recipe
from realtime_nst.learning.training.samples import SampleWriter
from realtime_nst.learning.training.start_from import Start
from realtime_nst.learning.training.step_losses import Judges, PhotoLosses, TemporalLosses, seeded


def single_style_run(
    painting: Path,
    content: Path,
    folder: Path,
    loss_weights: Sequence[Path],
    recipe: Recipe,
    style: StyleInfo,
    start: Start | None = None,
    restart: bool = False,
    clips: Path | None = None,
) -> TrainingRun[Batch]:
    """Training of ``recipe.network`` to paint the photos in ``content`` like ``painting``.

    ``start``: the weights that a new run starts from. ``clips``: a folder of videos, from which the
    recipe's share of the moving pictures is taken. Raises UsageError or TrainingError for files or
    recipes that cannot be used, and as :class:`TrainingRun`.
    """
    judges = Judges(loss_weights)
    photos, device = Photos.find(content, recipe, clips_of(clips, recipe)), judges.device
    extractor = judges.extractor()
    network = seeded(lambda: networks.build(recipe.network), recipe.seed, device)
    image = read_image(painting, recipe.style_size).to(device.name)
    objective = build_objective(recipe, extractor, image)
    if start is not None:
        start.load_into(network, recipe.network, painting)

    def paint(shown: Tensor) -> Tensor:
        with device.autocast():
            return network(shown).float()

    losses = PhotoLosses(
        network, judges, extractor, objective, TemporalLosses(recipe),
        paint_at=lambda step: paint,
        inputs_at=lambda step, photo, result, paint: LossInputs(photo, result, paint),
    )  # fmt: skip
    task = Task(
        network=network,
        style=replace(style, painting_sha256=digest(painting), loss_networks=judges.names),
        batches=lambda seed, steps: photos.batches(recipe, seed, steps),
        losses=losses,
        samples=SampleWriter(folder, photos.held_out or photos.training[:1]),
        measure=lambda averaged: _quality(averaged, judges, painting, photos),
    )
    return TrainingRun(task, recipe, photos, folder, restart)


def _quality(network: Network, judges: Judges, painting: Path, photos: Photos) -> dict[str, float]:
    if not photos.held_out:
        return {}
    quality = Quality(judges.extractor(torch.float32), painting, judges.device.name)
    return quality(network, photos.held_out)
