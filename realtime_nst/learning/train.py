"""Training of a style network: one painting, many photos."""

import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import repeat
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from realtime_nst.errors import TrainingError, UsageError
from realtime_nst.learning import networks
from realtime_nst.learning.checkpoint import Checkpoint, StyleInfo, load, save
from realtime_nst.learning.clips import ClipPairs, clip_batches, find_clips
from realtime_nst.learning.data import (
    Crops,
    batches,
    find_photos,
    hold_out,
    measurable,
    read_image,
)
from realtime_nst.learning.device import best_device
from realtime_nst.learning.losses.compose import Objective, Views
from realtime_nst.learning.losses.perception import Perception, load_loss_network
from realtime_nst.learning.measure import Quality
from realtime_nst.learning.moving import Batch, moving
from realtime_nst.learning.objective import build_objective, build_temporal
from realtime_nst.learning.pairs import Pairs
from realtime_nst.learning.recipe import Recipe
from realtime_nst.learning.samples import SampleWriter
from realtime_nst.learning.start import read_start
from realtime_nst.learning.tap import features_of

_MOST_ROLLBACKS = 5
_FINAL_RATE = 0.01


@dataclass(frozen=True)
class Progress:
    """Handed to ``on_progress`` after each step. ``losses`` are unweighted, ``total`` weighted;
    ``notice`` is set when something happened that a person should know."""

    step: int
    steps: int
    losses: dict[str, float]
    total: float
    notice: str = ""


