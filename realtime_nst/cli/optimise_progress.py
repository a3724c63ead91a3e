"""The progress of an optimisation on the terminal, and the pictures saved on the way."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from realtime_nst.cli import console, interrupt
from realtime_nst.cli.optimise_files import refuse_inputs
from realtime_nst.cli.progress import Gauge, progress
from realtime_nst.errors import TargetExists

if TYPE_CHECKING:
    from realtime_nst.learning.optimise.engine import Step
    from realtime_nst.stream import Image


class Snapshots:
    """Saves the picture every ``every`` of ``steps`` steps beside ``target``, and a contact sheet.

    With ``every`` 0 it saves nothing. Raises TargetExists if one of the files exists, unless
    ``overwrite``, and UsageError if it is one of ``inputs``.
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
                f"{str(there[0])!r} already exists; replace it with --overwrite, or choose "
                "another name"
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
        """Write the contact sheet of the pictures that were saved, if any."""
        if not self._tiles:
            return
        from realtime_nst.media.sheet import contact_sheet
        from realtime_nst.sinks.pictures import write_picture

        write_picture(self._sheet, contact_sheet(self._tiles), overwrite=True)
        console.say_notice(f"contact sheet: {self._sheet}")

    @property
    def _sheet(self) -> Path:
        return self._target.with_name(f"{self._target.stem}_steps.jpg")

    def _picture(self, step: int) -> Path:
        return self._target.with_name(f"{self._target.stem}_{step:04d}.png")


class StepProgress:
    """Shows the steps of each picture, with the losses; it is called with each step.

    ``last`` is the latest step, ``pictures`` the number of pictures to paint (None if unknown),
    ``finished`` the number that are painted, ``seconds`` the time so far.
    """

    def __init__(self, gauge: Gauge, snapshots: Snapshots, pictures: int | None) -> None:
        self._gauge, self._snapshots, self.pictures = gauge, snapshots, pictures
        self._began = time.perf_counter()
        self.finished = 0
        self.last: Step | None = None

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._began

    def next_picture(self, index: int) -> None:
        of = f" of {self.pictures}" if self.pictures else ""
        title = "painting" if self.pictures == 1 else f"picture {index + 1}{of}"
        self._gauge.begin(title)
        if self.pictures != 1 and not console.err.is_terminal:
            console.say_progress(title)

    def __call__(self, step: "Step") -> None:
        interrupt.check()
        self.last = step
        if step.notice:
            console.say_notice(step.notice)
        self._gauge.total = step.steps
        values = {**step.losses, "total": step.total}
        self._gauge(step.step, losses(step), losses=values)
        self._snapshots.keep(step)


@contextmanager
def step_progress(snapshots: Snapshots, pictures: int | None) -> Iterator[StepProgress]:
    """``pictures``: the number of pictures to paint, None if unknown."""
    interrupt.check()
    with progress("painting", "step", None) as gauge:
        yield StepProgress(gauge, snapshots, pictures)


def losses(step: "Step") -> str:
    shown = {**step.losses, "total": step.total}
    return "  ".join(f"{name} {value:.4g}" for name, value in shown.items())
