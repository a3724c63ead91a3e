"""``realtime-nst train``: one painting, or many, and a folder of photos become a style file."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from realtime_nst.cli import console, options, train_minutes
from realtime_nst.cli.export import check_target, export_checked
from realtime_nst.cli.loss_weights import LossNetwork, LossWeights, loss_networks
from realtime_nst.cli.recipe_options import (
    is_default,
    of_its_paper,
    read_options,
    with_options_of,
)
from realtime_nst.cli.start_from import StartFrom, find_start
from realtime_nst.cli.train_options import (
    CARD,
    Clips,
    ContentIfAny,
    Licence,
    Name,
    Restart,
    TrainedOn,
    require_memory_for,
)
from realtime_nst.cli.train_progress import say_quality, say_started, stoppable, train_shown
from realtime_nst.errors import UsageError
from realtime_nst.learning.training.recipe import ManyRecipe, Recipe

if TYPE_CHECKING:
    from realtime_nst.learning.data.style_folder import Painting
    from realtime_nst.learning.training.batches import Batch
    from realtime_nst.learning.training.loop import TrainingRun
    from realtime_nst.learning.training.start_from import Start

_STEPS_FROM_ANOTHER = 500
"""Enough for one style that starts from another, unless --steps says otherwise."""

_STEPS_A_STYLE = 250
"""The same for each style of many."""


@with_options_of(Recipe, "Training")
def train(
    context: typer.Context,
    *,
    style: Annotated[
        Path | None,
        typer.Option("--style", "-s", metavar="PAINTING", help="The painting to imitate."),
    ] = None,
    content: ContentIfAny = None,
    output: options.Output,
    styles: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Instead of --style: a folder of paintings, each of which becomes a style of one "
            "network. INDEX.csv in it may have the columns file, title, artist, style_weight.",
        ),
    ] = None,
    add_style: Annotated[
        Path | None,
        typer.Option(
            metavar="PAINTING",
            help="Instead of --style: a painting to add to the many styles of --start-from, which "
            "stay as they are.",
        ),
    ] = None,
    start_from: StartFrom = "",
    loss_network: LossNetwork = "bundled",
    loss_weights: LossWeights = None,
    clips: Clips = None,
    restart: Restart = False,
    install: train_minutes.Install = False,
    export_every: train_minutes.ExportEvery = 0.0,
    overwrite: options.Overwrite = False,
    painting: Annotated[
        Path | None, typer.Argument(hidden=True, metavar="--style PAINTING")
    ] = None,
    name: Name = "",
    title: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            rich_help_panel=CARD,
            help="Title of the painting, or of --styles. (default: the file name)",
            show_default=False,
        ),
    ] = "",
    artist: Annotated[
        str,
        typer.Option(
            metavar="TEXT", rich_help_panel=CARD, help="Its painter.", show_default="unknown"
        ),
    ] = "",
    licence: Licence = "unspecified",
    trained_on: TrainedOn = "",
    **recipe: Any,
) -> None:
    """Train a style, or many styles in one network.

    With --minutes 1 a style of your own starts from what the network for any painting makes of it,
    and needs no photos. If training is stopped, the same command resumes it.
    """
    check_target(output, overwrite)
    _check_painting(
        painting, style, styles, add_style, f"--content {content or 'FOLDER'} -o {output}"
    )
    train_minutes.check(
        recipe["minutes"],
        export_every,
        needs_photos=content is None and not (style and recipe["minutes"]),
        name=(name or output.stem) if install else None,
        overwrite=overwrite,
    )
    from realtime_nst.packages import require

    require("training", "train", "cpu")
    from realtime_nst.cli.train_many import described, paintings_of
    from realtime_nst.learning.data.pictures import find_photos
    from realtime_nst.learning.training.batches import clips_of
    from realtime_nst.learning.training.checkpoint import StyleInfo, load
    from realtime_nst.learning.training.start_from import read_start

    if recipe["minutes"] and style:
        train_minutes.settle(context, recipe)
    start_file = find_start(start_from, recipe["network"])
    start = read_start(start_file) if start_file else None
    paintings = paintings_of(styles, add_style, start, title, artist)
    steps = _STEPS_A_STYLE * len(paintings) if styles else _STEPS_FROM_ANOTHER
    kind = Recipe if style else ManyRecipe
    chosen = _recipe(context, kind, recipe, steps if start else None)
    info = StyleInfo(
        name=name or output.stem,
        title=title,
        artist=artist,
        licence=licence,
        trained_on=trained_on or (content.name if content else "made-up scenes"),
        started_from=start.style if start else "",
    )
    if content:
        find_photos(content)
    clips_of(clips, chosen)
    make: Callable[..., TrainingRun[Batch]]
    if style:
        info = replace(info, title=title or style.stem, artist=artist or "unknown")
        make = _single(style, chosen, start)
    else:
        info = described(info, paintings, start if add_style else None)
        make = _many(paintings, chosen, start, frozen=add_style is not None)
    weights, folder = loss_networks(loss_network, loss_weights), output.with_suffix(".train")
    run = make(
        content=content or train_minutes.made_up_photos(folder), folder=folder,
        loss_weights=weights, recipe=chosen, style=info, restart=restart, clips=clips,
    )  # fmt: skip
    origin = f"from {info.started_from}" if start else "from nothing"
    console.say_notice(f"{origin}, {_length(chosen)}, judged by {weights[0].name}")
    say_started(run)
    with stoppable(run, output):
        trained = load(train_shown(run, output, export_every))
        say_quality(trained.quality, len(run.photos.held_out))
        export_checked(trained, output)
    if install:
        train_minutes.installed(output, overwrite)


def _check_painting(
    argument: Path | None,
    style: Path | None,
    styles: Path | None,
    add_style: Path | None,
    rest: str,
) -> None:
    """Raises UsageError unless one painting, or one folder of them, is given by its option;
    ``rest`` is that of the command."""
    if argument:
        raise UsageError(
            f"give the painting with --style: realtime-nst train --style {argument} {rest}"
        )
    if sum(given is not None for given in (style, styles, add_style)) != 1:
        raise UsageError("give one of these: --style PAINTING, --styles FOLDER, --add-style FILE")


def _recipe(
    context: typer.Context, kind: type[Recipe], given: dict[str, Any], steps: int | None
) -> Any:
    """A recipe of ``kind``; ``steps`` unless --steps says otherwise (None: those of the network's
    paper)."""
    from realtime_nst.learning.networks import CONDITIONAL_NETWORKS, NETWORKS

    if steps and is_default(context, "steps"):
        given["steps"] = steps
    given |= of_its_paper(context, given, NETWORKS if kind is Recipe else CONDITIONAL_NETWORKS)
    chosen = read_options(kind, given)
    require_memory_for(chosen)
    return chosen


def _length(recipe: Recipe) -> str:
    return f"{60 * recipe.minutes:g} seconds" if recipe.minutes else f"{recipe.steps} steps"


def _single(
    painting: Path, recipe: Recipe, start: "Start | None"
) -> "Callable[..., TrainingRun[Batch]]":
    """Raises the errors of the painting and of the network, before anything is downloaded."""
    from realtime_nst.learning import networks
    from realtime_nst.learning.data.pictures import read_image
    from realtime_nst.learning.training.single import single_style_run

    read_image(painting)
    networks.build(recipe.network)
    return partial(single_style_run, painting, start=start)


def _many(
    paintings: "Sequence[Painting]", recipe: ManyRecipe, start: "Start | None", frozen: bool
) -> "Callable[..., TrainingRun[Batch]]":
    """Raises the errors of the network, before anything is downloaded."""
    from realtime_nst.learning import networks
    from realtime_nst.learning.training.many import many_styles_run

    networks.build_conditional(recipe.network, len(paintings))
    return partial(many_styles_run, paintings, start=start, frozen=frozen)
