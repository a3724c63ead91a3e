"""What every training run shares: steps, checkpoints, rolling back, and going on where it was."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from realtime_nst.errors import TrainingError
from realtime_nst.learning.data.pictures import find_photos, hold_out, measurable
from realtime_nst.learning.device import best_device
from realtime_nst.learning.loss_networks.features import FeatureExtractor
from realtime_nst.learning.loss_networks.load import load_loss_network
from realtime_nst.learning.training.checkpoint import Checkpoint, StyleInfo, load, save, take
from realtime_nst.learning.training.recipe import RunRecipe
from realtime_nst.learning.training.samples import SampleWriter

_MOST_ROLLBACKS = 5
_FINAL_RATE = 0.01

Kind = TypeVar("Kind", bound=RunRecipe)
Net = TypeVar("Net", bound=nn.Module)
Shown = TypeVar("Shown")
"""What one step of training looks at."""


@dataclass(frozen=True)
class Progress:
    """Handed to ``on_progress`` after each step. ``losses`` are unweighted, ``total`` weighted;
    ``notice`` is set when something happened that a person should know."""

    step: int
    steps: int
    losses: dict[str, float]
    total: float
    notice: str = ""


def averaged(network: Net, checkpoint: Checkpoint) -> Net:
    """``network`` with the averaged weights of ``checkpoint``, in evaluation mode."""
    holder = AveragedModel(network, use_buffers=True)
    take(holder, checkpoint.averaged)
    network.load_state_dict(holder.module.state_dict())
    return network.eval()


class Run(ABC, Generic[Kind, Shown]):
    """A training run in ``folder``: checkpoint.pt, samples/, losses.csv, losses.png.

    When a checkpoint of the same recipe and description is there, training goes on from it. What a
    step sees depends on the seed and the step alone, so on a CPU a resumed run gives bit for bit
    what an unbroken one gives. ``content`` is a folder of photos; ``loss_weights`` are files of
    loss networks, of which the first that has a layer serves it.
    """

    def __init__(
        self, content: Path, folder: Path, loss_weights: Sequence[Path], recipe: Kind
    ) -> None:
        self.recipe, self.folder = recipe, folder
        self._training, held_out = hold_out(find_photos(content), recipe.held_out)
        self.held_out = measurable(held_out)
        self._device, self._loss_weights = best_device(), loss_weights
        self._extractor = self._load_perception(self._device.dtype)
        torch.manual_seed(recipe.seed)
        self.network = self._build().to(self._device.name)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def _begin(self, style: StyleInfo, restart: bool) -> None:
        """Go on with the checkpoint that is there, unless ``restart``; else write the first."""
        self._averaged = AveragedModel(
            self.network, multi_avg_fn=get_ema_multi_avg_fn(self.recipe.average), use_buffers=True
        )
        self._optimiser = torch.optim.Adam(self.network.parameters(), lr=self.recipe.learning_rate)
        self._style = style
        self._history: list[dict[str, float]] = []
        self._rollbacks = self.step = 0
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.checkpoint_path.exists() and not restart:
            self._resume(load(self.checkpoint_path))
        else:
            self._save()

    _described = "painting, its description, or loss networks"
    """What :class:`StyleInfo` holds, for people."""

    @abstractmethod
    def _build(self) -> nn.Module: ...

    @abstractmethod
    def _batches(self, seed: int) -> Iterator[Shown]:
        """What each step from ``self.step`` on looks at."""

    @abstractmethod
    def _losses(self, shown: Shown) -> tuple[Mapping[str, Tensor], Tensor]:
        """(each loss, unweighted; their weighted sum)."""

    @abstractmethod
    def _samples(self) -> SampleWriter: ...

    @abstractmethod
    def measure(self) -> dict[str, float]:
        """Quality of the averaged network on the photos held out of training; empty if none are."""

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
        samples = self._samples()
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

    def _load_perception(self, dtype: torch.dtype) -> FeatureExtractor:
        return FeatureExtractor(
            [load_loss_network(path, dtype, self._device.name) for path in self._loss_weights]
        )

    def _steps(self) -> Iterator[Progress]:
        """Train until the end, or until a loss or its gradient is not finite."""
        seed = self.recipe.seed + 1_000_003 * self._rollbacks
        self.network.train()
        for batch in self._batches(seed):
            torch.manual_seed(seed + self.step)
            losses, total = self._train_on(batch)
            if not math.isfinite(total):
                return
            self.step += 1
            yield Progress(self.step, self.recipe.steps, losses, total)

    def _train_on(self, shown: Shown) -> tuple[dict[str, float], float]:
        for group in self._optimiser.param_groups:
            group["lr"] = self._learning_rate()
        measured, total = self._losses(shown)
        self._optimiser.zero_grad(set_to_none=True)
        total.backward()
        gradients = [p.grad for p in self.network.parameters() if p.grad is not None]
        slope = nn.utils.get_total_norm(gradients)
        if not torch.isfinite(total + slope):
            return {}, math.nan
        self._optimiser.step()
        if self._done() == 0:
            self._averaged.n_averaged.zero_()
        self._averaged.update_parameters(self.network)
        return {name: value.item() for name, value in measured.items()}, total.item()

    def _learning_rate(self) -> float:
        """One cycle (Smith 2018): a linear rise, then half a cosine down to a hundredth."""
        peak = self.recipe.learning_rate * 0.5**self._rollbacks
        done, rise = self._done(), self.recipe.warm_up
        if done < rise:
            return peak * (done / rise * (1 - _FINAL_RATE) + _FINAL_RATE)
        fall = 0.5 * (1 + math.cos(math.pi * (done - rise) / (1 - rise)))
        return peak * (fall * (1 - _FINAL_RATE) + _FINAL_RATE)

    def _done(self) -> float:
        """How much of the cycle, 0 to 1; at 0 the average begins anew."""
        return self.step / self.recipe.steps

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
            differing.append(self._described)
        if differing:
            raise TrainingError(
                f"{self.checkpoint_path} was made with another {', '.join(differing)}; "
                "give the same options to go on with it, or --restart to begin anew"
            )
        take(self.network, saved.network)
        take(self._averaged, saved.averaged)
        self._optimiser.load_state_dict(saved.optimiser)
        self.step, self._rollbacks = saved.step, saved.rollbacks
        self._history = list(saved.history)
