"""Training on photos and paintings that are no pairs: generators against discriminators."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from realtime_nst.errors import UsageError
from realtime_nst.learning.data.crops import Crops, batches
from realtime_nst.learning.data.pictures import find_paintings
from realtime_nst.learning.data.style_folder import PaintingInfo
from realtime_nst.learning.device import Device
from realtime_nst.learning.loss_networks.features import FeatureExtractor
from realtime_nst.learning.losses.adversarial import GAMES, PENALTY, fixed, gradient_penalty
from realtime_nst.learning.losses.content import content_loss
from realtime_nst.learning.networks.unpaired import UnpairedNet
from realtime_nst.learning.training.batches import Photos
from realtime_nst.learning.training.checkpoint import TRAINED_KINDS, StyleInfo
from realtime_nst.learning.training.loop import Task, TrainingRun
from realtime_nst.learning.training.recipe import UnpairedRecipe
from realtime_nst.learning.training.samples import PairedSampleWriter, SampleWriter
from realtime_nst.learning.training.step_losses import Judges, Losses, seeded

_GAME = {"cycle": "squares", "dual": "wasserstein", "star": "wasserstein", "markov": "hinge"}
_SEEN, _KEPT = "relu3_1", "relu4_1"


@dataclass(frozen=True)
class UnpairedBatch:
    """``photos`` and ``paintings`` ``[N, 3, crop, crop]`` in 0..1, each painting of its own of
    ``domains`` ``[N]``."""

    photos: Tensor
    paintings: Tensor
    domains: Tensor


def unpaired_run(
    folders: Sequence[Path],
    content: Path,
    folder: Path,
    loss_weights: Sequence[Path],
    recipe: UnpairedRecipe,
    style: StyleInfo,
    restart: bool = False,
) -> TrainingRun[UnpairedBatch]:
    """Training of ``recipe.network`` to make photos of the folder ``content`` look as if they were
    among the paintings of one of ``folders``, of several only in the form "star".

    Raises UsageError for folders without pictures, or too many, and as :class:`TrainingRun`.
    """
    star = recipe.form == "star"
    if len(folders) > 1 and not star:
        raise UsageError(
            f"`form` {recipe.form} learns from one folder of paintings, not {len(folders)}; give "
            "one, or `form` star"
        )
    domains = [find_paintings(each) for each in folders]
    names = [*(each.name for each in folders), "photo"] if star else []
    style = replace(style, paintings=tuple(PaintingInfo(n, n, style.artist) for n in names))
    judges, photos = Judges(loss_weights), Photos.find(content, recipe)
    build = TRAINED_KINDS[recipe.kind].build
    network = seeded(lambda: build(recipe, len(names)), recipe.seed, judges.device)
    assert isinstance(network, UnpairedNet)
    codes = torch.eye(len(names)).split(1)[:-1]
    blank = [torch.ones(1, 3, 8, 8)] * len(codes)
    markov = recipe.form == "markov"
    task = Task(
        network=network,
        style=replace(style, loss_networks=judges.names if markov else ()),
        batches=lambda seed, steps: _batches(photos, domains, recipe, seed, steps),
        losses=_MarkovLosses(network, judges.device, judges.extractor(), recipe)
        if markov
        else _CycleLosses(network, judges.device, recipe),
        samples=PairedSampleWriter(folder, photos.held_out, blank, codes)
        if star
        else SampleWriter(folder, photos.held_out),
        measure=lambda _: {},
        identity="description or paintings",
    )
    return TrainingRun(task, recipe, photos, folder, restart)


def _batches(
    photos: Photos, domains: Sequence[list[Path]], recipe: UnpairedRecipe, seed: int, steps: range
) -> Iterator[UnpairedBatch]:
    """Each step's paintings are of one domain; the domains take turns."""
    shown = batches(Crops(photos.training, recipe.crop, seed), recipe.batch, steps, recipe.workers)
    painted = chain.from_iterable(
        batches(
            Crops(domains[step % len(domains)], recipe.crop, seed),
            recipe.batch, range(step, step + 1), 0,
        )
        for step in steps
    )  # fmt: skip
    for step, images, paintings in zip(steps, shown, painted, strict=True):
        which = torch.full((recipe.batch,), step % len(domains))
        yield UnpairedBatch(images, paintings, which)


