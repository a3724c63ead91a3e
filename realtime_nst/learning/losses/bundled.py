"""A small loss network of our own, whose features are VGG-19's along their main directions."""

from collections.abc import Callable, Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from realtime_nst.errors import TrainingError
from realtime_nst.learning.losses.weights import Weights

WIDTHS = {1: 24, 2: 48, 3: 96, 4: 128, 5: 128}
"""Channels of each block; VGG-19 has 64, 128, 256, 512, 512."""

DIRECTIONS = {
    "1_1": 12, "1_2": 16, "2_1": 24, "2_2": 32, "3_1": 48, "3_3": 64, "3_4": 64,
    "4_1": 64, "4_2": 64, "4_4": 64, "5_1": 64,
}  # fmt: skip
"""By layer, how many directions of its features are given."""

_BLOCKS = ((1, 2), (2, 2), (3, 4), (4, 4), (5, 1))
_CONVOLUTIONS = [f"{b}_{c}" for b, n in _BLOCKS for c in range(1, n + 1)]


class BundledNetwork(nn.Module):
    """Knowledge distillation of VGG-19 (Simonyan and Zisserman 2015) into a sixteenth of its cost.

    A trunk of VGG's shape with fewer channels; at each named layer a 1x1 convolution gives the
    coordinates of VGG's features along the principal directions of that layer (uncentred, for Gram
    matrices are). The directions being orthogonal and of one length, squared distances of features
    and of Gram matrices are VGG's but for one factor a layer, as far as the directions reach: a
    normalised loss measured here estimates the same loss there. Features are ``[N, C, h, w]``, of
    either sign.
    """

    def __init__(self, pool: Callable[[Tensor, int], Tensor] = F.max_pool2d) -> None:
        super().__init__()
        self._pool = pool
        self.convolutions = nn.ModuleDict()
        inputs = 3
        for name in _CONVOLUTIONS:
            width = WIDTHS[int(name[0])]
            self.convolutions[name] = nn.Conv2d(inputs, width, 3, padding=1)
            inputs = width
        self.directions = nn.ModuleDict(
            {name: nn.Conv2d(WIDTHS[int(name[0])], count, 1) for name, count in DIRECTIONS.items()}
        )
        for name, parameter in self.named_parameters():
            if name.endswith("weight"):
                nn.init.kaiming_normal_(parameter, nonlinearity="relu")
            else:
                nn.init.zeros_(parameter)
        self.layers: Sequence[str] = [f"relu{name}" for name in DIRECTIONS]

    def features(self, image: Tensor) -> Iterator[tuple[str, Tensor]]:
        x = (image - 0.5).to(next(self.parameters()).dtype)
        for name, convolution in self.convolutions.items():
            if name.endswith("_1") and name != "1_1":
                x = self._pool(x, 2)
            x = F.relu(convolution(x))
            if name in DIRECTIONS:
                yield f"relu{name}", self.directions[name](x)


def load_bundled(
    weights: Weights, dtype: torch.dtype, device: str, pool: Callable[[Tensor, int], Tensor]
) -> BundledNetwork:
    """Raises TrainingError when ``weights`` are not those of a bundled network."""
    network = BundledNetwork(pool)
    try:
        network.load_state_dict(dict(weights))
    except (RuntimeError, AttributeError, TypeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise TrainingError(f"{reason}; give undamaged weights") from error
    return network.to(device, dtype, memory_format=torch.channels_last).eval().requires_grad_(False)  # type: ignore[call-overload]
