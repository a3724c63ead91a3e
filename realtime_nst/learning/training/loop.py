"""The training loop: steps, checkpoints, rolling back, and resuming where a run stopped."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from realtime_nst.errors import TrainingError
from realtime_nst.learning.training.batches import Photos
from realtime_nst.learning.training.checkpoint import (
    Checkpoint,
    StyleInfo,
    load,
    load_weights,
    save,
)
from realtime_nst.learning.training.recipe import RunRecipe
from realtime_nst.learning.training.samples import SampleWriter
from realtime_nst.learning.training.step_losses import Losses

_MOST_ROLLBACKS = 5
_MOST_STEPS = 1_000_000
"""Of a run whose end is a matter of time."""

_FIRST_SAMPLE = 5.0
"""Seconds; each further one of a run of minutes comes after twice the time."""
_FINAL_RATE = 0.01

Batch = TypeVar("Batch")
"""What one step of training looks at."""


@dataclass(frozen=True)
class Task(Generic[Batch]):
    """What is to be trained: the parts that the loop is given.

    ``batches(seed, steps)``: one batch for each of ``steps``, which depends on the seed and the
    step alone. ``losses(batch, step)``: the losses of ``network`` on it. ``measure(network)``: the
    quality of the averaged network, empty if there is nothing to measure on. ``identity``: what
    ``style`` describes, for the message when a checkpoint is of something else.
    """

    network: nn.Module
    style: StyleInfo
    batches: Callable[[int, range], Iterator[Batch]]
    losses: Callable[[Batch, int], Losses]
    samples: SampleWriter
    measure: Callable[[Any], dict[str, float]]
    identity: str = "painting, its description, or loss networks"


@dataclass(frozen=True)
class Step:
    """Passed to ``on_step`` after each step. ``losses`` are unweighted, ``total`` is weighted.
    ``done`` is the share of the run behind it; ``seconds`` of training have passed. ``notice`` is
    set if something happened that a person should know."""

    step: int
    done: float
    seconds: float
    losses: dict[str, float]
    total: float
    notice: str = ""


class TrainingRun(Generic[Batch]):
    """A run of ``task`` in ``folder``: checkpoint.pt, samples/, losses.csv, losses.png.

    Resumes from a checkpoint of the same recipe and style if there is one, unless ``restart``. What
    a step sees depends on the seed and the step alone, so on a CPU a resumed run gives bit for bit
    what an unbroken one gives; not so a run of minutes, which goes on with the time it has left.

    Raises TrainingError if the checkpoint in ``folder`` is of another run or cannot be written.
    """

    def __init__(
        self, task: Task[Batch], recipe: RunRecipe, photos: Photos, folder: Path, restart: bool
    ) -> None:
        self.recipe, self.photos, self.folder = recipe, photos, folder
        self.task, self.network = task, task.network
        self._averaged = AveragedModel(
            self.network, multi_avg_fn=get_ema_multi_avg_fn(recipe.average), use_buffers=True
        )
        self._optimiser = torch.optim.Adam(
            self.network.parameters(), lr=recipe.learning_rate, betas=(recipe.momentum, 0.999)
        )
        self._history: list[dict[str, float]] = []
        self._rollbacks = self.step = 0
        self.seconds, self._next_sample = 0.0, _FIRST_SAMPLE
        self._processor_seconds = 0.0
        folder.mkdir(parents=True, exist_ok=True)
        if self.checkpoint_path.exists() and not restart:
            self._resume(load(self.checkpoint_path))
        else:
            self.save()

    @property
    def checkpoint_path(self) -> Path:
        return self.folder / "checkpoint.pt"

    @property
    def minutes(self) -> float:
        """How long the run trains; 0 is for as many steps as the recipe says."""
        return getattr(self.recipe, "minutes", 0.0)

    @property
    def done(self) -> float:
        """The share of the run that is behind it."""
        if self.minutes:
            return self.seconds / (60 * self.minutes)
        return self.step / self.recipe.steps

    def train(self, on_step: Callable[[Step], None] = lambda _: None) -> Path:
        """Train to the end, measure, and return the checkpoint's path.

        A KeyboardInterrupt that ``on_step`` raises stops after that step, which is saved.
        Raises TrainingError if the losses stay not finite however often training goes back.
        """
        while self.done < 1:
            for progress in self._steps():
                self._history.append({"step": progress.step, **progress.losses})
                try:
                    on_step(progress)
                except KeyboardInterrupt:
                    self._keep(stopped=True)
                    raise
                self._keep()
            if self.done < 1:
                on_step(self._roll_back())
        self._write_samples()
        self.save()
        self.save(self.task.measure(self._averaged.module.eval()))
        return self.checkpoint_path

    def _steps(self) -> Iterator[Step]:
        """Train until the end, or until a loss or its gradient is not finite."""
        seed = self.recipe.seed + 1_000_003 * self._rollbacks
        self.network.train()
        steps = range(self.step, _MOST_STEPS if self.minutes else self.recipe.steps)
        began = time.monotonic()
        for batch in self.task.batches(seed, steps):
            torch.manual_seed(seed + self.step)
            busy = time.process_time()
            losses, total = self._train_on(batch)
            self._processor_seconds += time.process_time() - busy
            if not math.isfinite(total):
                return
            self.step, self.seconds = self.step + 1, self.seconds + time.monotonic() - began
            yield Step(self.step, self.done, self.seconds, losses, total)
            if self.done >= 1:
                return
            began = time.monotonic()  # what is done with a step takes none of the run's minutes

    def _train_on(self, batch: Batch) -> tuple[dict[str, float], float]:
        for group in self._optimiser.param_groups:
            group["lr"] = self._learning_rate()
        measured, total = self.task.losses(batch, self.step)
        self._optimiser.zero_grad(set_to_none=True)
        total.backward()
        gradients = [p.grad for p in self.network.parameters() if p.grad is not None]
        norm = nn.utils.get_total_norm(gradients)
        if not torch.isfinite(total + norm):
            return {}, math.nan
        self._optimiser.step()
        if self._cycle == 0:
            self._averaged.n_averaged.zero_()
        self._averaged.update_parameters(self.network)
        return {name: value.item() for name, value in measured.items()}, total.item()

    @property
    def _cycle(self) -> float:
        """How much of the learning rate's cycle is behind."""
        return self.done if self.minutes else self.recipe.done(self.step)

    def _learning_rate(self) -> float:
        """One cycle (Smith 2018): a linear rise, then half a cosine down to a hundredth."""
        peak = self.recipe.learning_rate * 0.5**self._rollbacks
        done, rise = self._cycle, self.recipe.warm_up
        if done < rise:
            return peak * (done / rise * (1 - _FINAL_RATE) + _FINAL_RATE)
        fall = 0.5 * (1 + math.cos(math.pi * (done - rise) / (1 - rise)))
        return peak * (fall * (1 - _FINAL_RATE) + _FINAL_RATE)

    def _roll_back(self) -> Step:
        bad = self.step + 1
        rollbacks = self._rollbacks + 1
        if rollbacks > _MOST_ROLLBACKS:
            raise TrainingError(
                f"the loss was not finite {rollbacks} times, last at step {bad}; the last good "
                f"checkpoint is {self.checkpoint_path}; try a lower `learning_rate` "
                f"(now {self.recipe.learning_rate:g})"
            )
        self._resume(load(self.checkpoint_path))
        self._rollbacks = rollbacks
        notice = (
            f"the loss at step {bad} was not finite: back to the checkpoint of step {self.step}, "
            f"learning rate halved ({rollbacks} of at most {_MOST_ROLLBACKS} times)"
        )
        return Step(self.step, self.done, self.seconds, {}, math.nan, notice)

    def _keep(self, *, stopped: bool = False) -> None:
        """After a step: the checkpoint and the samples that are due."""
        if stopped or self.step % self.recipe.checkpoint_every == 0:
            self.save()
        if self.minutes and self.seconds >= self._next_sample:
            self._next_sample = 2 * self.seconds
            self.task.samples.write(self.step, self._averaged.module, [])  # curves take a second
        elif not self.minutes and self.step % self.recipe.sample_every == 0:
            self._write_samples()

    def _write_samples(self) -> None:
        self.task.samples.write(self.step, self._averaged.module, self._history)

    def save(self, quality: dict[str, float] | None = None) -> None:
        """Write the checkpoint, of what is trained so far."""
        save(
            Checkpoint(
                recipe=self.recipe,
                style=self.task.style,
                step=self.step,
                network=self.network.state_dict(),
                averaged=self._averaged.state_dict(),
                optimiser=self._optimiser.state_dict(),
                rollbacks=self._rollbacks,
                seconds=self.seconds,
                processor_seconds=self._processor_seconds,
                history=self._history,
                quality=quality or {},
            ),
            self.checkpoint_path,
        )

    def _resume(self, saved: Checkpoint) -> None:
        differing = self.recipe.differences(saved.recipe)
        if saved.style != self.task.style:
            differing.append(self.task.identity)
        if differing:
            raise TrainingError(
                f"{self.checkpoint_path} is of a run that differs in: {', '.join(differing)}; "
                "give the same options to resume it, or `restart` to start over"
            )
        load_weights(self.network, saved.network)
        load_weights(self._averaged, saved.averaged)
        load_weights(self._optimiser, saved.optimiser)
        self.step, self._rollbacks = saved.step, saved.rollbacks
        self.seconds, self._processor_seconds = saved.seconds, saved.processor_seconds
        self._history = list(saved.history)
