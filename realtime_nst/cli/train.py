"""``realtime-nst train``: a painting and a folder of photos become a style."""

from pathlib import Path
from typing import Annotated, Any

import typer

from realtime_nst.cli import console, options
from realtime_nst.cli.export import check_target, export_checked
from realtime_nst.cli.loss_weights import LossNetwork, LossWeights, loss_networks
from realtime_nst.cli.recipe_options import read_options, with_options_of
from realtime_nst.cli.start_from import StartFrom, find_start
from realtime_nst.cli.train_progress import say_begun, say_quality, train_shown
from realtime_nst.learning.recipe import Recipe

_STEPS_FROM_ANOTHER = 500
"""Unless --steps says otherwise; the recipe's own number is for a start from nothing."""


@with_options_of(Recipe, "Recipe")
def train(
    context: typer.Context,
    painting: Annotated[Path, typer.Argument(metavar="STYLE.jpg", help="The painting.")],
    content: Annotated[Path, typer.Option(help="Folder of photos, a few hundred at least.")],
    output: options.Output,
    loss_network: LossNetwork = "vgg19",
    loss_weights: LossWeights = None,
    name: Annotated[str, typer.Option(help="What --style takes.  (default: OUTPUT's name)")] = "",
    title: Annotated[str, typer.Option(help="Of the painting.  (default: its file name)")] = "",
    artist: Annotated[str, typer.Option(help="Who painted it.")] = "unknown",
    licence: Annotated[str, typer.Option(help="Of the trained style.")] = "unspecified",
    trained_on: Annotated[
        str, typer.Option(help="The photos, for the card.  (default: the folder's name)")
    ] = "",
    start_from: StartFrom = "",
    clips: Annotated[
        Path | None,
        typer.Option(help="Folder of clips, moving pictures for the temporal weights."),
    ] = None,
    restart: Annotated[bool, typer.Option("--restart", help="Forget an unfinished run.")] = False,
    overwrite: options.Overwrite = False,
    **recipe: Any,
) -> None:
    """Train a style. Killed, it goes on where it was when the same command is given again."""
    check_target(output, overwrite)
    from realtime_nst.learning.packages import require

    require("training")
    from realtime_nst.learning import checkpoint
    from realtime_nst.learning.data import find_photos, read_image
    from realtime_nst.learning.networks import build
    from realtime_nst.learning.start import read_start
    from realtime_nst.learning.train import Trainer

    folder = output.with_suffix(".train")
    start = find_start(start_from, recipe["network"])
    if start and _is_default(context, "steps"):
        recipe["steps"] = _STEPS_FROM_ANOTHER
    chosen = read_options(Recipe, recipe)
    read_image(painting)  # the cheap checks come before the dear download
    find_photos(content)
    build(chosen.network)
    style = checkpoint.StyleInfo(
        name=name or output.stem,
        title=title or painting.stem,
        artist=artist,
        licence=licence,
        trained_on=trained_on or content.name,
        started_from=read_start(start).style if start else "",
    )
    weights = loss_networks(loss_network, loss_weights)
    trainer = Trainer(painting, content, folder, weights, chosen, style, start, restart, clips)
    begun = f"from {style.started_from}" if start else "from nothing"
    console.say_notice(f"{begun}, {chosen.steps} steps, judged by {weights[0].name}")
    say_begun(trainer)
    trained = checkpoint.load(train_shown(trainer))
    say_quality(trained.quality, len(trainer.held_out))
    export_checked(trained, output)


def _is_default(context: typer.Context, option: str) -> bool:
    source = context.get_parameter_source(option)
    return source is not None and source.name == "DEFAULT"
