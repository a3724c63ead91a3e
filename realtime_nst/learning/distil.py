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


def survey(teacher: Perception, pictures: Sequence[Path], chosen: Distillation) -> Bases:
    """The principal directions of ``teacher``'s features on ``pictures``: photos and paintings."""
    torch.manual_seed(chosen.seed)
    crops = Crops(list(pictures), chosen.crop, chosen.seed)
    device = best_device().name
    surveyed = batches(crops, chosen.batch, range(_SURVEYED), workers=1)
    return principal_directions(teacher, (images.to(device) for images in surveyed))


def distil(
    teacher: Perception,
    bases: Bases,
    pictures: Sequence[Path],
    chosen: Distillation,
    on_step: Callable[[int, dict[str, float]], None] = lambda step, errors: None,
) -> BundledNetwork:
    """A bundled network whose features are ``teacher``'s on ``pictures``, along ``bases``.

    ``on_step`` gets, by layer, the squared error over the mean square of the teacher's features.
    """
    torch.manual_seed(chosen.seed)
    device = best_device()
    student = BundledNetwork().to(device.name)
    student.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    crops = Crops(list(pictures), chosen.crop, chosen.seed)
    optimiser = torch.optim.Adam(student.parameters(), lr=chosen.learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, chosen.learning_rate, total_steps=chosen.steps, pct_start=0.05
    )
    for step, images in enumerate(batches(crops, chosen.batch, range(chosen.steps), workers=1)):
        with device.autocast():
            errors = distances(student, teacher, bases, noisy(images.to(device.name)))
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
    return {
        layer: (seen - wanted).pow(2).mean() / wanted.pow(2).mean()
        for layer, seen, wanted in coordinates(student, teacher, bases, images)
    }


def coordinates(
    student: BundledNetwork, teacher: Perception, bases: Bases, images: Tensor
) -> Iterator[tuple[str, Tensor, Tensor]]:
    """(layer, the student's, the teacher's), in float32, ``[N, directions, h, w]``."""
    with torch.no_grad():
        view = teacher.view(images)
        wanted = {
            f"relu{name}": torch.einsum("ncyx,ck->nkyx", view.layer(f"relu{name}").float(), basis)
            for name, basis in bases.items()
        }
    for layer, seen in student.features(images):
        yield layer, seen.float(), wanted[layer]


def noisy(images: Tensor) -> Tensor:
    quarter = torch.arange(len(images), device=images.device) % 4 == 0
    strength = torch.rand(len(images), device=images.device) * _NOISE * quarter
    return (images + torch.randn_like(images) * strength.view(-1, 1, 1, 1)).clamp(0, 1)
