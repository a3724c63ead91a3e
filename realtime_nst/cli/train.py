"""``realtime-nst train``: a painting, or many, and a folder of photos become a style file."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from realtime_nst.cli import console, options
from realtime_nst.cli.export import check_target, export_checked
from realtime_nst.cli.loss_weights import LossNetwork, LossWeights, loss_networks
from realtime_nst.cli.recipe_options import is_default, read_options, with_options_of
from realtime_nst.cli.start_from import StartFrom, find_start
from realtime_nst.cli.train_progress import say_begun, say_quality, train_shown
from realtime_nst.errors import UsageError
from realtime_nst.learning.training.recipe import ManyRecipe, Recipe

if TYPE_CHECKING:
    from realtime_nst.learning.training.batches import Batch
    from realtime_nst.learning.training.loop import TrainingRun

_STEPS_FROM_ANOTHER = 500
"""Unless --steps says otherwise; the recipe's own number is for a start from nothing."""

_STEPS_A_STYLE = 250
"""The same where many styles share a network."""


@with_options_of(Recipe, "Recipe")
def train(
    context: typer.Context,
    content: Annotated[Path, typer.Option(help="Folder of photos, a few hundred at least.")],
    output: options.Output,
    painting: Annotated[
        Path | None, typer.Argument(metavar="[STYLE.jpg]", help="The painting.", show_default=False)
    ] = None,
    styles: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Instead of STYLE.jpg: paintings, each to be a style of one network, named as its "
            "file; INDEX.csv in it may give file, title, artist, style_weight.",
        ),
    ] = None,
    add_style: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Instead of STYLE.jpg: a painting to add to the many styles of --start-from, "
            "which stay as they are.",
        ),
    ] = None,
    loss_network: LossNetwork = "bundled",
    loss_weights: LossWeights = None,
    name: Annotated[str, typer.Option(help="What --style takes.  (default: OUTPUT's name)")] = "",
    title: Annotated[
        str, typer.Option(help="Of the painting, or of --styles.  (default: its file name)")
    ] = "",
    artist: Annotated[str, typer.Option(help="Who painted it.  (default: unknown)")] = "",
    licence: Annotated[str, typer.Option(help="Of the trained style.")] = "unspecified",
    trained_on: Annotated[
        str, typer.Option(help="The photos, for the card.  (default: the folder's name)")
    ] = "",
    start_from: StartFrom = "",
    clips: options.Clips = None,
    restart: Annotated[bool, typer.Option("--restart", help="Forget an unfinished run.")] = False,
    overwrite: options.Overwrite = False,
    **recipe: Any,
) -> None:
    """Train a style, or many in one network. Killed, it goes on when given again."""
    check_target(output, overwrite)
    if sum(given is not None for given in (painting, styles, add_style)) != 1:
        raise UsageError("give one of these: a painting, --styles FOLDER, --add-style FILE")
    from realtime_nst.learning.packages import require

    require("training")
    from realtime_nst.cli.train_many import described, paintings_of
    from realtime_nst.learning import networks
    from realtime_nst.learning.data.pictures import find_photos, read_image
    from realtime_nst.learning.training.batches import clips_of
    from realtime_nst.learning.training.checkpoint import StyleInfo, load
    from realtime_nst.learning.training.many import many_styles_run
    from realtime_nst.learning.training.single import single_style_run
    from realtime_nst.learning.training.start_from import read_start

    start_file = find_start(start_from, recipe["network"])
    start = read_start(start_file) if start_file else None
    paintings = paintings_of(styles, add_style, start, title, artist)
    if start and is_default(context, "steps"):
        recipe["steps"] = _STEPS_A_STYLE * len(paintings) if styles else _STEPS_FROM_ANOTHER
    style = StyleInfo(
        name=name or output.stem,
        title=title,
        artist=artist,
        licence=licence,
        trained_on=trained_on or content.name,
        started_from=start.style if start else "",
    )
    make: Callable[..., TrainingRun[Batch]]
    chosen: Any = read_options(Recipe if painting else ManyRecipe, recipe)
    if painting:
        read_image(painting)  # the cheap checks come before the dear download
        networks.build(chosen.network)
        style = replace(style, title=title or painting.stem, artist=artist or "unknown")
        make = partial(single_style_run, painting, start=start)
    else:
        networks.build_conditional(chosen.network, len(paintings))
        style = described(style, paintings, start if add_style else None)
        make = partial(many_styles_run, paintings, start=start, frozen=add_style is not None)
    find_photos(content)
    clips_of(clips, chosen)
    weights = loss_networks(loss_network, loss_weights)
    run = make(
        content=content, folder=output.with_suffix(".train"), loss_weights=weights, recipe=chosen,
        style=style, restart=restart, clips=clips,
    )  # fmt: skip
    begun = f"from {style.started_from}" if start else "from nothing"
    console.say_notice(f"{begun}, {chosen.steps} steps, judged by {weights[0].name}")
    say_begun(run)
    trained = load(train_shown(run))
    say_quality(trained.quality, len(run.photos.held_out))
    export_checked(trained, output)
