"""``realtime-nst train-any``: paintings and photos become a style file for any painting."""

from pathlib import Path
from typing import Annotated, Any

import typer

from realtime_nst.cli import console, options
from realtime_nst.cli.export import check_target, export_checked
from realtime_nst.cli.loss_weights import LossNetwork, LossWeights, loss_networks
from realtime_nst.cli.recipe_options import (
    is_default,
    of_its_paper,
    read_options,
    with_options_of,
)
from realtime_nst.cli.renamed import with_renamed
from realtime_nst.cli.start_from import StartFrom, find_start
from realtime_nst.cli.train_options import (
    CARD,
    Clips,
    Content,
    Licence,
    Name,
    Restart,
    TrainedOn,
    require_memory_for,
)
from realtime_nst.cli.train_progress import say_quality, say_started, stoppable, train_shown
from realtime_nst.learning.training.recipe import ArbitraryRecipe

_STEPS_FROM_ANOTHER = 2000


@with_renamed({"begin_steps": "give --pretrain-steps"})
@with_options_of(ArbitraryRecipe, "Training")
def train_any(
    context: typer.Context,
    paintings: Annotated[
        Path,
        typer.Option(
            metavar="FOLDER",
            help="Paintings to train on. INDEX.csv in it may have the columns file, artist.",
        ),
    ],
    content: Content,
    output: options.Output,
    unseen: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="PAINTING",
            help="Painting to show and measure the result on, kept out of training. May be given "
            "several times. (default: some of --paintings)",
            show_default=False,
        ),
    ] = None,
    start_from: StartFrom = "",
    loss_network: LossNetwork = "bundled",
    loss_weights: LossWeights = None,
    clips: Clips = None,
    restart: Restart = False,
    overwrite: options.Overwrite = False,
    name: Name = "",
    title: Annotated[
        str, typer.Option(metavar="TEXT", rich_help_panel=CARD, help="Title of the network.")
    ] = "Any painting",
    licence: Licence = "unspecified",
    trained_on: TrainedOn = "",
    **recipe: Any,
) -> None:
    """Train a network for any painting.

    Writes OUTPUT, which paints, and beside it an encoder of paintings.

    If it is stopped, the same command resumes it.
    """
    check_target(output, overwrite)
    from realtime_nst.packages import require

    require("training", "train", "cpu")
    from realtime_nst.learning.data.paintings import read_painting, split_paintings
    from realtime_nst.learning.data.pictures import find_photos
    from realtime_nst.learning.networks import ARBITRARY_NETWORKS
    from realtime_nst.learning.training import checkpoint
    from realtime_nst.learning.training.arbitrary import arbitrary_run
    from realtime_nst.learning.training.batches import clips_of
    from realtime_nst.learning.training.start_from import read_start
    from realtime_nst.runtime.codes import PAINTING_SIZE

    find_photos(content)  # the cheap checks come before a download
    for painting in unseen or ():
        read_painting(painting, PAINTING_SIZE)
    split = split_paintings(paintings, recipe["held_out_paintings"], unseen or ())
    start_file = find_start(start_from, recipe["network"])
    start = read_start(start_file) if start_file else None
    if start and is_default(context, "steps"):
        recipe["steps"] = _STEPS_FROM_ANOTHER
    recipe |= of_its_paper(context, recipe, ARBITRARY_NETWORKS)
    if is_default(context, "pretrain_steps"):
        most = 0 if start else recipe["steps"] // 2
        recipe["pretrain_steps"] = min(recipe["pretrain_steps"], most)
    chosen = _checked(read_options(ArbitraryRecipe, recipe))
    require_memory_for(chosen)
    clips_of(clips, chosen)
    style = checkpoint.StyleInfo(
        name=name or output.stem,
        title=title,
        artist="any",
        licence=licence,
        trained_on=trained_on or f"{content.name}, {paintings.name}",
        started_from=start.style if start else "",
    )
    weights = loss_networks(loss_network, loss_weights)
    run = arbitrary_run(
        split, content, output.with_suffix(".train"), weights, chosen, style, start, restart, clips
    )
    console.say_notice(
        f"from {style.started_from or 'nothing'}, {chosen.steps} steps on "
        f"{console.counted(split.count, 'painting')} of "
        f"{console.counted(len(split.groups), 'artist')}, judged by {weights[0].name}; "
        f"{console.counted(len(split.left_out), 'painting')} kept out"
    )
    say_started(run)
    with stoppable(run):
        trained = checkpoint.load(train_shown(run))
        say_quality(trained.quality, len(run.photos.held_out))
        export_checked(trained, output)


def _checked(recipe: ArbitraryRecipe) -> ArbitraryRecipe:
    from realtime_nst.learning.networks import build_arbitrary
    from realtime_nst.learning.training.arbitrary import check_pretraining

    network = build_arbitrary(recipe.network)
    if recipe.pretrain_steps:
        check_pretraining(network, recipe.network)
    return recipe
