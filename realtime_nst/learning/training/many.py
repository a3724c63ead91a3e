"""Training of one network of many styles: many paintings, many photos."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from realtime_nst.errors import UsageError
from realtime_nst.files import digest
from realtime_nst.learning import networks
from realtime_nst.learning.data.pictures import read_image
from realtime_nst.learning.data.style_folder import Painting
from realtime_nst.learning.losses.reconstruction import rebuilt_losses
from realtime_nst.learning.losses.terms import StyledInputs
from realtime_nst.learning.networks.banks import StyleBank
from realtime_nst.learning.networks.steered import StyledNetwork
from realtime_nst.learning.training.batches import Batch, Photos, clips_of
from realtime_nst.learning.training.checkpoint import StyleInfo
from realtime_nst.learning.training.loop import Task, TrainingRun
from realtime_nst.learning.training.objective import build_many
from realtime_nst.learning.training.quality import Quality, mean_of
from realtime_nst.learning.training.recipe import ManyRecipe
from realtime_nst.learning.training.samples import PairedSampleWriter
from realtime_nst.learning.training.start_from import Start
from realtime_nst.learning.training.step_losses import (
    Judges,
    Losses,
    Paint,
    PhotoLosses,
    TemporalLosses,
    seeded,
)


def many_styles_run(
    paintings: Sequence[Painting],
    content: Path,
    folder: Path,
    loss_weights: Sequence[Path],
    recipe: ManyRecipe,
    style: StyleInfo,
    start: Start | None = None,
    frozen: bool = False,
    restart: bool = False,
    clips: Path | None = None,
) -> TrainingRun[Batch]:
    """Training of one ``recipe.network`` to paint the photos in ``content`` like each of
    ``paintings``. Each photo of a step has one of the styles; all take turns, in shuffled order.

    ``start``: the weights that a new run starts from. With ``frozen``, the styles that ``start``
    has stay as they are, ``paintings`` are added to them, and only the parameters of the new styles
    are trained. ``clips`` and errors are as for
    :func:`~realtime_nst.learning.training.single.single_style_run`.
    """
    kept = start.paintings if start and frozen else ()
    own = [replace(each.info, sha256=digest(each.path)) for each in paintings]
    style = replace(style, paintings=(*kept, *own))
    judges = Judges(loss_weights)
    photos, device = Photos.find(content, recipe, clips_of(clips, recipe)), judges.device
    extractor, total = judges.extractor(), len(style.paintings)
    network = seeded(lambda: networks.build_conditional(recipe.network, total), recipe.seed, device)
    styles = _Styles(network, judges, recipe, paintings, first=len(kept))
    if start:
        start.load_into_many(network, recipe.network, [info.name for info in style.paintings])
    if frozen:
        styles.freeze_others()
    images = [read_image(each.path, recipe.style_size) for each in paintings]
    objective = build_many(
        recipe, extractor, [image.to(device.name) for image in images],
        [each.info.style_weight for each in paintings],
    )  # fmt: skip

    losses: Callable[[Batch, int], Losses] = PhotoLosses(
        network, judges, extractor, objective, TemporalLosses(recipe), styles.paint_at,
        lambda step, photo, result, paint: StyledInputs(photo, result, paint, styles.drawn(step)),
    )  # fmt: skip
    if recipe.rebuild_every and not frozen:
        losses = _Rebuilding(losses, _with_rebuilding(network, recipe), judges, recipe)
    task = Task(
        network=network,
        style=replace(style, loss_networks=judges.names),
        batches=lambda seed, steps: photos.batches(recipe, seed, steps),
        losses=losses,
        samples=PairedSampleWriter(
            folder, photos.held_out, images, styles.codes(range(len(images))).split(1)
        ),
        measure=lambda averaged: styles.quality(averaged, photos.held_out, folder),
    )  # fmt: skip
    return TrainingRun(task, recipe, photos, folder, restart)


def _with_rebuilding(network: StyledNetwork, recipe: ManyRecipe) -> StyleBank:
    if not isinstance(network, StyleBank):
        raise UsageError(
            f"`rebuild_every` is for the network stylebank, not {recipe.network!r}; leave it out"
        )
    return network


@dataclass(frozen=True)
class _Rebuilding:
    """``losses``, but each time after ``rebuild_every`` - 1 steps those of giving photos back, as
    StyleBank's two branches take turns (Chen Dongdong et al. 2017, algorithm 1). Deviation: that
    loss has a fixed weight, where the paper scales its gradient to that of the step before."""

    losses: Callable[[Batch, int], Losses]
    network: StyleBank
    judges: Judges
    recipe: ManyRecipe

    def __call__(self, batch: Batch, step: int) -> Losses:
        if (step + 1) % self.recipe.rebuild_every:
            return self.losses(batch, step)
        photos = batch.to(self.judges.device.name).photos
        with self.judges.device.autocast():
            rebuilt = self.network.rebuild(photos).float()
        return rebuilt_losses(rebuilt, photos)


@dataclass(frozen=True)
class _Styles:
    """The styles that are trained: those of ``paintings``, which are styles of ``network`` from
    number ``first`` on."""

    network: StyledNetwork
    judges: Judges
    recipe: ManyRecipe
    paintings: Sequence[Painting]
    first: int

    def drawn(self, step: int) -> tuple[int, ...]:
        """The styles of this step's photos. Of those that have joined, each comes once before any
        comes again."""
        joining = self.recipe.introduction * self.recipe.steps
        joined = 1 + int(step * len(self.paintings) / joining) if joining else len(self.paintings)
        batch, count, drawn = self.recipe.batch, min(joined, len(self.paintings)), []
        for index in range(step * batch, (step + 1) * batch):
            turn, place = divmod(index, count)
            order = np.random.default_rng((self.recipe.seed, turn, 2)).permutation(count)
            drawn.append(int(order[place]))
        return tuple(drawn)

    def codes(self, numbers: Sequence[int]) -> Tensor:
        """The codes of styles by number, ``[N, styles of the network]``."""
        which = torch.tensor(list(numbers), device=self.judges.device.name) + self.first
        return F.one_hot(which, self.network.code_size).float()

    def paint_at(self, step: int) -> Paint:
        """Paints the photos of a step. More pictures than photos are the first ones, moved, and
        have the same styles."""
        codes = self.codes(self.drawn(step)).repeat(2, 1)

        def paint(photos: Tensor) -> Tensor:
            with self.judges.device.autocast():
                return self.network(photos, codes[: len(photos)]).float()

        return paint

    def quality(
        self, network: StyledNetwork, photos: Sequence[Path], folder: Path
    ) -> dict[str, float]:
        """The mean over the styles; quality.csv in ``folder`` gets a row for each. Empty without
        ``photos``."""
        if not photos:
            return {}
        rows = {}
        for number, each in enumerate(self.paintings):
            paint = partial(network, code=self.codes([number]))
            extractor = self.judges.extractor(torch.float32)
            quality = Quality(extractor, each.path, self.judges.device.name)
            rows[each.info.name] = quality(paint, photos)
        return mean_of(rows, folder / "quality.csv")

    def freeze_others(self) -> None:
        """Train the parameters of these styles alone. Adam leaves alone what has no gradient."""
        for name, parameter in self.network.named_parameters():
            parameter.requires_grad_(name == "styles")
        self.network.styles.register_hook(_zero_before(self.first))


def _zero_before(row: int) -> Callable[[Tensor], Tensor]:
    return lambda gradient: torch.cat([torch.zeros_like(gradient[:row]), gradient[row:]])
