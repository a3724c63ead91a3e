"""Options that several commands share; those of a look are in ``look_options``."""

from pathlib import Path
from typing import Annotated

import typer

from realtime_nst.look import Look, settings_of

STYLE = "STYLE"
DEFAULT_STYLE = Look().style

Style = Annotated[
    str,
    typer.Option("--style", "-s", metavar=STYLE, help=settings_of(Look)["style"][1].help),
]
Painter = Annotated[
    str,
    typer.Option(metavar="NAME|FILE.onnx", help=settings_of(Look)["painter"][1].help),
]
Provider = Annotated[
    str,
    typer.Option(metavar="auto|NAME", help="Execution provider; see: realtime-nst doctor."),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")]
Output = Annotated[
    Path, typer.Option("--output", "-o", metavar="PATH", help="Where the result goes.")
]
