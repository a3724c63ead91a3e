"""``realtime-nst export``: a checkpoint becomes a style file."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from realtime_nst.cli import console, options
from realtime_nst.errors import TargetExists, TrainingError, UsageError
from realtime_nst.files import require_folder

if TYPE_CHECKING:
    from realtime_nst.learning.training.checkpoint import Checkpoint


def export(
    checkpoint: Annotated[
        Path, typer.Argument(metavar="CHECKPOINT", help="checkpoint.pt of a training run.")
    ],
    output: options.Output,
    network: Annotated[
        str,
        typer.Option(
            metavar="NAME:PARAMETER=N",
            help="The network in another form that has the same weights, such as "
            "solver:content=2,edges=1. (default: as it was trained)",
            show_default=False,
        ),
    ] = "",
    overwrite: options.Overwrite = False,
) -> None:
    """Export the network of a checkpoint as a style file, compared with torch."""
    check_target(output, overwrite)
    from realtime_nst.packages import require

    require("exporting a style", "train", "cpu")
    from realtime_nst.learning.training.checkpoint import load

    chosen = load(checkpoint)
    if network:
        chosen = _in_form(chosen, network)
    export_checked(chosen, output)


def _in_form(checkpoint: "Checkpoint", network: str) -> "Checkpoint":
    """``checkpoint`` with its ``network`` in another form, whose quality nobody has measured."""
    from realtime_nst.learning.training.checkpoint import trained_network

    form = replace(checkpoint, recipe=replace(checkpoint.recipe, network=network), quality={})
    try:
        trained_network(form)
    except TrainingError as error:
        raise UsageError(
            f"--network {network} has other weights than {checkpoint.recipe.network!r} of the "
            "checkpoint; change parameters that have none, such as solver:content=2,edges=1"
        ) from error
    return form


def check_target(output: Path, overwrite: bool) -> None:
    """Raises UsageError or TargetExists if ``output`` cannot be written as a style file."""
    if output.suffix != ".onnx":
        raise UsageError(f"{output} is not a name for a style file; let it end in .onnx")
    require_folder(output)
    if output.exists() and not overwrite:
        raise TargetExists(f"{output} already exists; replace it with --overwrite")


def export_checked(checkpoint: "Checkpoint", output: Path) -> None:
    from realtime_nst.learning.export import export as write
    from realtime_nst.runtime.companions import encoder_path
    from realtime_nst.runtime.kinds import KINDS

    mean, largest = write(checkpoint, output)
    kind = KINDS.get(checkpoint.recipe.kind)
    if kind and kind.needs_encoder:
        console.say(f"{encoder_path(output)}: makes the codes of paintings for {output.name}")
    size = output.stat().st_size
    console.say_result(
        f"{output}: {size / 1e6:.1f} MB, step {checkpoint.step}; differs from "
        f"torch by {mean:.3f} grey levels on average, {largest} at most",
        path=output, bytes=size, step=checkpoint.step, mean_difference=mean,
        largest_difference=largest,
    )  # fmt: skip
