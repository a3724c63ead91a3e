"""The encoder of a network for any painting: from a picture to the code that steers the paint."""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from realtime_nst.learning.loss_networks.low_rank import DEEP, Tower
from realtime_nst.learning.tensors import reflect_pad, statistics

_LAYERS = ("relu1_2", "relu2_2", "relu3_4", "relu4_1", "relu4_4", "relu5_1")
_DIRECTIONS = 32
_FARTHEST = 4.0
"""Deviations from the mean painting; beyond, paintings count as equally far."""


class StyleEncoder(nn.Module):
    """A painting ``[N, 3, H, W]`` in 0..1, at least 32x32, to a code ``[N, size]``.

    The sum of two codes. ``own``, a chain of convolutions, is trained with the painter. The other
    is made by two trained layers, of ``hidden_fixed`` units between them, from the statistics that
    ``fixed`` finds: they tell paintings apart that training has not shown.
    """

    def __init__(self, size: int, widths: tuple[int, ...], hidden: int, hidden_fixed: int) -> None:
        super().__init__()
        self.own = OwnEncoder(size, widths, hidden)
        self.fixed = FixedStatistics()
        self.hidden = nn.Conv2d(self.fixed.size, hidden_fixed, 1)
        self.code = nn.Conv2d(hidden_fixed, size, 1, bias=False)
        nn.init.kaiming_normal_(self.hidden.weight, nonlinearity="relu")

    def forward(self, painting: Tensor) -> Tensor:
        with torch.no_grad():
            found = self.fixed(painting)
        with torch.autocast(painting.device.type, enabled=False):
            hidden = F.leaky_relu(self.hidden(found), 0.2)
            return self.own(painting) + self.code(hidden).flatten(1)


class OwnEncoder(nn.Module):
    """Six convolutions, each at half the size of the one before; the means and standard deviations
    of their channels go through two layers (MicroAST, Wang et al. 2023, modulates by such
    statistics too). The last convolution sees 65 pixels of the painting, so that large shapes
    count. The statistics and the layers after them are in float32.
    """

    def __init__(self, size: int, widths: tuple[int, ...], hidden: int) -> None:
        super().__init__()
        inputs = (3, *widths)
        self.levels = nn.ModuleList(
            nn.Conv2d(a, b, 3, stride=2 if n else 1)
            for n, (a, b) in enumerate(zip(inputs, widths, strict=False))
        )
        self.hidden = nn.Conv2d(2 * sum(widths), hidden, 1)
        self.code = nn.Conv2d(hidden, size, 1)
        for layer in (*self.levels, self.hidden):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")

    def forward(self, painting: Tensor) -> Tensor:
        x, found = painting * 2 - 1, list[Tensor]()
        for level in self.levels:
            x = F.relu(level(reflect_pad(x)))
            found += statistics(x)
        with torch.autocast(x.device.type, enabled=False):
            hidden = F.leaky_relu(self.hidden(torch.cat(found, 1)), 0.2)
            return self.code(hidden).flatten(1)


class FixedStatistics(nn.Module):
    """A painting to the statistics of its features in a fixed network, ``[N, size, 1, 1]``, in
    standard deviations from the mean painting.

    The network is the tower for deep layers of the bundled loss network. Of each layer there are
    the means and deviations of the channels, and the correlations of channels (WCT, Li et al. 2017,
    matches covariances), in wide layers those of 32 fixed random combinations of channels.
    """

    middle: Tensor
    spread: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.tower = Tower(DEEP)
        widths = {name: DEEP.widths[int(name[len("relu")])] for name in _LAYERS}
        self.directions = nn.ModuleDict(
            {name: _directions(width) for name, width in widths.items() if width > _DIRECTIONS}
        )
        self.size = sum(2 * width + min(width, _DIRECTIONS) ** 2 for width in widths.values())
        self.register_buffer("middle", torch.zeros(1, self.size, 1, 1))
        self.register_buffer("spread", torch.ones(1, self.size, 1, 1))
        self.requires_grad_(False)

    def take(self, weights: Mapping[str, Tensor]) -> None:
        """Take the ``weights`` of the bundled loss network, whose layers are looked at."""
        own = self.tower.state_dict()
        self.tower.load_state_dict({name: weights[f"deep.{name}"] for name in own})

    def standardise(self, found: Tensor) -> None:
        """Take the mean painting, and the deviations from it, from ``found`` ``[N, size, 1, 1]``,
        what :meth:`statistics` gives for paintings."""
        self.middle.copy_(found.mean(0, keepdim=True))
        self.spread.copy_(found.std(0, keepdim=True) + 1e-3 * found.std())

    def forward(self, painting: Tensor) -> Tensor:
        apart = (self.statistics(painting) - self.middle) / self.spread
        return apart.clamp(-_FARTHEST, _FARTHEST)

    def statistics(self, painting: Tensor) -> Tensor:
        found = list[Tensor]()
        for name, features in self.tower.features(painting):
            if name in _LAYERS:
                mean, deviation = statistics(features)
                x = (features.float() - mean) / deviation
                x = (self.directions[name](x) if name in self.directions else x).flatten(2)
                correlations = x @ x.transpose(1, 2) / x.shape[-1]
                found += [part.flatten(1) for part in (mean, deviation, correlations)]
        return torch.cat(found, 1)[..., None, None]


def _directions(width: int) -> nn.Conv2d:
    """Orthogonal ones."""
    kernel = nn.Conv2d(width, _DIRECTIONS, 1, bias=False)
    nn.init.orthogonal_(kernel.weight)
    return kernel
