"""``realtime-nst train-unpaired``: photos and folders of paintings become a style file."""

from pathlib import Path
from typing import Annotated, Any

import typer

from realtime_nst.cli import console, options
from realtime_nst.cli.export import check_target, export_checked
from realtime_nst.cli.loss_weights import LossNetwork, LossWeights, loss_networks
from realtime_nst.cli.recipe_options import read_options, with_options_of
from realtime_nst.cli.train_options import Content, Licence, Name, Restart, TrainedOn
from realtime_nst.cli.train_progress import say_started, stoppable, train_shown
from realtime_nst.learning.training.recipe import UnpairedRecipe


@with_options_of(UnpairedRecipe, "Training")
def train_unpaired(
    paintings: Annotated[
        list[Path],
        typer.Option(
            metavar="FOLDER",
            help="Paintings of one school, or by one painter. With --form star it may be given "
            "several times: each folder becomes a style.",
        ),
    ],
    content: Content,
    output: options.Output,
    loss_network: LossNetwork = "bundled",
    loss_weights: LossWeights = None,
    restart: Restart = False,
    overwrite: options.Overwrite = False,
    name: Name = "",
    licence: Licence = "unspecified",
    trained_on: TrainedOn = "",
    **recipe: Any,
) -> None:
    """Train a style on a school of painting, against networks that tell paintings from results.

    If it is stopped, the same command resumes it.
    """
    check_target(output, overwrite)
    from realtime_nst.packages import require

    require("training", "train", "cpu")
    from realtime_nst.learning.training.checkpoint import StyleInfo, load
    from realtime_nst.learning.training.unpaired import unpaired_run

    chosen = read_options(UnpairedRecipe, recipe)
    names = [folder.name for folder in paintings]
    style = StyleInfo(
        name=name or output.stem,
        title=", ".join(names),
        artist="many",
        licence=licence,
        trained_on=trained_on or ", ".join([content.name, *names]),
    )
    weights = loss_networks(loss_network, loss_weights)
    run = unpaired_run(
        paintings, content, output.with_suffix(".train"), weights, chosen, style, restart
    )
    console.say_notice(f"{chosen.form}, {chosen.steps} steps")
    say_started(run)
    with stoppable(run):
        export_checked(load(train_shown(run)), output)
