"""How a network around a feature transform begins, whichever the transform: as an autoencoder."""

from torch import Tensor, nn

from realtime_nst.errors import TrainingError, UsageError
from realtime_nst.learning.losses.explained import unexplained
from realtime_nst.learning.losses.perception import Perception, View
from realtime_nst.learning.networks.transformed import TransformedNet

STEPS = 300
"""What is enough to begin with."""

_LAYER = "relu3_1"
"""The loss network's first of a quarter of a picture's size, as the features are."""

_REBUILT = 5.0
"""Weight of the mean absolute difference of what comes back."""


def check_network(network: nn.Module, name: str) -> None:
    """Raises UsageError unless ``network``, the one called ``name``, can begin so."""
    if not isinstance(network, TransformedNet):
        raise UsageError(
            f"--begin-steps is for networks around a feature transform, and {name!r} is none; "
            "leave it out, or give another --network"
        )


def check_layer(perception: Perception) -> None:
    """Raises TrainingError when the loss networks do not reach as deep as the features."""
    if _LAYER not in perception.layers:
        raise TrainingError(
            f"--begin-steps needs layer {_LAYER} of a loss network, and those at hand have "
            f"{', '.join(perception.layers)}; give deeper --loss-weights, or --begin-steps 0"
        )


def begin_losses(
    features: Tensor, rebuilt: Tensor, picture: View
) -> tuple[dict[str, Tensor], Tensor]:
    """(each loss; their weighted sum) of the ``features`` of ``picture`` and what they are decoded
    to, ``rebuilt``, of its shape.

    What comes back shall be the picture, as whitening and colouring (Li et al. 2017) and style swap
    (Chen and Schmidt 2016) ask of a decoder. They take VGG-19 for an encoder; here a light one
    learns to hold what VGG-19 sees, so that the statistics of its features tell paintings apart.
    """
    seen = unexplained(features, picture.layer(_LAYER))
    back = (rebuilt - picture.image).abs().mean()
    return {"unexplained": seen, "rebuilt": back}, seen + _REBUILT * back