@dataclass(frozen=True)
class _CycleLosses:
    """There and back again, and what the discriminators think of either (CycleGAN, Zhu et al. 2017;
    DualGAN, Yi et al. 2017; StarGAN, Choi et al. 2018, whose discriminator also tells the domain).

    One optimiser trains all in the same step; gradients are kept apart by fixed copies. Deviations:
    results of earlier steps are not shown to the discriminators again; DualGAN's gradient is held
    at 1, as in StarGAN, where its paper clips the weights.
    """

    network: UnpairedNet
    device: Device
    recipe: UnpairedRecipe

    def __call__(self, batch: UnpairedBatch, step: int) -> Losses:
        photos, paintings, domains = (
            each.to(self.device.name) for each in (batch.photos, batch.paintings, batch.domains)
        )
        network, recipe = self.network, self.recipe
        with self.device.autocast():
            painted = network.to_paintings(photos, domains).float()
            developed = network.to_photos(paintings).float()
            again = network.to_photos(painted).float(), network.to_paintings(developed, domains)
        losses = {
            "cycle": (again[0] - photos).abs().mean() + (again[1].float() - paintings).abs().mean()
        }
        total = recipe.cycle_weight * losses["cycle"]
        if recipe.identity_weight:
            losses["identity"] = self._identity(photos, paintings, domains)
            total = total + recipe.identity_weight * losses["identity"]
        sides = ((painted, paintings, domains), (developed, photos, None))
        for name, judge, side in zip(("painting", "photo"), self._judges(), sides, strict=True):
            found = self._played(judge, *side)
            losses |= {f"{name} {part}": value for part, value in found.items()}
            total = total + sum(found.values())
        return losses, total

    def _judges(self) -> list[torch.nn.Module]:
        return [self.network.judges[0], self.network.judges[-1]]

    def _identity(self, photos: Tensor, paintings: Tensor, domains: Tensor) -> Tensor:
        with self.device.autocast():
            same = self.network.to_paintings(paintings, domains), self.network.to_photos(photos)
        return (same[0].float() - paintings).abs().mean() + (same[1].float() - photos).abs().mean()

    def _played(
        self, judge: torch.nn.Module, false: Tensor, true: Tensor, domains: Tensor | None
    ) -> dict[str, Tensor]:
        """``judged`` is the discriminator's loss, ``painted`` the generator's."""
        game = GAMES[_GAME[self.recipe.form]]
        of_false, told_false = fixed(judge, false)
        of_true, told_true = judge(true)
        judged = game.judge(of_true, judge(false.detach())[0])
        painted = game.paint(of_false)
        if game.bounded:
            judged = judged + PENALTY * gradient_penalty(lambda x: judge(x)[0], true, false)
        if told_true.shape[1]:
            wanted = self.network.photos_of(true) if domains is None else domains
            weight = self.recipe.domain_weight
            judged = judged + weight * F.cross_entropy(told_true, wanted)
            painted = painted + weight * F.cross_entropy(told_false, wanted)
        return {"judged": judged, "painted": painted}


@dataclass(frozen=True)
class _MarkovLosses:
    """Patches of features that a discriminator takes for the painting's (MGAN, Li and Wand 2016),
    and the photo's content. Deviations: the painter looks at the photo, not at relu4_1 of VGG-19,
    and there are no targets made by optimisation, but the content loss that those minimise."""

    network: UnpairedNet
    device: Device
    extractor: FeatureExtractor
    recipe: UnpairedRecipe

    def __call__(self, batch: UnpairedBatch, step: int) -> Losses:
        photos, paintings = (each.to(self.device.name) for each in (batch.photos, batch.paintings))
        with self.device.autocast():
            painted = self.network.to_paintings(photos, batch.domains).float()
        photo, result, wanted = map(self.extractor.features, (photos, painted, paintings))
        game, judge = GAMES[_GAME[self.recipe.form]], self.network.judges[0]
        false, true = result.layer(_SEEN), wanted.layer(_SEEN).detach()
        losses = {
            "content": content_loss(result.layer(_KEPT), photo.layer(_KEPT)),
            "painted": game.paint(fixed(judge, false)),  # type: ignore[arg-type]
            "judged": game.judge(judge(true), judge(false.detach())),
        }
        total = self.recipe.content_weight * losses["content"]
        return losses, total + losses["painted"] + losses["judged"]
