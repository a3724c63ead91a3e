"""The bundled loss network: low-rank approximations of VGG-19 and of a student of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from realtime_nst.errors import TrainingError, one_line
from realtime_nst.learning.loss_networks.vgg import Chain, Pooling
from realtime_nst.learning.loss_networks.weights import Weights

_MEAN = (0.48502, 0.45796, 0.40761)
"""Of the pictures VGG-19 was trained on, in 0..1. Zero padding has this colour."""

Padding = Literal["zeros", "reflect"]


@dataclass(frozen=True)
class TowerPlan:
    """``widths``: channels by block. ``ranks``: rank of each convolution, shallow first; 0 is full
    rank. ``given``: the convolutions whose layers are offered to the losses."""

    widths: Mapping[int, int]
    ranks: Mapping[str, int]
    padding: Padding
    given: Sequence[str]


SHALLOW = TowerPlan(
    {1: 64, 2: 128, 3: 256},
    {"1_1": 0, "1_2": 24, "2_1": 40, "2_2": 64, "3_1": 80, "3_2": 96, "3_3": 96, "3_4": 96},
    "zeros",
    ("1_1", "1_2", "2_1", "2_2", "3_1", "3_2", "3_3", "3_4"),
)
"""Approximates VGG-19 itself."""

DEEP = TowerPlan(
    {1: 16, 2: 32, 3: 64, 4: 128, 5: 128},
    {"1_1": 0, "1_2": 0, "2_1": 0, "2_2": 28, "3_1": 48, "3_2": 52, "3_3": 52, "3_4": 52,
     "4_1": 80, "4_2": 80, "4_3": 80, "4_4": 80, "5_1": 80},
    "reflect",
    ("4_1", "4_2", "4_3", "4_4", "5_1"),
)  # fmt: skip
"""Approximates a student of VGG-19 with a quarter of the channels, for the deeper layers."""


class Tower(nn.Module, Chain):
    """A chain of low-rank convolutions: each is a 3x3 convolution to fewer channels and a 1x1
    convolution (Zhang et al. 2016, Accelerating very deep convolutional networks, equation 3)."""

    mean: Tensor

    def __init__(self, plan: TowerPlan, pool: Pooling = F.max_pool2d) -> None:
        super().__init__()
        self.names, self.pool, self.given = list(plan.ranks), pool, plan.given
        self.register_buffer("mean", torch.tensor(_MEAN).view(1, 3, 1, 1), persistent=False)
        self.convolutions = nn.ModuleDict()
        inputs = 3
        for name, rank in plan.ranks.items():
            outputs = plan.widths[int(name[0])]
            self.convolutions[name] = _convolution(inputs, rank, outputs, plan.padding)
            inputs = outputs

    def enter(self, image: Tensor) -> Tensor:
        return (image - self.mean).to(next(self.parameters()).dtype)

    def convolve(self, name: str, x: Tensor) -> Tensor:
        return self.convolutions[name](x)


class BundledNetwork(nn.Module):
    """VGG-19 (Simonyan and Zisserman 2015) through relu3_4 and a student of it from relu4_1 on, at
    half the cost: two towers, each fitted to its teacher by ``tools/distil_loss_network.py``."""

    def __init__(self, pool: Pooling = F.max_pool2d) -> None:
        super().__init__()
        self.shallow, self.deep = Tower(SHALLOW, pool), Tower(DEEP, pool)

    @property
    def layers(self) -> Sequence[str]:
        return [f"relu{name}" for tower in (self.shallow, self.deep) for name in tower.given]

    def stand_in(self, layer: str) -> str:
        shallow = layer.removeprefix("relu") in self.shallow.given
        return "low rank" if shallow else "student of low rank"

    def features(self, image: Tensor) -> Iterator[tuple[str, Tensor]]:
        for tower in (self.shallow, self.deep):
            given = {f"relu{name}" for name in tower.given}
            yield from (found for found in tower.features(image) if found[0] in given)


def _convolution(inputs: int, rank: int, outputs: int, padding: Padding) -> nn.Module:
    whole = nn.Conv2d(inputs, rank or outputs, 3, padding=1, padding_mode=padding)
    return nn.Sequential(whole, nn.Conv2d(rank, outputs, 1)) if rank else whole


def load_bundled(
    weights: Weights, dtype: torch.dtype, device: str, pool: Pooling
) -> BundledNetwork:
    """Raises TrainingError if ``weights`` do not fit the bundled network."""
    network = BundledNetwork(pool)
    try:
        network.load_state_dict(dict(weights))
    except (RuntimeError, AttributeError, TypeError) as error:
        raise TrainingError(f"{one_line(error)}; give undamaged weights") from error
    return network.to(device, dtype, memory_format=torch.channels_last).eval().requires_grad_(False)  # type: ignore[call-overload]
