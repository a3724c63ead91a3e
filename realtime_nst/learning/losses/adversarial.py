"""What a discriminator and its generator play for. Scores are tensors of any shape."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call

PENALTY = 10.0
"""Weight of the gradient penalty (Gulrajani et al. 2017)."""


@dataclass(frozen=True)
class Game:
    """``judge(true, false)``: the discriminator's loss of the scores of pictures that are true and
    of results. ``paint(false)``: the generator's. ``bounded``: the discriminator's gradient is
    held at 1."""

    judge: Callable[[Tensor, Tensor], Tensor]
    paint: Callable[[Tensor], Tensor]
    bounded: bool = False


GAMES: Mapping[str, Game] = {
    "squares": Game(  # Mao et al. 2017
        lambda true, false: 0.5 * ((true - 1).square().mean() + false.square().mean()),
        lambda false: (false - 1).square().mean(),
    ),
    "wasserstein": Game(  # Arjovsky et al. 2017
        lambda true, false: false.mean() - true.mean(), lambda false: -false.mean(), bounded=True
    ),
    "hinge": Game(  # Li and Wand 2016, equation 3
        lambda true, false: (1 - true).relu().mean() + (1 + false).relu().mean(),
        lambda false: -false.mean(),
    ),
}


def fixed(network: nn.Module, *given: Tensor) -> tuple[Tensor, ...]:
    """What ``network`` makes of ``given``, without a gradient for its weights: a generator learns
    through a discriminator that one optimiser trains in the same step."""
    held = {name: weight.detach() for name, weight in network.named_parameters()}
    return functional_call(network, held, given)


def gradient_penalty(score: Callable[[Tensor], Tensor], true: Tensor, false: Tensor) -> Tensor:
    """The mean squared difference to 1 of the norm of the gradient of ``score``, between pairs of
    pictures."""
    share = torch.rand(len(true), 1, 1, 1, device=true.device)
    between = torch.lerp(true, false.detach(), share).requires_grad_()
    (slope,) = torch.autograd.grad(score(between).sum(), between, create_graph=True)
    return (slope.flatten(1).norm(dim=1) - 1).square().mean()
