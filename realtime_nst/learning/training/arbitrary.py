"""Training of a network for any painting: many paintings, many photos."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from realtime_nst.errors import TrainingError
from realtime_nst.learning import networks
from realtime_nst.learning.data.crops import batches
from realtime_nst.learning.data.paintings import (
    PaintingCrops,
    by_artist,
    near_duplicates,
    read_painting,
)
from realtime_nst.learning.data.pictures import find_paintings, hold_out
from realtime_nst.learning.loss_networks.vgg import Vgg19Weights, is_vgg19, vgg19_weights
from realtime_nst.learning.loss_networks.weights import read_weights
from realtime_nst.learning.losses.paired import PairedInputs
from realtime_nst.learning.losses.reconstruction import reconstruction_losses
from realtime_nst.learning.losses.terms import Objective
from realtime_nst.learning.networks.inner_features import features_of
from realtime_nst.learning.networks.steered import ArbitraryNetwork
from realtime_nst.learning.networks.transformed import TransformedNet
from realtime_nst.learning.networks.vgg import VggNet
from realtime_nst.learning.training.batches import Batch
from realtime_nst.learning.training.checkpoint import StyleInfo
from realtime_nst.learning.training.objective import build_paired
from realtime_nst.learning.training.pretraining import check_layer, check_network
from realtime_nst.learning.training.quality import Quality, mean_of
from realtime_nst.learning.training.recipe import ArbitraryRecipe
from realtime_nst.learning.training.samples import PairedSampleWriter
from realtime_nst.learning.training.start_from import Start
from realtime_nst.learning.training.temporal import MovingRun
from realtime_nst.runtime.codes import PAINTING_SIZE


@dataclass(frozen=True)
class Lesson:
    """``batch`` of photos, some of which may move, and ``paintings``, ``[N, 3, crop, crop]`` in
    0..1; each photo has its own."""

    batch: Batch
    paintings: Tensor


class ArbitraryTrainer(MovingRun[ArbitraryRecipe, Lesson]):
    """Trains ``recipe.network`` to paint ``content`` photos like any of ``paintings``, two folders;
    see :class:`MovingRun`.

    ``unseen`` are painting files to show and measure the result on; without any, some of
    ``paintings`` are held out of training for that. Paintings with an ``unseen`` one's bytes or
    look are not trained on; ``left_out`` names them. ``start`` is the network whose weights a new
    run starts with.
    """

    _described = "description, paintings, or loss networks"

    def __init__(
        self,
        paintings: Path,
        content: Path,
        folder: Path,
        loss_weights: Sequence[Path],
        recipe: ArbitraryRecipe,
        style: StyleInfo,
        unseen: Sequence[Path] = (),
        restart: bool = False,
        start: Start | None = None,
        clips: Path | None = None,
    ) -> None:
        super().__init__(content, folder, loss_weights, recipe, clips)
        if start is not None:
            start.give_to(self.network, recipe.network)
        if recipe.begin_steps:
            check_network(self.network, recipe.network)
            check_layer(self._extractor)
        self._objective: Objective[PairedInputs] = build_paired(recipe, self._extractor)
        found = find_paintings(paintings)
        if unseen:
            self.unseen = list(unseen)
            self.left_out = near_duplicates(found, self.unseen)
        else:
            _, self.unseen = hold_out(found, recipe.held_out_paintings)
            self.left_out = list(self.unseen)
        training = [path for path in found if path not in set(self.left_out)]
        if not training:
            raise TrainingError(
                f"nothing in {str(paintings)!r} is left to train on: all of it is held out"
            )
        self.groups = by_artist(training, paintings)
        self._shown = [read_painting(path, PAINTING_SIZE) for path in self.unseen]
        names = "\n".join(path.relative_to(paintings).as_posix() for path in training)
        judges = tuple(path.name for path in loss_weights)
        digest = hashlib.sha256(names.encode()).hexdigest()
        self._begin(replace(style, painting_sha256=digest, loss_networks=judges), restart)

    @property
    def paintings(self) -> int:
        """How many paintings there are to train on."""
        return sum(map(len, self.groups))

    def measure(self) -> dict[str, float]:
        """Quality on photos held out of training, mean over the unseen paintings; empty if there
        are no such photos or paintings. quality.csv gets a line for each painting."""
        if not self.held_out or not self.unseen:
            return {}
        rows = {path.name: self._quality(path) for path in self.unseen}
        return mean_of(rows, self.folder / "quality.csv")

    def _quality(self, painting: Path) -> dict[str, float]:
        network, device = self._averaged.module.eval(), self._device.name
        assert isinstance(network, ArbitraryNetwork)
        quality = Quality(self._load_perception(torch.float32), painting, device)
        image = read_painting(painting, PAINTING_SIZE).to(device)
        return quality(painter(network, image), self.held_out)

    def _build(self) -> nn.Module:
        network = networks.build_arbitrary(self.recipe.network)
        if isinstance(network, VggNet):
            network.encode.take(*self._vgg19())
        return network

    def _vgg19(self) -> Vgg19Weights:
        for weights in map(read_weights, self._loss_weights):
            if is_vgg19(weights):
                return vgg19_weights(weights)
        raise TrainingError(
            f"--network {self.recipe.network} is built around VGG-19, which is not in "
            f"{', '.join(path.name for path in self._loss_weights)}; give --loss-network vgg19, or "
            "its weights with --loss-weights"
        )

    def _samples(self) -> PairedSampleWriter:
        return PairedSampleWriter(self.folder, self.held_out, self._shown)

    def _batches(self, seed: int) -> Iterator[Lesson]:
        recipe, steps = self.recipe, range(self.step, self.recipe.steps)
        paintings = PaintingCrops(self.groups, recipe, seed)
        return map(
            Lesson, self._photos(seed), batches(paintings, recipe.batch, steps, recipe.workers)
        )

    def _losses(self, shown: Lesson) -> tuple[Mapping[str, Tensor], Tensor]:
        device = self._device.name
        batch, paintings = shown.batch.to(device), shown.paintings.to(device)
        if self.step < self.recipe.begin_steps:
            return self._reconstruction_losses(torch.cat([batch.photos, paintings]))
        photos, code = batch.photos, self._encode(paintings)
        with features_of(self.network) as features:
            painted = self._paint(batch.shown, torch.cat([code, code[: batch.moving]]))
        result = painted[: len(photos)]
        measured = self._objective.measure(
            PairedInputs(
                self._extractor.features(photos),
                self._extractor.features(result),
                lambda moved: self._paint(moved, code),
                self._extractor.features(paintings),
                self._itself(photos, paintings),
            )
        )
        unrest, weighted = self._unrest(batch, painted, features[0])
        return {**measured, **unrest}, self._objective.total(measured) + weighted

    def _reconstruction_losses(self, pictures: Tensor) -> tuple[Mapping[str, Tensor], Tensor]:
        assert isinstance(self.network, TransformedNet)
        with self._device.autocast():
            features, rebuilt = self.network.rebuild(pictures)
        return reconstruction_losses(features, rebuilt.float(), self._extractor.features(pictures))

    def _done(self) -> float:
        """The beginning, and what comes after it, have a cycle each."""
        begin, steps = self.recipe.begin_steps, self.recipe.steps
        if self.step < begin:
            return self.step / begin
        return (self.step - begin) / (steps - begin)

    def _itself(self, photos: Tensor, paintings: Tensor) -> tuple[Tensor, Tensor]:
        """A photo and a painting painted like themselves, and they themselves."""
        wanted = torch.cat([photos[:1], paintings[:1]])
        return self._paint(wanted, self._encode(wanted)), wanted

    def _encode(self, paintings: Tensor) -> Tensor:
        with self._device.autocast():
            return self._network.encode_style(paintings).float()

    def _paint(self, photos: Tensor, code: Tensor) -> Tensor:
        with self._device.autocast():
            return self._network.paint(photos, code).float()

    @property
    def _network(self) -> ArbitraryNetwork:
        assert isinstance(self.network, ArbitraryNetwork)
        return self.network


def painter(network: ArbitraryNetwork, painting: Tensor) -> Callable[[Tensor], Tensor]:
    """``network`` with the code of ``painting`` ``[1, 3, H, W]``: from photos to pictures."""
    with torch.no_grad():
        code = network.encode_style(painting)
    return lambda photo: network.paint(photo, code)
