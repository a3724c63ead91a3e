"""Styles trained for viewers: one at a time, in a process that yields to painting."""

import shutil
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from pathlib import Path

from realtime_nst.errors import MissingPackage, TrainingError, UsageError
from realtime_nst.packages import require
from realtime_nst.serve import child
from realtime_nst.serve.paintings import KeptFiles

MINUTES = 2
"""Of training."""

LONGEST = 900.0
"""Seconds after which a lesson ends whatever it has come to: painting may leave it little time."""

_EVERY = 15
"""Seconds of training from one version of the style to the next."""

_KEPT = 32
"""Versions, of a megabyte each."""

_LEAST_PRIORITY, _LARGEST_FILE = 19, 1 << 30
"""As Unix counts them, and in bytes."""

_COMMAND = ("-m", "realtime_nst", "train", "--json", "--overwrite", "--restart")


@dataclass(frozen=True)
class Progress:
    """``done`` is the share of the lesson that is over. ``style`` is the name of a new version."""

    done: float
    style: str = ""


class Lessons(KeptFiles):
    """The versions of styles that viewers had trained, deleted when the server ends."""

    def __init__(self) -> None:
        super().__init__("lessons")
        self._busy, self._versions = False, 0

    @property
    def possible(self) -> bool:
        """Whether what training needs is installed."""
        try:
            require("training", "train", "cpu")
        except MissingPackage:
            return False
        return True

    async def give(self, name: str, painting: Path) -> AsyncGenerator[Progress]:
        """Train a style to paint like ``painting``, the picture ``name``.

        Whoever stops listening ends the lesson. Raises :class:`UsageError` while another one goes
        on, :class:`TrainingError` if training fails.
        """
        if self._busy:
            raise UsageError("a style is being trained for somebody already; try again later")
        self._busy = True
        output = Path(self.folder, f"{name}.onnx")
        try:
            async with aclosing(self._given(painting, output)) as lesson:
                async for progress in lesson:
                    yield progress
        finally:
            self._busy = False
            output.unlink(missing_ok=True)
            shutil.rmtree(output.with_suffix(".train"), ignore_errors=True)

    async def _given(self, painting: Path, output: Path) -> AsyncGenerator[Progress]:
        options = ("--style", painting, "--minutes", MINUTES, "--export-every", _EVERY)
        card = ("--name", "mine", "--title", "My picture", "--workers", 0, "-o", output)
        command = [str(each) for each in (*_COMMAND, *options, *card)]
        limits = {"largest": _LARGEST_FILE, "nice": _LEAST_PRIORITY}
        done = 0.0
        with suppress(TimeoutError):  # it has come to something
            async with aclosing(child.events(command, seconds=LONGEST, **limits)) as told:
                async for event in told:
                    match event.get("event"):
                        case "error":
                            raise TrainingError(event["message"])
                        case "progress" if event["total"]:
                            done = event["done"] / event["total"]
                            yield Progress(done)
                        case "result" if "step" in event:
                            yield Progress(done, self._kept(output))
                        case child.ENDED if event["exit_code"]:
                            raise TrainingError(
                                "the training of a style ended without a word; try again"
                            )

    def _kept(self, output: Path) -> str:
        """The name of a new version, which is now in ``output``."""
        self._versions += 1
        name = f"trained-{output.stem.removeprefix('painting-')}-{self._versions}"
        version = output.with_name(f"{name}.onnx")
        shutil.copyfile(output, version)
        self._keep(name, version, _KEPT)
        return name
