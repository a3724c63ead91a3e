"""The graph of a network steered by a code, and the style file of one of many styles."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from realtime_nst.learning import networks
from realtime_nst.learning.export.single import (
    card_of,
    check_parity,
    grey_levels_apart,
    picture_sides,
    reference_session,
    write_graph,
    written_whole,
)
from realtime_nst.learning.networks.steered import SteeredNetwork
from realtime_nst.learning.training.checkpoint import Checkpoint
from realtime_nst.learning.training.loop import averaged
from realtime_nst.runtime.card import ModelCard
from realtime_nst.runtime.kinds import CODE, INPUT, OUTPUT, STRENGTH

_TRACED, _CHECKED = (96, 128), (136, 104)
_STRENGTHS = (1.0, 0.4, 0.0)


class StyliseGraph(nn.Module):
    """``frame`` uint8 ``[1, H, W, 3]``, ``code`` ``[1, K]`` and ``strength`` ``[1]`` to a picture
    as the frame is: from the frame itself, 0, to the painting, 1. They are mixed as the frame lies,
    colours innermost; the other way engines move every pixel four times more."""

    def __init__(self, network: SteeredNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, frame: Tensor, code: Tensor, strength: Tensor) -> Tensor:
        shown = frame.float() / 255
        painted = self.network.paint(shown.permute(0, 3, 1, 2), code).permute(0, 2, 3, 1)
        image = shown + strength * (painted - shown)
        return (image * 255 + 0.5).clamp(0, 255).to(torch.uint8)


def export_many(checkpoint: Checkpoint, path: Path) -> tuple[float, int]:
    """Write ``checkpoint``'s averaged network of many styles to ``path``; return its difference to
    torch.

    The difference is (mean, largest) in grey levels, of each style alone and a blend of all, at
    several strengths. Raises TrainingError as :func:`~realtime_nst.learning.export.export` does.
    """
    styles = len(checkpoint.style.paintings)
    network = averaged(networks.build_conditional(checkpoint.recipe.network, styles), checkpoint)
    codes = torch.cat([torch.eye(styles), torch.full((1, styles), 1 / styles)])
    with written_whole(path) as partial:
        write_stylising(network, card_of(checkpoint), partial)
        apart = stylising_parity(network, partial, codes.split(1))
        check_parity(*apart)
    return apart


def write_stylising(network: SteeredNetwork, card: ModelCard, path: Path) -> None:
    """Write ``network`` as a :class:`StyliseGraph`; raises as
    :func:`~realtime_nst.learning.export.write_graph` does."""
    inputs = {
        INPUT: torch.zeros(1, *_TRACED, 3, dtype=torch.uint8),
        CODE: torch.zeros(1, network.code_size),
        STRENGTH: torch.ones(1),
    }
    sides = picture_sides(card.size_multiple, card.size_minimum)
    dynamic = {"frame": sides, "code": None, "strength": None}
    write_graph(StyliseGraph(network).eval(), inputs, dynamic, [OUTPUT], card, path)


@torch.no_grad()
def stylising_parity(
    network: SteeredNetwork, path: Path, codes: Iterable[Tensor]
) -> tuple[float, int]:
    """(mean, largest) absolute difference in grey levels between ``network`` and ONNX Runtime, the
    worst of each of ``codes`` at several strengths."""
    frame = np.random.default_rng(0).integers(0, 256, (1, *_CHECKED, 3), dtype=np.uint8)
    session, apart = reference_session(path), []
    for code in codes:
        for strength in _STRENGTHS:
            given = torch.from_numpy(frame), code, torch.tensor([strength])
            named = zip((INPUT, CODE, STRENGTH), given, strict=True)
            (image,) = session.run([OUTPUT], {name: value.numpy() for name, value in named})
            apart.append(grey_levels_apart(image, StyliseGraph(network)(*given)))
    return max(mean for mean, _ in apart), max(largest for _, largest in apart)
