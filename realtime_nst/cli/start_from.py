"""The option --start-from of training."""

from pathlib import Path
from typing import Annotated

import typer

from realtime_nst.errors import UnknownName
from realtime_nst.runtime import styles

NONE = "none"

_CODED, _FOR_ANY = "coded", "arbitrary"
"""A network for one painting, and the network for any painting that it begins as."""

StartFrom = Annotated[
    str,
    typer.Option(
        metavar="NAME|FILE|none",
        help="Style whose weights training starts from: an installed style, an .onnx file or a "
        "checkpoint.pt. none starts from nothing, which takes far longer. (default: an installed "
        "style of the same network)",
        show_default=False,
    ),
]


def find_start(start_from: str, network: str) -> Path | None:
    """The file that the training of ``network`` starts from; None to start from nothing.

    If ``start_from`` is empty, that is the first installed single style of that network, if any;
    for "coded" it is the network for any painting.
    Raises UnknownName for an unknown style, ModelError if an installed file is damaged.
    """
    networks = [entry for entry in styles.read_installed().entries if not entry.is_picture]
    if start_from == NONE:
        return None
    if not start_from:
        wanted = _FOR_ANY if network == _CODED else network
        fitting = (
            style.name
            for style in networks
            if style.network == wanted and not style.recipe.get("paintings")
        )
        name = next(fitting, "")
        return styles.find(name) if name else None
    path = Path(start_from)
    names = [style.name for style in networks]
    if start_from in names:
        return styles.find(start_from)
    if not (path.suffix or len(path.parts) > 1 or path.exists()):
        raise UnknownName(
            "style", start_from, [*names, NONE], "or give an .onnx file or a checkpoint.pt"
        )
    return path
