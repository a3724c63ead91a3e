"""Synthetic optical flow, known exactly because it is generated."""

from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

_REACH = 0.06
"""The largest shift, as a share of the side. In real video, faster motion is blurred."""
_ZOOM = _ANGLE = 0.04
_BEND = 0.008
_CELLS = 4


def still(side: int, random: Generator) -> Tensor:
    return torch.zeros(2, side, side)


def shift(side: int, random: Generator) -> Tensor:
    """A shift by whole pixels, for which nothing is interpolated."""
    return (_REACH * side * _small(2, random)).round().view(2, 1, 1).expand(2, side, side)


def camera(side: int, random: Generator) -> Tensor:
    """A shift by parts of a pixel, with zoom and rotation about the middle."""
    shift, turn = _REACH * side * _small(2, random), _small(2, random)
    zoom, angle = 1 + _ZOOM * turn[0], _ANGLE * turn[1]
    line = torch.arange(side) - (side - 1) / 2
    y, x = torch.meshgrid(line, line, indexing="ij")
    cos, sin = zoom * angle.cos(), zoom * angle.sin()
    return torch.stack((cos * x - sin * y - x + shift[0], sin * x + cos * y - y + shift[1]))


def field(side: int, random: Generator) -> Tensor:
    """The motion of a camera plus a smooth random field, as of cloth, water or a face."""
    bends = _BEND * side * torch.randn(1, 2, _CELLS, _CELLS, generator=random)
    smooth = F.interpolate(bends, (side, side), mode="bicubic", align_corners=True)[0]
    return camera(side, random) + smooth


MOTIONS: Mapping[str, Callable[[int, Generator], Tensor]] = {
    "still": still,
    "shift": shift,
    "camera": camera,
    "field": field,
    "layers": camera,
}
"""By name, what makes a flow ``[2, side, side]`` in pixels. With "layers", a second picture moves
in front."""


def blob(side: int, random: Generator) -> Tensor:
    """A soft-edged patch of random shape, ``[1, side, side]`` in 0..1, a tenth to a half as
    wide."""
    line = torch.linspace(-1, 1, side)
    middle, radius = 1.2 * _uniform(2, random) - 0.6, 0.2 + 0.4 * _uniform(1, random)
    distance = ((line - middle[0]) ** 2 + (line[:, None] - middle[1]) ** 2) / radius**2
    bumps = torch.randn(1, 1, _CELLS, _CELLS, generator=random)
    bumps = F.interpolate(bumps, (side, side), mode="bicubic", align_corners=True)[0]
    edge = 0.5 * side * radius
    return ((1 - distance + 0.8 * bumps) * edge + 0.5).clamp(0, 1)


def _small(count: int, random: Generator) -> Tensor:
    """Numbers in -1..1, mostly near 0, like the motion between frames."""
    number = 2 * _uniform(count, random) - 1
    return number * number.abs()


def _uniform(count: int, random: Generator) -> Tensor:
    return torch.rand(count, generator=random)
