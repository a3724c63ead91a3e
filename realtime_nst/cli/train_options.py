"""Options that the training commands share."""

from pathlib import Path
from typing import Annotated

import typer

from realtime_nst.learning.training.recipe import MovingRecipe

CARD = "Card"
"""A heading in the help: what is written into the style file beside the network."""

Content = Annotated[
    Path,
    typer.Option(
        metavar="FOLDER",
        help="Photos to train on, also those in folders inside: a few hundred at least.",
    ),
]
ContentIfAny = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Photos to train on, also those in folders inside: a few hundred at least. With "
        "--minutes it may be left out, and few are enough.",
    ),
]
Restart = Annotated[
    bool, typer.Option("--restart", help="Start over, even if a run can be resumed.")
]
Clips = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Video clips for temporal training, from which some of the moving pictures come.",
    ),
]
Name = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        rich_help_panel=CARD,
        help="Name of the style, once styles --install has installed it. (default: the output's)",
        show_default=False,
    ),
]
Licence = Annotated[
    str,
    typer.Option(metavar="TEXT", rich_help_panel=CARD, help="Licence of the trained network."),
]
TrainedOn = Annotated[
    str,
    typer.Option(
        metavar="TEXT",
        rich_help_panel=CARD,
        help="Where the pictures are from. (default: the names of their folders)",
        show_default=False,
    ),
]


def require_memory_for(recipe: MovingRecipe) -> None:
    """Raises UsageError if a step of training needs more memory than there is."""
    from realtime_nst.learning.device import require_memory

    side = recipe.largest_crop
    option = "--crop" if side == recipe.crop else "--painting-crop"
    require_memory(
        recipe.memory,
        f"training on --batch {recipe.batch} photos at {option} {side}",
        f"give a smaller --batch or {option}",
    )
