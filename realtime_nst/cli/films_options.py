"""Options for several films."""

from typing import Annotated

import typer

_PANEL = "Several films"

Recursive = Annotated[
    bool,
    typer.Option(
        "--recursive",
        "-r",
        rich_help_panel=_PANEL,
        help="Paint the films in folders inside folders as well; results go to folders alike.",
    ),
]
Watch = Annotated[
    bool,
    typer.Option(
        "--watch",
        rich_help_panel=_PANEL,
        help="Stay, and paint what comes into the folders once it is complete. Ctrl-C ends it.",
    ),
]
