"""``realtime-nst train-any``: paintings and photos become a style file for any painting."""

from pathlib import Path
from typing import Annotated, Any

import typer

from realtime_nst.cli import console, options
from realtime_nst.cli.export import check_target, export_checked
from realtime_nst.cli.loss_weights import LossNetwork, LossWeights, loss_networks
from realtime_nst.cli.recipe_options import is_default, read_options, with_options_of
from realtime_nst.cli.start_from import StartFrom, find_start
from realtime_nst.cli.train_progress import say_begun, say_quality, train_shown
from realtime_nst.learning.training.recipe import ArbitraryRecipe

_STEPS_FROM_ANOTHER = 2000


@with_options_of(ArbitraryRecipe, "Recipe")
def train_any(
    context: typer.Context,
    paintings: Annotated[
        Path,
        typer.Option(help="Folder of paintings; INDEX.csv in it may name artists (file, artist)."),
    ],
    content: Annotated[Path, typer.Option(help="Folder of photos, a few hundred at least.")],
    output: options.Output,
    unseen: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Painting to show and measure the result on, kept out of training; may be given "
            "several times.  (default: some of --paintings)",
        ),
    ] = None,
    loss_network: LossNetwork = "bundled",
    loss_weights: LossWeights = None,
    name: Annotated[str, typer.Option(help="What --style takes.  (default: OUTPUT's name)")] = "",
    title: Annotated[str, typer.Option(help="For people.")] = "Any painting",
    licence: Annotated[str, typer.Option(help="Of the trained network.")] = "unspecified",
    trained_on: Annotated[
        str,
        typer.Option(help="Photos and paintings, for the card.  (default: the folders' names)"),
    ] = "",
    start_from: StartFrom = "",
    clips: options.Clips = None,
    restart: Annotated[bool, typer.Option("--restart", help="Forget an unfinished run.")] = False,
    overwrite: options.Overwrite = False,
    **recipe: Any,
) -> None:
    """Train one network for any painting. Killed, it goes on when given again.

    Writes OUTPUT, which paints, and beside it OUTPUT's name with .encoder.onnx, which makes a
    painting's code.
    """
    check_target(output, overwrite)
    from realtime_nst.learning.packages import require

    require("training")
    from realtime_nst.learning.data.paintings import read_painting, split_paintings
    from realtime_nst.learning.data.pictures import find_photos
    from realtime_nst.learning.networks import build_arbitrary
    from realtime_nst.learning.networks.transformed import TransformedNet
    from realtime_nst.learning.training import checkpoint
    from realtime_nst.learning.training.arbitrary import (
        PRETRAIN_STEPS,
        arbitrary_run,
        check_pretraining,
    )
    from realtime_nst.learning.training.batches import clips_of
    from realtime_nst.learning.training.start_from import read_start
    from realtime_nst.runtime.codes import PAINTING_SIZE

    find_photos(content)  # the cheap checks come before the dear download
    for painting in unseen or ():
        read_painting(painting, PAINTING_SIZE)
    split = split_paintings(paintings, recipe["held_out_paintings"], unseen or ())
    start_file = find_start(start_from, recipe["network"])
    start = read_start(start_file) if start_file else None
    if start and is_default(context, "steps"):
        recipe["steps"] = _STEPS_FROM_ANOTHER
    network = build_arbitrary(recipe["network"])
    if is_default(context, "pretrain_steps") and isinstance(network, TransformedNet) and not start:
        recipe["pretrain_steps"] = min(PRETRAIN_STEPS, recipe["steps"] // 2)
    chosen = read_options(ArbitraryRecipe, recipe)
    if chosen.pretrain_steps:
        check_pretraining(network, chosen.network)
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
    say_begun(run)
    trained = checkpoint.load(train_shown(run))
    say_quality(trained.quality, len(run.photos.held_out))
    export_checked(trained, output)
