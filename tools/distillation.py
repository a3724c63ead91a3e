"""Distillation of VGG-19 and a student of it into the bundled loss network, in two stages: each
convolution is fitted in turn, in closed form, then all are trained together (Hinton et al.
2015)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from realtime_nst.learning.device import best_device
from realtime_nst.learning.loss_networks.features import FeatureExtractor
from realtime_nst.learning.loss_networks.low_rank import BundledNetwork, Tower
from realtime_nst.learning.loss_networks.vgg import Chain
from realtime_nst.learning.tensors import gram

_PLACES = 400_000
"""About how many places, over all pictures, a convolution is fitted at."""

_RIDGE = 1e-5
"""Added to the variance of the inputs, relative to its mean."""


@torch.no_grad()
def fit(
    tower: Tower,
    teacher: Chain,
    images: Sequence[Tensor],
    on_layer: Callable[[str, float], None] = lambda name, error: None,
) -> None:
    """Make ``tower`` respond as ``teacher`` does on ``images``, each ``[1, 3, H, W]`` in 0..1.

    Each convolution is fitted in turn, shallow first, by reduced-rank regression from the inputs
    that ``tower`` itself gives it to the teacher's response before the ReLU (asymmetric
    reconstruction, Zhang et al. 2016, section 3.3, without their treatment of the ReLU).
    ``on_layer`` is called with the squared error after the ReLU, relative to the mean square.
    """
    seen, wanted = [tower.enter(x) for x in images], [teacher.enter(x) for x in images]
    for name in tower.names:
        seen = [tower.halved(name, x) for x in seen]
        wanted = [teacher.convolve(name, teacher.halved(name, x)) for x in wanted]
        _regress(tower.convolutions[name], seen, wanted)
        seen = [F.relu(tower.convolve(name, x)) for x in seen]
        wanted = [F.relu(x) for x in wanted]
        off = sum((a - b).square().sum().item() for a, b in zip(seen, wanted, strict=True))
        on_layer(name, off / sum(x.square().sum().item() for x in wanted))


def _regress(convolution: nn.Module, seen: Sequence[Tensor], wanted: Sequence[Tensor]) -> None:
    """Give ``convolution``, a 3x3 one or a pair of 3x3 and 1x1, the weights that best map ``seen``
    to ``wanted``."""
    core, *spread = convolution if isinstance(convolution, nn.Sequential) else [convolution]
    assert isinstance(core, nn.Conv2d)
    squares, products = _moments(core, seen, wanted)
    mean, middle = squares[:-1, -1], products[:, -1]
    variance = squares[:-1, :-1] - torch.outer(mean, mean)
    together = products[:, :-1] - torch.outer(middle, mean)
    ridge = _RIDGE * variance.diagonal().mean() * torch.eye(len(mean), dtype=mean.dtype)
    kernels = torch.linalg.solve(variance + ridge, together.T).T
    if not spread:
        _set(core, kernels, middle - kernels @ mean)
        return
    main = torch.linalg.eigh(kernels @ variance @ kernels.T)[1][:, -core.out_channels :]
    _set(core, main.T @ kernels, -main.T @ kernels @ mean)
    _set(spread[0], main, middle)


def _moments(
    core: nn.Conv2d, seen: Sequence[Tensor], wanted: Sequence[Tensor]
) -> tuple[Tensor, Tensor]:
    """Mean products, in float64, of the inputs of ``core`` at a place, with a one appended: with
    themselves, ``[9 C + 1, 9 C + 1]``, and with the wanted outputs, ``[outputs, 9 C + 1]``."""
    mode = "constant" if core.padding_mode == "zeros" else core.padding_mode
    inputs = 9 * core.in_channels + 1
    squares, products = torch.zeros(inputs, inputs), torch.zeros(wanted[0].shape[1], inputs)
    places = 0
    for x, answer in zip(seen, wanted, strict=True):
        answers = answer[0].flatten(1)
        chosen = torch.randperm(answers.shape[1])[: _PLACES // len(seen)]
        taken = F.unfold(F.pad(x, (1,) * 4, mode=mode), 3)[0, :, chosen]
        taken = torch.cat([taken, torch.ones(1, len(chosen))])
        squares += taken @ taken.T
        products += answers[:, chosen] @ taken.T
        places += len(chosen)
    return squares.double() / places, products.double() / places


def _set(convolution: nn.Module, kernels: Tensor, bias: Tensor) -> None:
    assert isinstance(convolution, nn.Conv2d)
    assert convolution.bias is not None
    convolution.weight.copy_(kernels.view_as(convolution.weight))
    convolution.bias.copy_(bias)


@dataclass(frozen=True)
class Refining:
    """How a fitted network is trained further: Adam, one cycle. A larger rate loses the fit."""

    steps: int = 300
    learning_rate: float = 3e-5


def refine(
    network: BundledNetwork,
    teacher: FeatureExtractor,
    batches: Iterable[Tensor],
    chosen: Refining,
    on_step: Callable[[int, dict[str, float]], None] = lambda step, errors: None,
) -> None:
    """Train all of ``network`` to have the features of ``teacher`` on ``batches``.

    ``batches``: pictures ``[N, 3, H, W]`` in 0..1, one batch for each of ``chosen.steps``.
    ``on_step`` is called with the step and :func:`errors`.
    """
    device = best_device()
    network.to(device.name, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    optimiser = torch.optim.Adam(network.parameters(), lr=chosen.learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, chosen.learning_rate, total_steps=chosen.steps, pct_start=0.1
    )
    for step, images in zip(range(chosen.steps), batches, strict=False):
        with device.autocast():
            found = errors(network, teacher, images.to(device.name))
        optimiser.zero_grad(set_to_none=True)
        torch.stack(list(found.values())).sum().backward()
        optimiser.step()
        schedule.step()
        on_step(step + 1, {layer: error.item() for layer, error in found.items()})
    network.eval()


def errors(network: BundledNetwork, teacher: FeatureExtractor, images: Tensor) -> dict[str, Tensor]:
    """By layer, the squared error of the features relative to their mean square, plus that of their
    Gram matrices, which style losses use."""
    with torch.no_grad():
        view = teacher.features(images)
        wanted = {layer: view.layer(layer).float() for layer in network.layers}
    return {
        layer: _relative(seen.float(), wanted[layer])
        + _relative(gram(seen.float()), gram(wanted[layer]))
        for layer, seen in network.features(images)
    }


def _relative(seen: Tensor, wanted: Tensor) -> Tensor:
    return F.mse_loss(seen, wanted) / wanted.square().mean()
