"""Distillation of the loss networks at hand into the bundled one (Hinton et al. 2015)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from realtime_nst.learning.data import Crops, batches
from realtime_nst.learning.device import best_device
from realtime_nst.learning.losses.bundled import DIRECTIONS, BundledNetwork
from realtime_nst.learning.losses.perception import Perception

_SURVEYED = 30
"""Batches from which the principal directions are found."""

_NOISE = 0.15
"""Largest standard deviation of the noise laid over every fourth picture: a network in training
does not begin with pictures."""

Bases = Mapping[str, Tensor]
"""By layer ``[C, directions]``: orthogonal directions of one length, such that coordinates along
them have a mean square of 1."""


@dataclass(frozen=True)
class Distillation:
    steps: int = 1600
    batch: int = 8
    crop: int = 192
    learning_rate: float = 3e-3
    seed: int = 0


def distil(
    teacher: Perception,
    pictures: Sequence[Path],
    chosen: Distillation,
    on_step: Callable[[int, dict[str, float]], None] = lambda step, errors: None,
) -> BundledNetwork:
    """A bundled network whose features are ``teacher``'s on ``pictures``: photos and paintings.

    ``on_step`` gets, by layer, the squared error over the mean square of the teacher's features.
    """
    torch.manual_seed(chosen.seed)
    device = best_device()
    student = BundledNetwork().to(device.name)
    student.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    crops = Crops(list(pictures), chosen.crop, chosen.seed)

    def taught(count: int) -> Iterator[Tensor]:
        for images in batches(crops, chosen.batch, range(count), workers=1):
            yield images.to(device.name)

    bases = principal_directions(teacher, taught(_SURVEYED))
    optimiser = torch.optim.Adam(student.parameters(), lr=chosen.learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, chosen.learning_rate, total_steps=chosen.steps, pct_start=0.05
    )
    for step, images in enumerate(taught(chosen.steps)):
        with device.autocast():
            errors = distances(student, teacher, bases, _noisy(images))
        optimiser.zero_grad(set_to_none=True)
        torch.stack(list(errors.values())).sum().backward()
        optimiser.step()
        schedule.step()
        on_step(step + 1, {layer: error.item() for layer, error in errors.items()})
    return student.eval()


@torch.no_grad()
def principal_directions(teacher: Perception, images: Iterator[Tensor]) -> dict[str, Tensor]:
    """The directions that hold most of the energy of the features of ``_SURVEYED`` batches."""
    moments: dict[str, Tensor] = {}
    for batch in images:
        view = teacher.view(batch)
        for name in DIRECTIONS:
            flat = view.layer(f"relu{name}").float().transpose(0, 1).flatten(1)
            moments[name] = moments.get(name, 0) + flat @ flat.T / flat.shape[1]
    return {name: _main(moment / _SURVEYED, DIRECTIONS[name]) for name, moment in moments.items()}


def _main(moment: Tensor, count: int) -> Tensor:
    values, vectors = torch.linalg.eigh(moment)
    return vectors[:, -count:].flip(1) / values[-count:].mean().sqrt()


def distances(
    student: BundledNetwork, teacher: Perception, bases: Bases, images: Tensor
) -> dict[str, Tensor]:
    """By layer: squared error of the coordinates over the mean square of the teacher's."""
    with torch.no_grad():
        view = teacher.view(images)
        wanted = {
            f"relu{name}": torch.einsum("ncyx,ck->nkyx", view.layer(f"relu{name}").float(), basis)
            for name, basis in bases.items()
        }
    return {
        layer: (seen.float() - wanted[layer]).pow(2).mean() / wanted[layer].pow(2).mean()
        for layer, seen in student.features(images)
    }


def _noisy(images: Tensor) -> Tensor:
    quarter = torch.arange(len(images), device=images.device) % 4 == 0
    strength = torch.rand(len(images), device=images.device) * _NOISE * quarter
    return (images + torch.randn_like(images) * strength.view(-1, 1, 1, 1)).clamp(0, 1)
