"""Training of a coherent network: the style stays as it is, only the mask learns."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from realtime_nst.errors import UsageError
from realtime_nst.learning import networks
from realtime_nst.learning.data.clips import find_clips
from realtime_nst.learning.data.frame_pairs import FramePairs
from realtime_nst.learning.device import Device, best_device
from realtime_nst.learning.losses.temporal import MotionPair, masked_mean, temporal_output
from realtime_nst.learning.networks.coherent import CoherentNet
from realtime_nst.learning.training.batches import Photos
from realtime_nst.learning.training.checkpoint import Checkpoint, averaged
from realtime_nst.learning.training.loop import Task, TrainingRun
from realtime_nst.learning.training.recipe import CoherentRecipe, Recipe
from realtime_nst.learning.training.samples import SampleWriter
from realtime_nst.learning.training.step_losses import Losses, seeded


def coherent_run(
    style: Checkpoint,
    content: Path,
    folder: Path,
    recipe: CoherentRecipe,
    clips: Path | None = None,
    restart: bool = False,
) -> TrainingRun[FramePairs]:
    """Training of the mask of a coherent network that is made from the checkpoint ``style``.

    ``clips`` is a folder of videos, from which the recipe's share of the pairs is taken. Samples
    are curves alone, and the quality is the style's, as single frames are painted as before.
    Raises UsageError if ``style`` is not a network for one painting, and as :class:`TrainingRun`.
    """
    if style.recipe.kind != Recipe.kind:
        raise UsageError(
            f"a checkpoint of the kind {style.recipe.kind!r} cannot be made coherent; give "
            f"that of a {Recipe.kind!r} network"
        )
    recipe = replace(recipe, network=style.recipe.network)
    device = best_device()
    photos = Photos.find(content, recipe, find_clips(clips) if clips else [])

    def build() -> CoherentNet:
        single = averaged(networks.build(recipe.network), style).requires_grad_(False)
        return CoherentNet(single, recipe.split)

    def batches(seed: int, steps: range) -> Iterator[FramePairs]:
        for batch in photos.batches(recipe, seed, steps):
            assert batch.pairs is not None
            yield batch.pairs

    network = seeded(build, recipe.seed, device)
    task = Task(
        network=network,
        style=replace(style.style, started_from=f"{style.style.name} {_digest(style)}"),
        batches=batches,
        losses=_CoherentLosses(network, device, recipe.occlusion_weight),
        samples=SampleWriter(folder, []),
        measure=lambda _: style.quality,
        identity="style",
    )
    return TrainingRun(task, recipe, photos, folder, restart)


@dataclass(frozen=True)
class _CoherentLosses:
    """Two losses, as Chen et al. 2017 have for a fixed style network. Where both frames of a pair
    show a place, the result should be the earlier one warped along the flow; elsewhere, that of the
    later frame alone."""

    network: CoherentNet
    device: Device
    occlusion_weight: float

    def __call__(self, pairs: FramePairs, step: int) -> Losses:
        pairs, network = pairs.to(self.device.name), self.network
        with self.device.autocast():
            with torch.no_grad():
                before, now = network.head(torch.cat([pairs.earlier, pairs.later])).chunk(2)
                earlier, alone = network.tail(torch.cat([before, now])).float().chunk(2)
            flow = pairs.motion.at((now.shape[-2], now.shape[-1])).flow * network.size_multiple
            result = network.tail(network.compose(now, flow, now.new_ones(1), before)).float()
        coherence = temporal_output(MotionPair(earlier, result, pairs.motion))
        occlusion = masked_mean((result - alone).square(), 1 - pairs.motion.visible)
        total = coherence + self.occlusion_weight * occlusion
        return {"coherence": coherence, "occlusion": occlusion}, total


def _digest(style: Checkpoint) -> str:
    """Of the weights: another training of the same painting is another style."""
    weights = b"".join(weight.numpy().tobytes() for weight in style.averaged.values())
    return hashlib.sha256(weights).hexdigest()[:12]
