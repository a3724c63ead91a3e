"""Training of a coherent network: the style stays as it is, only what is held is learnt."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from realtime_nst.errors import UsageError
from realtime_nst.learning import networks
from realtime_nst.learning.data.clips import find_clips
from realtime_nst.learning.data.frame_pairs import FramePairs
from realtime_nst.learning.losses.temporal import MotionPair, masked_mean, temporal_output
from realtime_nst.learning.networks.coherent import CoherentNet
from realtime_nst.learning.training.batches import photo_batches
from realtime_nst.learning.training.checkpoint import Checkpoint
from realtime_nst.learning.training.loop import Run, averaged
from realtime_nst.learning.training.recipe import CoherentRecipe, Recipe
from realtime_nst.learning.training.samples import SampleWriter


class CoherentTrainer(Run[CoherentRecipe, FramePairs]):
    """Trains the mask of a coherent network made from the checkpoint ``style``; see :class:`Run`.

    Two losses, as Chen et al. 2017 have them for a fixed style network: where both frames of a pair
    show a place the result is held to that of the earlier frame, moved along the flow, elsewhere
    to that of the later frame alone. ``clips`` is a folder of video files from which the recipe's
    share of the pairs is taken. Raises UsageError when ``style`` is no network for one painting.
    """

    _described = "style"

    def __init__(
        self,
        style: Checkpoint,
        content: Path,
        folder: Path,
        recipe: CoherentRecipe,
        clips: Path | None = None,
        restart: bool = False,
    ) -> None:
        if style.recipe.kind != Recipe.kind:
            raise UsageError(
                f"a checkpoint of the kind {style.recipe.kind!r} cannot be made coherent; give "
                f"that of a {Recipe.kind!r} network"
            )
        self._start = style
        recipe = replace(recipe, network=style.recipe.network)
        super().__init__(content, folder, (), recipe)
        self._clips = find_clips(clips) if clips else []
        started_from = f"{style.style.name} {_digest(style)}"
        self._begin(replace(style.style, started_from=started_from), restart)

    def _build(self) -> nn.Module:
        style = averaged(networks.build(self.recipe.network), self._start).requires_grad_(False)
        return CoherentNet(style, self.recipe.split)

    def _samples(self) -> SampleWriter:
        """Curves alone: a single picture is painted as the style paints it."""
        return SampleWriter(self.folder, [])

    def measure(self) -> dict[str, float]:
        """That of the style: frame by frame nothing has changed."""
        return self._start.quality

    def _batches(self, seed: int) -> Iterator[FramePairs]:
        steps = range(self.step, self.recipe.steps)
        for batch in photo_batches(self._training, self._clips, self.recipe, steps, seed):
            assert batch.pairs is not None
            yield batch.pairs

    def _losses(self, shown: FramePairs) -> tuple[Mapping[str, Tensor], Tensor]:
        pairs, network = shown.to(self._device.name), self.network
        assert isinstance(network, CoherentNet)
        with self._device.autocast():
            with torch.no_grad():
                before, now = network.head(torch.cat([pairs.earlier, pairs.later])).chunk(2)
                earlier, alone = network.tail(torch.cat([before, now])).float().chunk(2)
            flow = pairs.motion.at((now.shape[-2], now.shape[-1])).flow * network.size_multiple
            result = network.tail(network.compose(now, flow, now.new_ones(1), before)).float()
        coherence = temporal_output(MotionPair(earlier, result, pairs.motion))
        occlusion = masked_mean((result - alone).square(), 1 - pairs.motion.visible)
        total = coherence + self.recipe.occlusion_weight * occlusion
        return {"coherence": coherence, "occlusion": occlusion}, total


def _digest(style: Checkpoint) -> str:
    """Of the weights: another training of the same painting is another style."""
    weights = b"".join(weight.numpy().tobytes() for weight in style.averaged.values())
    return hashlib.sha256(weights).hexdigest()[:12]


def coherent_network(checkpoint: Checkpoint) -> CoherentNet:
    """The network of ``checkpoint`` with its averaged weights, in evaluation mode."""
    recipe = checkpoint.recipe
    assert isinstance(recipe, CoherentRecipe)
    return averaged(CoherentNet(networks.build(recipe.network), recipe.split), checkpoint)
