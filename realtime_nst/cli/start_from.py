"""The style that the training of a new one starts from."""

from pathlib import Path
from typing import Annotated

import typer

from realtime_nst.errors import UnknownName
from realtime_nst.runtime import styles

NONE = "none"

StartFrom = Annotated[
    str,
    typer.Option(
        metavar="NAME|FILE|none",
        help="Style whose weights training begins with: an installed one, an .onnx file or a "
        "checkpoint.pt; none: anew, which takes far longer.  (default: an installed one of the "
        "same network)",
    ),
]


def find_start(start_from: str, network: str) -> Path | None:
    """The file to start a ``network`` from; None to begin anew, and where nothing is installed.

    ``start_from`` empty is the first installed one of that network, but none of several styles.
    Raises UnknownName, and ModelError when an installed file is damaged.
    """
    installed = [*styles.installed(), *styles.painters()]
    if start_from == NONE:
        return None
    if not start_from:
        fitting = (
            style.name
            for style in installed
            if style.network == network and not style.recipe.get("paintings")
        )
        name = next(fitting, "")
        return styles.find(name) if name else None
    path = Path(start_from)
    names = [style.name for style in installed]
    if start_from in names:
        return styles.find(start_from)
    if not (path.suffix or len(path.parts) > 1 or path.exists()):
        raise UnknownName(
            "style", start_from, [*names, NONE], "or give an .onnx file or a checkpoint.pt"
        )
    return path
