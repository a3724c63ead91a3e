"""The progress of a training run on the terminal."""

from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from realtime_nst.cli import console, interrupt
from realtime_nst.cli.progress import progress
from realtime_nst.learning.training.recipe import RunRecipe

if TYPE_CHECKING:
    from realtime_nst.learning.training.loop import Step, TrainingRun

_ENOUGH_PHOTOS = 200

_STEP_SECONDS = 60.0
"""How long a step may take that is to be saved after a signal."""


def say_started(run: "TrainingRun[Any]") -> None:
    console.say_notice(f"samples, losses and checkpoint: {run.folder}")
    if run.step:
        console.say_notice(f"resuming from step {run.step} of {run.recipe.steps}")
    held_out, asked = len(run.photos.held_out), run.recipe.held_out
    if held_out < asked != RunRecipe.held_out:
        console.say_notice(
            f"{console.counted(held_out, 'photo')} held out, not {asked}: at most a "
            "tenth of those that can be read"
        )
    photos = len(run.photos.training)
    if photos < _ENOUGH_PHOTOS:
        console.say_notice(
            f"only {console.counted(photos, 'photo')} to train on: the style may fit these alone; "
            f"{_ENOUGH_PHOTOS} or more are better"
        )


def stoppable(run: "TrainingRun[Any]") -> AbstractContextManager[None]:
    """For all that follows the beginning of ``run``: one line says how it resumes."""
    return interrupt.explained(
        lambda: f"stopped at step {run.step}; the same command resumes from {run.checkpoint_path}"
    )


def train_shown(run: "TrainingRun[Any]") -> Path:
    """Train to the end with a progress bar; returns the path of the checkpoint.

    A signal ends training after the step that it comes in, which is saved.
    """
    with (
        progress("training", "step", run.recipe.steps, before=run.step) as gauge,
        ExitStack() as steps,
    ):
        steps.enter_context(interrupt.deferred(_STEP_SECONDS))

        def show(step: "Step") -> None:
            if step.notice:
                console.say_notice(step.notice)
            gauge(step.step, _losses(step), losses={**step.losses, "total": step.total})
            interrupt.check()
            if step.step == step.steps:
                steps.close()  # what follows is measured anew when it is stopped

        try:
            return run.train(show)
        except Exception:
            interrupt.check()  # a loader's process may have been ended by the same signal
            raise


def _losses(step: "Step") -> str:
    shown = {**step.losses, "total": step.total}
    return "  ".join(f"{name.replace('_', ' ')} {value:.3f}" for name, value in shown.items())


def say_quality(quality: dict[str, float], photos: int) -> None:
    figures = ", ".join(f"{name.replace('_', ' ')} {value:.3f}" for name, value in quality.items())
    if figures:
        console.say_result(
            f"on {photos} photos held out of training (lower is better): {figures}",
            quality=quality,
            photos=photos,
        )
