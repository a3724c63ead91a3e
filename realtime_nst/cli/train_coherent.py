"""``realtime-nst train-coherent``: a trained style learns which features to keep between frames."""

from pathlib import Path
from typing import Annotated, Any

import typer

from realtime_nst.cli import options
from realtime_nst.cli.export import check_target, export_checked
from realtime_nst.cli.recipe_options import read_options, with_options_of
from realtime_nst.cli.train_options import Clips, Content, Restart
from realtime_nst.cli.train_progress import say_started, stoppable, train_shown
from realtime_nst.learning.training.recipe import CoherentRecipe


@with_options_of(CoherentRecipe, "Training", without={"network"})
def train_coherent(
    checkpoint: Annotated[
        Path, typer.Argument(metavar="CHECKPOINT", help="checkpoint.pt of the style's training.")
    ],
    content: Content,
    output: options.Output,
    restart: Restart = False,
    overwrite: options.Overwrite = False,
    clips: Clips = None,
    **recipe: Any,
) -> None:
    """Train a network that keeps features of the previous frame (Chen et al. 2017).

    An experiment: video and live steady their paintings far better, and faster.
    """
    check_target(output, overwrite)
    from realtime_nst.packages import require

    require("training", "train", "cpu")
    from realtime_nst.learning.training.checkpoint import load
    from realtime_nst.learning.training.coherent import coherent_run

    chosen = read_options(CoherentRecipe, recipe)
    folder = output.with_suffix(".train")
    run = coherent_run(load(checkpoint), content, folder, chosen, clips, restart)
    say_started(run)
    with stoppable(run):
        export_checked(load(train_shown(run)), output)
