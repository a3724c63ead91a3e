"""The progress of a training run on the terminal."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from realtime_nst.cli import console

if TYPE_CHECKING:
    from realtime_nst.learning.training.loop import Step, TrainingRun

_ENOUGH_PHOTOS = 200
_STEPS_A_LINE = 25
"""Between two lines, if there is no terminal for a bar."""


def say_started(run: "TrainingRun[Any]") -> None:
    console.say_notice(f"samples, losses and checkpoint: {run.folder}")
    photos = len(run.photos.training)
    if photos < _ENOUGH_PHOTOS:
        console.say_notice(
            f"{console.counted(photos, 'photo')} to train on are few: expect a style that fits "
            f"these alone; {_ENOUGH_PHOTOS} or more are better"
        )


def train_shown(run: "TrainingRun[Any]") -> Path:
    """Train to the end with a progress bar; returns the path of the checkpoint."""
    columns = (
        TextColumn("training"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[losses]}"),
    )
    with Progress(*columns, console=console.err, disable=not console.err.is_terminal) as progress:
        task = progress.add_task("", total=run.recipe.steps, completed=run.step, losses="")

        def show(step: "Step") -> None:
            if step.notice:
                console.say_notice(step.notice)
            elif not console.err.is_terminal and step.step % _STEPS_A_LINE == 0:
                console.say_notice(f"step {step.step} of {step.steps}: {_losses(step)}")
            progress.update(task, completed=step.step, losses=_losses(step))

        try:
            return run.train(show)
        except KeyboardInterrupt:
            progress.stop()
            console.say_notice(f"stopped; the same command resumes from {run.checkpoint_path}")
            raise typer.Exit(130) from None


def _losses(step: "Step") -> str:
    shown = {**step.losses, "total": step.total}
    return "  ".join(f"{name.replace('_', ' ')} {value:.3f}" for name, value in shown.items())


def say_quality(quality: dict[str, float], photos: int) -> None:
    figures = ", ".join(f"{name.replace('_', ' ')} {value:.3f}" for name, value in quality.items())
    if figures:
        console.say(f"on {photos} photos held out of training (lower is better): {figures}")
