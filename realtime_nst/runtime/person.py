"""The network that finds people, which comes with the program."""

import json
from pathlib import Path

from realtime_nst.errors import ModelError, UsageError
from realtime_nst.runtime import styles
from realtime_nst.runtime.model import check_network

FILE, CARD = "person.onnx", "person.json"


def person_network(directory: Path | None = None) -> Path:
    """Its file, in ``directory`` (default: where the program's styles lie).

    Raises :class:`ModelError` if it is missing or is not what the card beside it says.
    """
    directory = directory or styles.folder()
    remedy = "install realtime_nst again, or give another network as `mask_model`"
    if directory is None:
        raise ModelError(f"the network that finds people is not installed; {remedy}")
    path = directory / FILE
    try:
        wanted = json.loads((directory / CARD).read_text(encoding="utf-8"))["sha256"]
        whole = check_network(path) == wanted
    except (OSError, ValueError, KeyError, TypeError, UsageError, ModelError) as error:
        raise ModelError(
            f"the network that finds people, {str(path)!r}, cannot be read ({error}); {remedy}"
        ) from error
    if not whole:
        raise ModelError(f"{str(path)!r} is not the one that comes with the program; {remedy}")
    return path
