"""``realtime-nst export``: a checkpoint becomes a style file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from realtime_nst.cli import console, options
from realtime_nst.errors import TargetExists, UsageError

if TYPE_CHECKING:
    from realtime_nst.learning.training.checkpoint import Checkpoint


def export(
    checkpoint: Annotated[Path, typer.Argument(help="checkpoint.pt of a training run.")],
    output: options.Output,
    overwrite: options.Overwrite = False,
) -> None:
    """Write a checkpoint's network as ONNX, checked against torch at a size of its own."""
    check_target(output, overwrite)
    from realtime_nst.learning.packages import require

    require("exporting a style")
    from realtime_nst.learning.training.checkpoint import load

    export_checked(load(checkpoint), output)


def check_target(output: Path, overwrite: bool) -> None:
    """Raises UsageError or TargetExists where ``output`` cannot become a style file."""
    if output.suffix != ".onnx":
        raise UsageError(f"{output} is no style file's name; end it in .onnx")
    if not output.parent.is_dir():
        raise UsageError(f"there is no folder {output.parent}; make it first")
    if output.exists() and not overwrite:
        raise TargetExists(f"{output} already exists; replace it with --overwrite")


def export_checked(checkpoint: "Checkpoint", output: Path) -> None:
    from realtime_nst.learning.export import export as write
    from realtime_nst.runtime.companions import encoder_path
    from realtime_nst.runtime.kinds import KINDS

    mean, largest = write(checkpoint, output)
    if KINDS[checkpoint.recipe.kind].needs_encoder:
        console.say(f"{encoder_path(output)}: makes the codes of paintings for {output.name}")
    console.say(
        f"{output}: {output.stat().st_size / 1e6:.1f} MB, step {checkpoint.step}; differs from "
        f"torch by {mean:.3f} grey levels on average, {largest} at most"
    )
