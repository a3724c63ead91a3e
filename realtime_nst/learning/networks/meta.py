"""MetaNet (Shen et al. 2018, "Neural style transfer via meta networks"): a network that makes the
kernels of another from a painting."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from realtime_nst.learning.loss_networks.low_rank import DEEP, SHALLOW, Tower
from realtime_nst.learning.networks.banks import convolved
from realtime_nst.learning.networks.blocks import Fold
from realtime_nst.learning.networks.fast import way_back
from realtime_nst.learning.networks.steered import ArbitraryNetwork
from realtime_nst.learning.tensors import normalised, statistics

_FOLD, _DETAIL = 4, 16
_LOOKED_AT = {"shallow": ("relu1_2", "relu2_2", "relu3_3"), "deep": ("relu4_3",)}
_CHANNELS = sum(SHALLOW.widths[block] for block in (1, 2, 3)) + DEEP.widths[4]
_SCALE = {"shallow": 100.0, "deep": 1.0}
"""What features are divided by: the towers of the loss network differ so much."""


class MetaNet(ArbitraryNetwork):
    """Means and deviations of four layers of a loss network go through a hidden layer with
    ``hidden`` numbers for each convolution of the painter, from which those convolutions' kernels
    are made. They are the code. First and last layer of the painter are learned; normalisations
    have no weights.

    The painter is Johnson's: 9x9 to ``width`` / 4 channels, two of stride 2 to ``width``,
    ``blocks`` residual blocks, two that double, 9x9; so 14 convolutions are made, of 1,792 hidden
    numbers (section 3.2). ``light``: the frame is folded by 4, FastNet's way back leads to full
    size, and the residual blocks are made.

    Deviations: the statistics are of the bundled loss network, 1,152 numbers, where the paper has
    1,920 of VGG-16; every layer is padded by reflection, not the frame by 40; kernels start as
    those of a layer do, the same for all paintings but for a small part; no biases are made, as the
    normalisations remove them; a sigmoid at the end.
    """

    size_multiple, size_minimum = _FOLD, 2 * _FOLD
    painting_minimum = 16

    def __init__(
        self, width: int = 32, blocks: int = 5, hidden: int = 128, light: bool = False
    ) -> None:
        super().__init__()
        half, quarter = width // 2, width // 4
        down, up = [(quarter, half), (half, width)], [(width, half), (half, quarter)]
        inside = [(width, width)] * (2 * blocks)
        made = inside if light else [*down, *inside, *up]
        self._light, self._blocks = light, blocks
        self._sizes = [9 * inputs * outputs for inputs, outputs in made]
        self.code_size = sum(self._sizes)
        self.first, self.last = _light_ends(width) if light else _ends(quarter)
        self.transform = nn.Identity()
        self.seen = _seen()
        self.hidden = nn.Conv2d(2 * _CHANNELS, hidden * len(made), 1)
        self.kernels = nn.ModuleList(_maker(hidden, *each) for each in made)

    @property
    def feature_layer(self) -> nn.Module:
        return self.transform

    def take(self, weights: Mapping[str, Tensor]) -> None:
        """Take the ``weights`` of the bundled loss network, whose layers are looked at."""
        self.seen.load_state_dict({name: weights[name] for name in self.seen.state_dict()})

    def encode_style(self, painting: Tensor) -> Tensor:
        found = list[Tensor]()
        for name, layers in _LOOKED_AT.items():
            tower = self.seen[name]
            assert isinstance(tower, Tower)
            seen = dict(tower.features(painting))
            found += (part for layer in layers for part in statistics(seen[layer] / _SCALE[name]))
        with torch.autocast(painting.device.type, enabled=False):
            parts = F.relu(self.hidden(torch.cat(found, 1))).chunk(len(self.kernels), 1)
            made = (make(part) for make, part in zip(self.kernels, parts, strict=True))
            return torch.cat([kernels.flatten(1) for kernels in made], 1)

    def paint(self, frame: Tensor, code: Tensor) -> Tensor:
        given = iter(code.split(self._sizes, 1))
        x = F.relu(_plain(self.first(frame)))
        if not self._light:
            x = F.relu(_plain(convolved(x, next(given), stride=2)))
            x = F.relu(_plain(convolved(x, next(given), stride=2)))
        for _ in range(self._blocks):
            inner = F.relu(_plain(convolved(x, next(given))))
            x = x + _plain(convolved(inner, next(given)))
        x = self.transform(x)
        for kernels in given:
            x = F.relu(_plain(convolved(F.interpolate(x, scale_factor=2.0), kernels)))
        return torch.sigmoid(self.last(x))


def _ends(channels: int) -> Iterator[nn.Module]:
    for inputs, outputs in ((3, channels), (channels, 3)):
        yield nn.Sequential(nn.ReflectionPad2d(4), nn.Conv2d(inputs, outputs, 9))


def _light_ends(width: int) -> Iterator[nn.Module]:
    yield nn.Sequential(
        Fold(_FOLD), nn.ReflectionPad2d(1), nn.Conv2d(3 * _FOLD**2, width, 3)
    )  # fmt: skip
    yield way_back(_FOLD, width, _DETAIL)


def _seen() -> nn.ModuleDict:
    """The bundled loss network as deep as it is looked at, with the names of its weights."""
    shallow, deep = (
        replace(plan, ranks={name: rank for name, rank in plan.ranks.items() if name <= last})
        for plan, last in ((SHALLOW, "3_3"), (DEEP, "4_3"))
    )
    return nn.ModuleDict({"shallow": Tower(shallow), "deep": Tower(deep)}).requires_grad_(False)


def _maker(hidden: int, inputs: int, outputs: int) -> nn.Conv2d:
    """Makes the kernels of a convolution of its hidden numbers. It starts near one kernel."""
    maker = nn.Conv2d(hidden, 9 * inputs * outputs, 1)
    size = (2 / (9 * inputs)) ** 0.5
    assert maker.bias is not None
    nn.init.normal_(maker.bias, std=size)
    nn.init.normal_(maker.weight, std=size / hidden**0.5)
    return maker


def _plain(x: Tensor) -> Tensor:
    return normalised(x).to(x.dtype)
