"""``realtime-nst smooth``: a painted photo becomes a photo again, in the painting's colours."""

from pathlib import Path
from typing import Annotated

import typer

from realtime_nst.cli import console, interrupt, options
from realtime_nst.cli.progress import progress
from realtime_nst.errors import TargetExists


def smooth(
    painting: Annotated[Path, typer.Argument(metavar="PAINTING", help="The painted photo.")],
    photo: Annotated[
        Path, typer.Option(metavar="PHOTO", help="What was painted; the result has its edges.")
    ],
    output: options.Output,
    longest: Annotated[
        int,
        typer.Option(metavar="PIXELS", help="Longer side of the result; never enlarges.", min=32),
    ] = 768,
    overwrite: options.Overwrite = False,
) -> None:
    """Make a painted photo look like a photo: even areas, the photo's edges (Li et al. 2018)."""
    if output.exists() and not overwrite:
        raise TargetExists(f"{output} already exists; replace it with --overwrite")
    from realtime_nst.packages import require

    require("smoothing", "train", "cpu")
    from realtime_nst.learning.data.pictures import read_image, read_painted, to_image
    from realtime_nst.learning.optimise.smoothing import smoothed
    from realtime_nst.sinks.pictures import write_picture

    image = read_image(photo, longest)
    painted = read_painted(painting, photo, image)
    with progress("smoothing", "step", None) as gauge:

        def show(step: int, left: float) -> None:
            interrupt.check()
            gauge(step, f"{left:.0e} left")

        result = smoothed(painted, image, on_step=show)
    write_picture(output, to_image(result), overwrite=overwrite)
    console.say(str(output))
