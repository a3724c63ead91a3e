"""``realtime-nst train``: a painting and a folder of photos become a style."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from realtime_nst.cli import console, options
from realtime_nst.cli.export import check_target, export_checked
from realtime_nst.cli.loss_weights import LossNetwork, LossWeights, loss_networks
from realtime_nst.cli.recipe_options import read_options, with_options_of
from realtime_nst.cli.start_from import StartFrom, find_start
from realtime_nst.learning.recipe import Recipe

if TYPE_CHECKING:
    from realtime_nst.learning.run import Progress as Step
    from realtime_nst.learning.train import Trainer

_ENOUGH_PHOTOS = 200
_STEPS_FROM_ANOTHER = 500
"""Unless --steps says otherwise; the recipe's own number is for a start from nothing."""

_STEPS_A_LINE = 25
"""Where there is no terminal to draw a bar on."""


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
    console.say_notice(f"samples, losses and checkpoint: {folder}")
    if trainer.photos < _ENOUGH_PHOTOS:
        console.say_notice(
            f"{console.counted(trainer.photos, 'photo')} to train on is little: expect a style "
            f"that fits these alone; {_ENOUGH_PHOTOS} or more is better"
        )
    trained = checkpoint.load(_train(trainer))
    _say_quality(trained.quality, len(trainer.held_out))
    export_checked(trained, output)


def _is_default(context: typer.Context, option: str) -> bool:
    source = context.get_parameter_source(option)
    return source is not None and source.name == "DEFAULT"


def _train(trainer: "Trainer") -> Path:
    columns = (
        TextColumn("training"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[losses]}"),
    )
    with Progress(*columns, console=console.err, disable=not console.err.is_terminal) as progress:
        task = progress.add_task("", total=trainer.recipe.steps, completed=trainer.step, losses="")

        def show(step: "Step") -> None:
            if step.notice:
                console.say_notice(step.notice)
            elif not console.err.is_terminal and step.step % _STEPS_A_LINE == 0:
                console.say_notice(f"step {step.step} of {step.steps}: {_losses(step)}")
            progress.update(task, completed=step.step, losses=_losses(step))

        try:
            return trainer.run(show)
        except KeyboardInterrupt:
            progress.stop()
            console.say_notice(f"stopped; the same command goes on from {trainer.checkpoint_path}")
            raise typer.Exit(130) from None


def _losses(step: "Step") -> str:
    shown = {**step.losses, "total": step.total}
    return "  ".join(f"{name.replace('_', ' ')} {value:.3f}" for name, value in shown.items())


def _say_quality(quality: dict[str, float], photos: int) -> None:
    figures = ", ".join(f"{name.replace('_', ' ')} {value:.3f}" for name, value in quality.items())
    if figures:
        console.say(f"on {photos} photos held out of training (lower is better): {figures}")
