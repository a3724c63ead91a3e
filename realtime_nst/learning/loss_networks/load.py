"""Loss networks from files: the bundled one, or weights of VGG-19 and its students."""

import json
from pathlib import Path

import torch

from realtime_nst.errors import TrainingError
from realtime_nst.files import digest
from realtime_nst.learning.loss_networks.features import LossNetwork
from realtime_nst.learning.loss_networks.low_rank import load_bundled
from realtime_nst.learning.loss_networks.vgg import DistilledVgg19, Vgg19, is_vgg19, pooling_of
from realtime_nst.learning.loss_networks.weights import read_weights
from realtime_nst.runtime import styles

FILE, CARD = "loss_network.safetensors", "loss_network.json"
_REMEDY = "install realtime_nst again, or use `loss_network` vgg19"


def load_loss_network(
    path: Path, dtype: torch.dtype = torch.float32, device: str = "cpu", pooling: str = "max"
) -> LossNetwork:
    """The loss network whose weights are in ``path`` (.safetensors or .pth), known by its keys.

    Raises UsageError if the file is missing, UnknownName for an unknown ``pooling``, TrainingError
    if the file is unreadable, holds an unknown network, or has tensors of the wrong shape.
    """
    weights = read_weights(path)
    try:
        if "conv0.weight" in weights:
            return DistilledVgg19(weights, dtype, device, pooling)
        if "shallow.convolutions.1_1.weight" in weights:
            return load_bundled(weights, dtype, device, pooling_of(pooling))
        if is_vgg19(weights):
            return Vgg19(weights, dtype, device, pooling)
    except TrainingError as error:
        raise TrainingError(f"{str(path)!r}: {error}") from error
    raise TrainingError(
        f"{str(path)!r} holds no loss network known here (VGG-19 of Oxford or torchvision, one "
        f"of its students); its first keys are {', '.join(map(str, [*weights][:3])) or 'none'}"
    )


def bundled(directory: Path | None = None) -> Path:
    """The weights of the bundled loss network, in ``directory`` (default: the installed styles').

    Raises TrainingError if they are missing or do not match the card beside them.
    """
    directory = directory or styles.folder()
    if directory is None:
        raise TrainingError(f"the bundled loss network is not installed; {_REMEDY}")
    path = directory / FILE
    try:
        found = digest(path)
        wanted = json.loads((directory / CARD).read_text(encoding="utf-8"))["sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(
            f"the bundled loss network {str(path)!r} cannot be read ({error}); {_REMEDY}"
        ) from error
    if found != wanted:
        raise TrainingError(
            f"{str(path)!r} is not the bundled loss network: its sha256 begins with {found[:12]}, "
            f"not {str(wanted)[:12]}; {_REMEDY}"
        )
    return path
