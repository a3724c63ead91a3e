"""The networks that come with the program and paint no style: each an ONNX file beside the styles,
NAME.onnx, and NAME.json with its digest, origin and licence."""

import json
from pathlib import Path

from realtime_nst.errors import ModelError
from realtime_nst.runtime import styles
from realtime_nst.runtime.model import digest_of


def person_network(directory: Path | None = None) -> Path:
    """The file of the network that finds people, in ``directory`` (default: where the program's
    styles lie).

    Raises :class:`ModelError` if it is missing or is not what the card beside it says.
    """
    remedy = "install realtime_nst again, or give another network as `mask_model`"
    return _checked("person", "the network that finds people", remedy, directory)


def _checked(name: str, what: str, remedy: str, directory: Path | None) -> Path:
    directory = directory or styles.folder()
    if directory is None:
        raise ModelError(f"{what} is not installed; {remedy}")
    path = directory / f"{name}.onnx"
    try:
        wanted = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["sha256"]
        whole = digest_of(path) == wanted
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{what}, {str(path)!r}, cannot be read ({error}); {remedy}") from error
    if not whole:
        raise ModelError(f"{str(path)!r} is not the one that comes with the program; {remedy}")
    return path
