"""Calibration of the bundled loss network: losses seen through it get the size they have in VGG-19.

What a small network cannot foretell it leaves out, and the lesser directions of a layer are not
given at all, so results differ less from photo and painting than they do in VGG-19, and losses come
out at about half their size. The first direction is the layer's mean; a gain on all others makes up
for it, found on painted pictures, one gain a layer.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from realtime_nst.learning.losses.bundled import DIRECTIONS, BundledNetwork
from realtime_nst.learning.losses.content import content_loss
from realtime_nst.learning.losses.perception import Perception
from realtime_nst.learning.losses.style import GramLoss, gram

_CONTENT = ("3_3", "4_1", "4_2")
_STYLE = tuple(name for name in DIRECTIONS if name not in ("3_3", "4_2"))
"""The layers that the default recipes compare content at, and style."""

_GAINS = np.linspace(0.5, 2.5, 41)


@dataclass(frozen=True)
class Example:
    """A ``photo``, the ``result`` painted from it and the ``painting``: ``[1, 3, H, W]``, 0..1."""

    photo: Tensor
    result: Tensor
    painting: Tensor


@dataclass
class _Seen:
    """Of one layer and kind of loss: by example the teacher's loss, by gain the student's."""

    teacher: list[float] = field(default_factory=list)
    student: list[list[float]] = field(default_factory=list)

    def sizes(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """By gain, the logarithm of the median ratio of student to teacher."""
        ratios = np.array(self.student) / np.array(self.teacher)[:, None]
        return np.log(np.median(ratios, axis=0))


@torch.no_grad()
def find_gains(
    student: BundledNetwork, teacher: Perception, examples: Iterable[Example]
) -> dict[str, float]:
    """By layer, the gain (1/2 to 5/2) at which losses agree in size, in the median of ``examples``.

    Where a layer serves content and style, one loss is as much too large as the other too small.
    """
    contents = {name: _Seen() for name in _CONTENT}
    styles = {name: _Seen() for name in _STYLE}
    own = Perception([student])
    for example in examples:
        seen = (example.photo, example.result, example.painting)
        photo, result, painting = map(teacher.view, seen)
        own_photo, own_result, own_painting = map(own.view, seen)
        for name, found in contents.items():
            layer = f"relu{name}"
            found.teacher.append(content_loss(result.layer(layer), photo.layer(layer)).item())
            found.student.append(_contents(own_result.layer(layer), own_photo.layer(layer)))
        for name, found in styles.items():
            layer = f"relu{name}"
            found.teacher.append(GramLoss(painting.layer(layer))(result.layer(layer)).item())
            found.student.append(_styles(own_result.layer(layer), own_painting.layer(layer)))
    return {name: _gain([kind[name] for kind in (contents, styles) if name in kind])
            for name in DIRECTIONS}  # fmt: skip


@torch.no_grad()
def amplify(student: BundledNetwork, gains: dict[str, float]) -> None:
    """Multiply all directions of each layer of ``student`` but the first by its gain."""
    for name, gain in gains.items():
        for parameter in student.directions[name].parameters():
            parameter[1:] *= gain


def _gain(seen: list[_Seen]) -> float:
    off = sum((each.sizes() for each in seen), start=np.zeros(len(_GAINS)))
    return float(_GAINS[np.abs(off).argmin()])


def _contents(result: Tensor, photo: Tensor) -> list[float]:
    difference = (result - photo).pow(2).mean((0, 2, 3))
    energy = photo.pow(2).mean((0, 2, 3))
    weights = _squared(len(energy))
    return ((weights @ difference) / (weights @ energy)).tolist()


def _styles(result: Tensor, painting: Tensor) -> list[float]:
    wanted, found = gram(painting)[0], gram(result)[0]
    weights = _squared(len(wanted))
    difference, energy = (found - wanted).pow(2), wanted.pow(2)
    return [((w @ difference @ w) / (w @ energy @ w)).item() for w in weights]


def _squared(directions: int) -> Tensor:
    """By gain, what each direction's square is multiplied by."""
    weights = torch.from_numpy(_GAINS).float().square()[:, None].repeat(1, directions)
    weights[:, 0] = 1
    return weights
