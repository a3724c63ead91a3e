"""The loss networks that training and optimisation look through."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from realtime_nst.cli import console

LossWeights = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE",
        help="Weights of a loss network; may be given several times, the first that has a "
        "layer serves it. (default: VGG-19, fetched once)",
    ),
]


def given_or_fetched(weights: list[Path] | None) -> list[Path]:
    """``weights``, or VGG-19's, fetched where it is not there. Raises TrainingError as that."""
    return weights or [_fetched_vgg19()]


def _fetched_vgg19() -> Path:
    from realtime_nst.learning.vgg_download import download
    from realtime_nst.runtime.cache import root

    with Progress(console=console.err, transient=True) as progress:
        task = progress.add_task("fetching VGG-19", total=None)
        return download(
            root(),
            on_bytes=lambda done, total: progress.update(task, completed=done, total=total),
        )
