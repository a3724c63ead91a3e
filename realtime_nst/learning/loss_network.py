"""The loss network that comes with the program, and its card, among the installed weights."""

import hashlib
import json
from pathlib import Path

from realtime_nst.errors import TrainingError
from realtime_nst.runtime import styles

FILE, CARD = "loss_network.safetensors", "loss_network.json"
_REMEDY = "install realtime_nst again, or use --loss-network vgg19"


def bundled(directory: Path | None = None) -> Path:
    """The weights, in ``directory`` (default: where the installed styles lie).

    Raises TrainingError when they are absent, or not what the card beside them says.
    """
    directory = directory or styles.folder()
    if directory is None:
        raise TrainingError(f"the bundled loss network is not installed; {_REMEDY}")
    path = directory / FILE
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        wanted = json.loads((directory / CARD).read_text(encoding="utf-8"))["sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(
            f"the bundled loss network {str(path)!r} cannot be read ({error}); {_REMEDY}"
        ) from error
    if digest != wanted:
        raise TrainingError(
            f"{str(path)!r} is not the bundled loss network: its sha256 begins with {digest[:12]}, "
            f"not {str(wanted)[:12]}; {_REMEDY}"
        )
    return path
