"""What a person sees of an optimisation while it runs, and what is kept of its way."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from realtime_nst.cli import console, interrupt
from realtime_nst.errors import TargetExists, UsageError

if TYPE_CHECKING:
    from realtime_nst.learning.optimise.engine import Step
    from realtime_nst.stream import Image

_STEPS_A_LINE = 25
"""Where there is no terminal to draw a bar on."""


class Trail:
    """The picture every ``every`` of ``steps`` steps beside ``target``, and a sheet of them.

    Nothing where ``every`` is 0. Raises TargetExists where one of them is there, unless
    ``overwrite``; UsageError where it is one of ``inputs``.
    """

    def __init__(
        self, target: Path, every: int, steps: int, overwrite: bool, inputs: Sequence[Path]
    ) -> None:
        self._target, self._every = target, every
        self._tiles: list[tuple[str, Image]] = []
        if not every:
            return
        names = (self._picture(step) for step in (*range(0, steps, every), steps))
        there = [path for path in (*names, self._sheet) if path.exists()]
        refuse_inputs(there, inputs)
        if there and not overwrite:
            raise TargetExists(
                f"{str(there[0])!r} exists already; choose another name or add --overwrite"
            )

    def keep(self, step: "Step") -> None:
        if not self._every or (step.step % self._every and step.step != step.steps):
            return
        from realtime_nst.learning.data.pictures import to_image
        from realtime_nst.sinks.pictures import write_picture

        image = to_image(step.image())
        write_picture(self._picture(step.step), image, overwrite=True)
        self._tiles.append((f"{step.step} steps", image))

    def finish(self) -> None:
        """Write the contact sheet of what was kept, if anything was."""
        if not self._tiles:
            return
        from realtime_nst.sheet import contact_sheet
        from realtime_nst.sinks.pictures import write_picture

        write_picture(self._sheet, contact_sheet(self._tiles), overwrite=True)
        console.say_notice(f"the way there: {self._sheet}")

    @property
    def _sheet(self) -> Path:
        return self._target.with_name(f"{self._target.stem}_steps.jpg")

    def _picture(self, step: int) -> Path:
        return self._target.with_name(f"{self._target.stem}_{step:04d}.png")


def refuse_inputs(targets: Iterable[Path], inputs: Sequence[Path]) -> None:
    """Raises UsageError for the first of ``targets`` that is one of ``inputs``, however named."""
    given = [path for path in inputs if path.exists()]
    for target in targets:
        if target.exists() and any(target.samefile(path) for path in given):
            raise UsageError(f"{str(target)!r} is itself an input; write to another name or folder")


class StepProgress:
    """A bar of steps with the losses; call it with each.

    ``last`` is the latest step, ``pictures`` how many there are to paint (None if not known),
    ``finished`` how many are, ``seconds`` how long it took so far.
    """

    def __init__(self, progress: Progress, trail: Trail, pictures: int | None) -> None:
        self._progress, self._trail, self.pictures = progress, trail, pictures
        self._task = progress.add_task("", total=None, title="painting", losses="")
        self._began = time.perf_counter()
        self.finished = 0
        self.last: Step | None = None

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._began

    def next_picture(self, index: int) -> None:
        if self.pictures != 1:
            of = f" of {self.pictures}" if self.pictures else ""
            self._progress.update(self._task, title=f"frame {index + 1}{of}")
            if not console.err.is_terminal:
                console.say_notice(f"frame {index + 1}{of}")

    def __call__(self, step: "Step") -> None:
        interrupt.check()
        self.last = step
        if step.notice:
            console.say_notice(step.notice)
        elif not console.err.is_terminal and step.step % _STEPS_A_LINE == 0:
            console.say_notice(f"step {step.step} of {step.steps}: {losses(step)}")
        self._progress.update(
            self._task, completed=step.step, total=step.steps, losses=losses(step)
        )
        self._trail.keep(step)


@contextmanager
def step_progress(trail: Trail, pictures: int | None) -> Iterator[StepProgress]:
    """``pictures``: how many there are to paint, None if not known."""
    columns = (
        TextColumn("{task.fields[title]}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[losses]}"),
    )
    interrupt.check()
    with Progress(
        *columns, console=console.err, transient=True, disable=not console.err.is_terminal
    ) as progress:
        yield StepProgress(progress, trail, pictures)


def losses(step: "Step") -> str:
    shown = {**step.losses, "total": step.total}
    return "  ".join(f"{name} {value:.4g}" for name, value in shown.items())
