"""The progress of a training run on the terminal."""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from realtime_nst.cli import console, interrupt
from realtime_nst.cli.export import export_checked
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
        total = f" of {run.recipe.steps}" if not run.minutes else ""
        console.say_notice(f"resuming from {_where(run)}{total}")
    held_out, asked = len(run.photos.held_out), run.recipe.held_out
    if held_out < asked != RunRecipe.held_out:
        console.say_notice(
            f"{console.counted(held_out, 'photo')} held out, not {asked}: at most a "
            "tenth of those that can be read"
        )
    photos = len(run.photos.training)
    if photos < _ENOUGH_PHOTOS and not run.minutes:
        console.say_notice(
            f"only {console.counted(photos, 'photo')} to train on: the style may fit these alone; "
            f"{_ENOUGH_PHOTOS} or more are better"
        )


def stoppable(run: "TrainingRun[Any]", output: Path | None = None) -> AbstractContextManager[None]:
    """For all that follows the beginning of ``run``: one line says how it resumes."""

    def advice() -> str:
        if run.minutes and output and output.exists():
            return (
                f"stopped at {_where(run)}; {output} paints as it has learned to so far; the same "
                "command goes on with --overwrite"
            )
        return f"stopped at {_where(run)}; the same command resumes from {run.checkpoint_path}"

    return interrupt.explained(advice)


def train_shown(
    run: "TrainingRun[Any]", output: Path | None = None, export_every: float = 0.0
) -> Path:
    """Train to the end with a progress bar; returns the path of the checkpoint.

    A signal ends training after the step that it comes in, which is saved; if the run is one of
    minutes, ``output`` is written first, and also after each ``export_every`` seconds.
    """
    next_export = export_every or math.inf

    def export() -> None:
        from realtime_nst.learning.training.checkpoint import load

        if run.minutes and output:
            with interrupt.shielded():
                export_checked(load(run.checkpoint_path), output)

    def on_the_way(step: "Step") -> None:
        nonlocal next_export
        if next_export <= step.seconds and step.done < 1:
            next_export = step.seconds + export_every
            run.save()
            export()

    try:
        return _train(run, on_the_way)
    except KeyboardInterrupt:
        export()
        raise


def _where(run: "TrainingRun[Any]") -> str:
    if run.minutes:
        return f"second {run.seconds:.0f} of {60 * run.minutes:g}"
    return f"step {run.step}"


def _train(run: "TrainingRun[Any]", on_the_way: Callable[["Step"], None]) -> Path:
    unit, total, before = "step", run.recipe.steps, run.step
    if run.minutes:
        unit, total, before = "second", round(60 * run.minutes), int(run.seconds)
    with progress("training", unit, total, before=before) as gauge, ExitStack() as steps:
        steps.enter_context(interrupt.deferred(_STEP_SECONDS))

        def show(step: "Step") -> None:
            if step.notice:
                console.say_notice(step.notice)
            at = min(int(step.seconds), total) if run.minutes else step.step
            gauge(at, _losses(step), losses={**step.losses, "total": step.total})
            interrupt.check()
            on_the_way(step)
            if step.done >= 1:
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
