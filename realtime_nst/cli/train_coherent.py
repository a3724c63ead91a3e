"""``realtime-nst train-coherent``: a trained style learns what to hold of the frame before."""

from pathlib import Path
from typing import Annotated, Any

import typer

from realtime_nst.cli import options
from realtime_nst.cli.export import check_target, export_checked
from realtime_nst.cli.recipe_options import read_options, with_options_of
from realtime_nst.cli.train_progress import say_begun, train_shown
from realtime_nst.learning.training.recipe import CoherentRecipe


@with_options_of(CoherentRecipe, "Recipe", without={"network"})
def train_coherent(
    checkpoint: Annotated[Path, typer.Argument(help="checkpoint.pt of the style's training run.")],
    content: Annotated[Path, typer.Option(help="Folder of photos, a few hundred at least.")],
    output: options.Output,
    clips: Annotated[
        Path | None, typer.Option(help="Folder of clips, from which half of the pairs is taken.")
    ] = None,
    restart: Annotated[bool, typer.Option("--restart", help="Forget an unfinished run.")] = False,
    overwrite: options.Overwrite = False,
    **recipe: Any,
) -> None:
    """Train a network that holds features of the frame before (Chen et al. 2017), an experiment.

    The style stays as it is, only a small mask learns. bench temporal --coherent measures what
    comes out; video and live stabilise their pictures instead, which holds far stiller for less.
    """
    check_target(output, overwrite)
    from realtime_nst.learning.packages import require

    require("training")
    from realtime_nst.learning.training.checkpoint import load
    from realtime_nst.learning.training.coherent import coherent_run

    chosen = read_options(CoherentRecipe, recipe)
    folder = output.with_suffix(".train")
    run = coherent_run(load(checkpoint), content, folder, chosen, clips, restart)
    say_begun(run)
    export_checked(load(train_shown(run)), output)