class Trainer:
    """Trains ``recipe.network`` to paint ``content`` photos like ``painting``.

    Works in ``folder``: checkpoint.pt, samples/, losses.csv, losses.png. When a checkpoint of the
    same painting, recipe and loss networks is there, training goes on from it, unless ``restart``;
    the photos of each step depend on the seed and the step alone, so on a CPU a resumed run gives
    bit for bit what an unbroken one gives.
    ``loss_weights`` are files of loss networks; the first that has a layer serves it.
    ``start_from`` is a checkpoint or style file whose weights a new run starts with. ``clips`` is a
    folder of video files from which the recipe's share of the moving pictures is taken; it raises
    UsageError when the recipe has no temporal weight.
    """

    def __init__(
        self,
        painting: Path,
        content: Path,
        folder: Path,
        loss_weights: Sequence[Path],
        recipe: Recipe,
        style: StyleInfo,
        start_from: Path | None = None,
        restart: bool = False,
        clips: Path | None = None,
    ) -> None:
        self.recipe, self.folder, self._painting = recipe, folder, painting
        self._training, held_out = hold_out(find_photos(content), recipe.held_out)
        self.held_out = measurable(held_out)
        self._device, self._loss_weights = best_device(), loss_weights
        self._perception = self._load_perception(self._device.dtype)
        style_image = read_image(painting, recipe.style_size).to(self._device.name)
        self._objective: Objective[Views] = build_objective(recipe, self._perception, style_image)
        self._temporal, self._clips = build_temporal(recipe), _clips(clips, recipe)
        torch.manual_seed(recipe.seed)
        self.network = networks.build(recipe.network).to(self._device.name)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if start_from is not None:
            read_start(start_from).give_to(self.network, recipe.network)
        self._averaged = AveragedModel(
            self.network, multi_avg_fn=get_ema_multi_avg_fn(recipe.average), use_buffers=True
        )
        self._optimiser = torch.optim.Adam(self.network.parameters(), lr=recipe.learning_rate)
        self._style = replace(
            style,
            painting_sha256=hashlib.sha256(painting.read_bytes()).hexdigest(),
            loss_networks=tuple(path.name for path in loss_weights),
        )
        self._history: list[dict[str, float]] = []
        self._rollbacks = self.step = 0
        folder.mkdir(parents=True, exist_ok=True)
        if self.checkpoint_path.exists() and not restart:
            self._resume(load(self.checkpoint_path))
        else:
            self._save()

    @property
    def photos(self) -> int:
        """How many photos there are to train on, those held out aside."""
        return len(self._training)

    @property
    def checkpoint_path(self) -> Path:
        return self.folder / "checkpoint.pt"

    def run(self, on_progress: Callable[[Progress], None] = lambda _: None) -> Path:
        """Train to the recipe's last step, measure, and return the checkpoint's path.

        Raises TrainingError when the losses stay not finite however often training goes back.
        """
        samples = SampleWriter(self.folder, self.held_out)
        while self.step < self.recipe.steps:
            for progress in self._steps():
                self._history.append({"step": progress.step, **progress.losses})
                on_progress(progress)
                if self.step % self.recipe.checkpoint_every == 0:
                    self._save()
                if self.step % self.recipe.sample_every == 0:
                    samples.write(self.step, self._averaged.module, self._history)
            if self.step < self.recipe.steps:
                on_progress(self._roll_back())
        samples.write(self.step, self._averaged.module, self._history)
        self._save()
        self._save(self.measure())
        return self.checkpoint_path

    def measure(self) -> dict[str, float]:
        """Quality of the averaged network on the photos held out of training; empty if none are."""
        if not self.held_out:
            return {}
        self._averaged.eval()
        quality = Quality(self._load_perception(torch.float32), self._painting, self._device.name)
        return quality(self._averaged.module, self.held_out)

    def _load_perception(self, dtype: torch.dtype) -> Perception:
        return Perception(
            [load_loss_network(path, dtype, self._device.name) for path in self._loss_weights]
        )

    def _steps(self) -> Iterator[Progress]:
        """Train until the end, or until a loss or its gradient is not finite."""
        seed = self.recipe.seed + 1_000_003 * self._rollbacks
        self.network.train()
        for batch in self._batches(seed):
            torch.manual_seed(seed + self.step)
            losses, total = self._train_on(batch.to(self._device.name))
            if not math.isfinite(total):
                return
            self.step += 1
            yield Progress(self.step, self.recipe.steps, losses, total)

    def _batches(self, seed: int) -> Iterator[Batch]:
        recipe, steps = self.recipe, range(self.step, self.recipe.steps)
        crops = Crops(self._training, recipe.crop, seed)
        photos = batches(crops, recipe.batch, steps, recipe.workers)
        if not recipe.temporal:
            return map(Batch, photos)
        filmed: Iterator[Pairs | None] = repeat(None)
        if self._clips:
            clips = ClipPairs(self._clips, recipe.crop, seed)
            filmed = clip_batches(
                clips, steps, recipe.temporal_pairs, recipe.clip_share, recipe.workers
            )
        return moving(photos, filmed, recipe, (seed + step for step in steps))

    def _train_on(self, batch: Batch) -> tuple[dict[str, float], float]:
        for group in self._optimiser.param_groups:
            group["lr"] = self._learning_rate()
        perception = self._perception
        with features_of(self.network) as features:
            painted = self._apply(batch.shown)
        result = painted[: len(batch.photos)]
        views = Views(perception.view(batch.photos), perception.view(result), self._apply)
        measured = self._objective.measure(views)
        total = self._objective.total(measured)
        if batch.pairs:
            temporal = self._temporal.measure(batch.repainted(painted, features[0]))
            total = total + self._temporal_share() * self._temporal.total(temporal)
            measured |= temporal
        self._optimiser.zero_grad(set_to_none=True)
        total.backward()
        gradients = [p.grad for p in self.network.parameters() if p.grad is not None]
        slope = nn.utils.get_total_norm(gradients)
        if not torch.isfinite(total + slope):
            return {}, math.nan
        self._optimiser.step()
        self._averaged.update_parameters(self.network)
        return {name: value.item() for name, value in measured.items()}, total.item()

    def _apply(self, photos: Tensor) -> Tensor:
        with self._device.autocast():
            return self.network(photos).float()

    def _learning_rate(self) -> float:
        """One cycle (Smith 2018): a linear rise, then half a cosine down to a hundredth."""
        peak = self.recipe.learning_rate * 0.5**self._rollbacks
        done, rise = self.step / self.recipe.steps, self.recipe.warm_up
        if done < rise:
            return peak * (done / rise * (1 - _FINAL_RATE) + _FINAL_RATE)
        fall = 0.5 * (1 + math.cos(math.pi * (done - rise) / (1 - rise)))
        return peak * (fall * (1 - _FINAL_RATE) + _FINAL_RATE)

    def _temporal_share(self) -> float:
        """From 0 to 1 in the first part of the steps: at once, it would be met by blur."""
        rise = self.recipe.temporal_rise * self.recipe.steps
        return min(1.0, self.step / rise) if rise else 1.0

    def _roll_back(self) -> Progress:
        bad = self.step + 1
        rollbacks = self._rollbacks + 1
        if rollbacks > _MOST_ROLLBACKS:
            raise TrainingError(
                f"the loss was not finite {rollbacks} times, last at step {bad}; the last good "
                f"checkpoint is {self.checkpoint_path}; try a lower --learning-rate "
                f"(now {self.recipe.learning_rate:g})"
            )
        self._resume(load(self.checkpoint_path))
        self._rollbacks = rollbacks
        notice = (
            f"the loss at step {bad} was not finite: back to the checkpoint of step {self.step}, "
            f"learning rate halved ({rollbacks} of at most {_MOST_ROLLBACKS} times)"
        )
        return Progress(self.step, self.recipe.steps, {}, math.nan, notice)

    def _save(self, quality: dict[str, float] | None = None) -> None:
        save(
            Checkpoint(
                recipe=self.recipe,
                style=self._style,
                step=self.step,
                network=self.network.state_dict(),
                averaged=self._averaged.state_dict(),
                optimiser=self._optimiser.state_dict(),
                rollbacks=self._rollbacks,
                history=self._history,
                quality=quality or {},
            ),
            self.checkpoint_path,
        )

    def _resume(self, saved: Checkpoint) -> None:
        differing = self.recipe.differs_from(saved.recipe)
        if saved.style != self._style:
            differing.append("painting, its description, or loss networks")
        if differing:
            raise TrainingError(
                f"{self.checkpoint_path} was made with another {', '.join(differing)}; "
                "give the same options to go on with it, or --restart to begin anew"
            )
        self.network.load_state_dict(saved.network)
        self._averaged.load_state_dict(saved.averaged)
        self._optimiser.load_state_dict(saved.optimiser)
        self.step, self._rollbacks = saved.step, saved.rollbacks
        self._history = list(saved.history)


def _clips(folder: Path | None, recipe: Recipe) -> list[Path]:
    if folder is None:
        return []
    if not recipe.temporal:
        raise UsageError("--clips is for temporal training alone; add a --temporal-weight over 0")
    return find_clips(folder)


def averaged_network(checkpoint: Checkpoint) -> nn.Module:
    """The network of ``checkpoint`` with its averaged weights, in evaluation mode."""
    network = AveragedModel(networks.build(checkpoint.recipe.network), use_buffers=True)
    network.load_state_dict(checkpoint.averaged)
    return network.module.eval()
