"""Training of a network for any painting: many paintings, many photos."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn

from realtime_nst.errors import TrainingError, UsageError
from realtime_nst.learning import networks
from realtime_nst.learning.data.crops import batches
from realtime_nst.learning.data.paintings import PaintingCrops, PaintingSplit, read_painting
from realtime_nst.learning.loss_networks.features import FeatureExtractor
from realtime_nst.learning.loss_networks.load import bundled
from realtime_nst.learning.loss_networks.vgg import Vgg19Weights, is_vgg19, vgg19_weights
from realtime_nst.learning.loss_networks.weights import read_weights
from realtime_nst.learning.losses.paired import PairedInputs
from realtime_nst.learning.losses.reconstruction import LAYER, reconstruction_losses
from realtime_nst.learning.losses.terms import Objective
from realtime_nst.learning.networks.arbitrary import ArbitraryNet
from realtime_nst.learning.networks.blocks import features_of
from realtime_nst.learning.networks.meta import MetaNet
from realtime_nst.learning.networks.steered import ArbitraryNetwork
from realtime_nst.learning.networks.style_encoder import FixedStatistics
from realtime_nst.learning.networks.transformed import TransformedNet
from realtime_nst.learning.networks.vgg import Vgg19Encoder
from realtime_nst.learning.training.batches import Batch, Photos, clips_of
from realtime_nst.learning.training.checkpoint import StyleInfo
from realtime_nst.learning.training.loop import Task, TrainingRun
from realtime_nst.learning.training.objective import build_paired
from realtime_nst.learning.training.quality import Quality, mean_of
from realtime_nst.learning.training.recipe import ArbitraryRecipe
from realtime_nst.learning.training.samples import PairedSampleWriter
from realtime_nst.learning.training.start_from import Start
from realtime_nst.learning.training.step_losses import Judges, Losses, TemporalLosses, seeded
from realtime_nst.runtime.codes import PAINTING_SIZE

_SHOWN = 128
"""How many paintings show the encoder what paintings are like on average."""


@dataclass(frozen=True)
class PaintedBatch:
    """A ``batch`` of photos, some of which may move, and for each photo its own of ``paintings``,
    ``[N, 3, painting_side, painting_side]`` in 0..1."""

    batch: Batch
    paintings: Tensor


def arbitrary_run(
    paintings: PaintingSplit,
    content: Path,
    folder: Path,
    loss_weights: Sequence[Path],
    recipe: ArbitraryRecipe,
    style: StyleInfo,
    start: Start | None = None,
    restart: bool = False,
    clips: Path | None = None,
) -> TrainingRun[PaintedBatch]:
    """Training of ``recipe.network`` to paint the photos in ``content`` like any painting.

    ``start``, ``clips`` and errors are as for
    :func:`~realtime_nst.learning.training.single.single_style_run`.
    """
    judges = Judges(loss_weights)
    photos, device = Photos.find(content, recipe, clips_of(clips, recipe)), judges.device
    extractor = judges.extractor()
    network = seeded(lambda: _build(recipe.network, loss_weights), recipe.seed, device)
    if start is not None:
        start.load_into(network, recipe.network)
    elif isinstance(network, ArbitraryNet):
        _prepare(network.style.fixed, paintings, recipe)
    if recipe.pretrain_steps:
        check_pretraining(network, recipe.network)
        _check_layer(extractor)
    shown = [read_painting(path, PAINTING_SIZE) for path in paintings.unseen]

    def painted_batches(seed: int, steps: range) -> Iterator[PaintedBatch]:
        crops = PaintingCrops(paintings.groups, recipe, seed)
        drawn = batches(crops, recipe.batch, steps, recipe.workers)
        return map(PaintedBatch, photos.batches(recipe, seed, steps), drawn)

    task = Task(
        network=network,
        style=replace(style, painting_sha256=paintings.digest, loss_networks=judges.names),
        batches=painted_batches,
        losses=_PairedLosses(
            network, judges, extractor, recipe, build_paired(recipe, extractor),
            TemporalLosses(recipe),
        ),
        samples=PairedSampleWriter(folder, photos.held_out, shown),
        measure=lambda averaged: _quality(
            averaged, judges, paintings.unseen, photos.held_out, folder
        ),
        identity="description, paintings, or loss networks",
    )  # fmt: skip
    return TrainingRun(task, recipe, photos, folder, restart)


def check_pretraining(network: nn.Module, name: str) -> None:
    """Raises UsageError unless ``network``, called ``name``, has the parts that pretraining
    trains."""
    if not isinstance(network, TransformedNet):
        raise UsageError(
            f"`pretrain_steps` is for networks around a feature transform, and {name!r} is none; "
            "leave it out, or give another `network`"
        )


def _check_layer(extractor: FeatureExtractor) -> None:
    if LAYER not in extractor.layers:
        raise TrainingError(
            f"`pretrain_steps` needs layer {LAYER} of a loss network, and those given have "
            f"{', '.join(extractor.layers)}; give deeper `loss_weights`, or `pretrain_steps` 0"
        )


def _build(name: str, loss_weights: Sequence[Path]) -> ArbitraryNetwork:
    network = networks.build_arbitrary(name)
    if isinstance(network, TransformedNet) and isinstance(network.encode, Vgg19Encoder):
        network.encode.take(*_vgg19(name, loss_weights))
    if isinstance(network, MetaNet):
        network.take(read_weights(bundled()))
    return network


def _vgg19(name: str, loss_weights: Sequence[Path]) -> Vgg19Weights:
    for weights in map(read_weights, loss_weights):
        if is_vgg19(weights):
            return vgg19_weights(weights)
    raise TrainingError(
        f"`network` {name} is built around VGG-19, which is not in "
        f"{', '.join(path.name for path in loss_weights)}; give `loss_network` vgg19, or "
        "its weights with `loss_weights`"
    )


@torch.no_grad()
def _prepare(fixed: FixedStatistics, paintings: PaintingSplit, recipe: ArbitraryRecipe) -> None:
    """Give the encoder the bundled loss network, whichever the losses look through, and show it
    what paintings are like."""
    fixed.take(read_weights(bundled()))
    crops = PaintingCrops(paintings.groups, recipe, recipe.seed)
    drawn = batches(crops, 1, range(_SHOWN), 0)
    device = fixed.middle.device
    fixed.standardise(torch.cat([fixed.statistics(each.to(device)) for each in drawn]))


@dataclass(frozen=True)
class _PairedLosses:
    network: ArbitraryNetwork
    judges: Judges
    extractor: FeatureExtractor
    recipe: ArbitraryRecipe
    objective: Objective[PairedInputs]
    temporal: TemporalLosses

    def __call__(self, shown: PaintedBatch, step: int) -> Losses:
        device = self.judges.device.name
        batch, paintings = shown.batch.to(device), shown.paintings.to(device)
        if step < self.recipe.pretrain_steps:
            return self._pretraining(torch.cat(_of_one_size(batch.photos, paintings)))
        photos, code = batch.photos, self._encode(paintings)
        with features_of(self.network) as features:
            painted = self._paint(batch.shown, torch.cat([code, code[: batch.moving]]))
        measured = self.objective.measure(
            PairedInputs(
                self.extractor.features(photos),
                self.extractor.features(painted[: len(photos)]),
                lambda shifted: self._paint(shifted, code),
                self.extractor.features(paintings),
                self._itself(photos, paintings),
            )
        )
        losses = measured, self.objective.total(measured)
        return self.temporal.added(losses, batch, painted, features[0], step)

    def _pretraining(self, pictures: Tensor) -> Losses:
        assert isinstance(self.network, TransformedNet)
        with self.judges.device.autocast():
            features, rebuilt = self.network.rebuild(pictures)
        return reconstruction_losses(features, rebuilt.float(), self.extractor.features(pictures))

    def _itself(self, photos: Tensor, paintings: Tensor) -> tuple[Tensor, Tensor]:
        """A photo and a painting in their own style, and the same two as they were."""
        wanted = torch.cat(_of_one_size(photos[:1], paintings[:1]))
        return self._paint(wanted, self._encode(wanted)), wanted

    def _encode(self, paintings: Tensor) -> Tensor:
        with self.judges.device.autocast():
            return self.network.encode_style(paintings).float()

    def _paint(self, photos: Tensor, code: Tensor) -> Tensor:
        with self.judges.device.autocast():
            return self.network.paint(photos, code).float()


def _of_one_size(*squares: Tensor) -> list[Tensor]:
    """A part of each as large as the smallest."""
    side = min(each.shape[-1] for each in squares)
    return [each[..., :side, :side] for each in squares]


@torch.no_grad()
def _quality(
    network: ArbitraryNetwork,
    judges: Judges,
    paintings: Sequence[Path],
    photos: Sequence[Path],
    folder: Path,
) -> dict[str, float]:
    """The mean over ``paintings``; quality.csv in ``folder`` gets a row for each. Empty without
    paintings or ``photos``."""
    if not photos or not paintings:
        return {}
    rows = {}
    for path in paintings:
        quality = Quality(judges.extractor(torch.float32), path, judges.device.name)
        code = network.encode_style(read_painting(path, PAINTING_SIZE).to(judges.device.name))
        rows[path.name] = quality(partial(network.paint, code=code), photos)
    return mean_of(rows, folder / "quality.csv")
