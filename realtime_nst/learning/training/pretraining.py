"""How a network around a feature transform begins, whichever the transform: as an autoencoder."""

from torch import nn

from realtime_nst.errors import TrainingError, UsageError
from realtime_nst.learning.loss_networks.features import FeatureExtractor
from realtime_nst.learning.losses.reconstruction import LAYER
from realtime_nst.learning.networks.transformed import TransformedNet

STEPS = 300
"""What is enough to begin with."""


def check_network(network: nn.Module, name: str) -> None:
    """Raises UsageError unless ``network``, the one called ``name``, can begin so."""
    if not isinstance(network, TransformedNet):
        raise UsageError(
            f"--begin-steps is for networks around a feature transform, and {name!r} is none; "
            "leave it out, or give another --network"
        )


def check_layer(extractor: FeatureExtractor) -> None:
    """Raises TrainingError when the loss networks do not reach as deep as the features."""
    if LAYER not in extractor.layers:
        raise TrainingError(
            f"--begin-steps needs layer {LAYER} of a loss network, and those at hand have "
            f"{', '.join(extractor.layers)}; give deeper --loss-weights, or --begin-steps 0"
        )
