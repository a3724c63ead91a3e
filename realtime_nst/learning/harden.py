"""Distillation on policy: the student also learns from pictures painted to please it.

A style network trained with a small loss network soon finds pictures that look right to that one
alone. So while painters are trained with the student, the student is trained on what they paint,
and the gaps that they find close (as in DAgger, Ross et al. 2011).
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import torch
from torch import Tensor

from realtime_nst.learning import networks
from realtime_nst.learning.data import Crops, batches, read_image
from realtime_nst.learning.device import Device, best_device
from realtime_nst.learning.distil import Bases, coordinates, noisy
from realtime_nst.learning.losses.bundled import BundledNetwork
from realtime_nst.learning.losses.compose import Objective, Views
from realtime_nst.learning.losses.perception import Perception
from realtime_nst.learning.losses.style import gram
from realtime_nst.learning.objective import build_objective
from realtime_nst.learning.recipe import Recipe

_PAINTING = 320
_AGAIN = 10
"""Steps after which a painter looks at its painting again through the student, which changes."""

_RECIPE = Recipe(equivariance_weight=0)


@dataclass(frozen=True)
class Hardening:
    """``painters`` take turns; each gets a new painting after ``life`` steps of its own."""

    steps: int = 600
    batch: int = 4
    crop: int = 192
    learning_rate: float = 1e-3
    painters: int = 3
    life: int = 70
    seed: int = 0


def harden(
    student: BundledNetwork,
    teacher: Perception,
    bases: Bases,
    photos: Sequence[Path],
    paintings: Sequence[Path],
    starts: Sequence[Mapping[str, Tensor]],
    chosen: Hardening,
    on_step: Callable[[int, dict[str, float]], None] = lambda step, errors: None,
) -> None:
    """Change ``student`` so that it sees what its painters paint as ``teacher`` does.

    ``starts``: weights of the recipe's network that painters begin with. ``on_step`` gets, by
    layer, the error on the painted pictures and others.
    """
    torch.manual_seed(chosen.seed)
    device = best_device()
    student.to(device.name, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    painters = [_Painter(student, paintings, starts, chosen, n) for n in range(chosen.painters)]
    optimiser = torch.optim.Adam(student.parameters(), lr=chosen.learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, chosen.learning_rate, total_steps=chosen.steps, pct_start=0.1
    )
    shown = _crops(photos, chosen, chosen.batch), _crops(paintings, chosen, chosen.batch // 2)
    for step, (seen, painted) in enumerate(zip(*shown, strict=True)):
        result = painters[step % len(painters)].paint(seen, device)
        images = noisy(torch.cat([painted, seen[: chosen.batch // 2], result]))
        with device.autocast():
            errors = _errors(student, teacher, bases, images)
        optimiser.zero_grad(set_to_none=True)
        torch.stack(list(errors.values())).sum().backward()
        optimiser.step()
        schedule.step()
        on_step(step + 1, {layer: error.item() for layer, error in errors.items()})
    student.eval()


def _crops(pictures: Sequence[Path], chosen: Hardening, batch: int) -> Iterator[Tensor]:
    crops = Crops(list(pictures), chosen.crop, chosen.seed)
    for images in batches(crops, batch, range(chosen.steps), workers=1):
        yield images.to(best_device().name)


def _errors(
    student: BundledNetwork, teacher: Perception, bases: Bases, images: Tensor
) -> dict[str, Tensor]:
    """By layer: relative squared error of the coordinates, and that of their Gram matrices."""
    errors = {}
    for layer, seen, wanted in coordinates(student, teacher, bases, images):
        grams, targets = gram(seen), gram(wanted)
        off = (grams - targets).pow(2).sum((1, 2)) / targets.pow(2).sum((1, 2))
        errors[layer] = (seen - wanted).pow(2).mean() / wanted.pow(2).mean() + off.mean()
    return errors


class _Painter:
    """A style network in training with the student as its loss network."""

    def __init__(
        self,
        student: BundledNetwork,
        paintings: Sequence[Path],
        starts: Sequence[Mapping[str, Tensor]],
        chosen: Hardening,
        number: int,
    ) -> None:
        self._student, self._perception = student, Perception([student])
        self._paintings, self._starts, self._life = paintings, starts, chosen.life
        self._random = random.Random(chosen.seed * chosen.painters + number)
        self._turns = count(number * chosen.life // chosen.painters)
        self._objective: Objective[Views] | None = None
        self._begin()

    def paint(self, photos: Tensor, device: Device) -> Tensor:
        """What it makes of ``photos``, before it learns from how that was liked."""
        turn = next(self._turns)
        if turn and turn % self._life == 0:
            self._begin()
        self._student.requires_grad_(False)
        if turn % _AGAIN == 0 or self._objective is None:
            self._objective = build_objective(_RECIPE, self._perception, self._painting)
        with device.autocast():
            result = self._network(photos).float()
            views = Views(self._perception.view(photos), self._perception.view(result), _no_network)
            total = self._objective.total(self._objective.measure(views))
        self._optimiser.zero_grad(set_to_none=True)
        total.backward()
        self._optimiser.step()
        self._student.requires_grad_(True)
        return result.detach()

    def _begin(self) -> None:
        device = best_device().name
        self._network = networks.build(_RECIPE.network)
        self._network.load_state_dict(dict(self._random.choice(self._starts)))
        self._network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._optimiser = torch.optim.Adam(self._network.parameters(), lr=_RECIPE.learning_rate)
        painting = read_image(self._random.choice(self._paintings), _PAINTING)
        self._painting = painting.to(device)
        self._objective = None


def _no_network(photos: Tensor) -> Tensor:
    raise NotImplementedError("a loss that asks the network again takes no part here")
