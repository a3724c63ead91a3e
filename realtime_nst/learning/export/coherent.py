"""From a checkpoint of a coherent network to its style file."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.export import Dim

from realtime_nst.learning.export.single import (
    card_of,
    check_parity,
    grey_levels_apart,
    reference_session,
    write_graph,
    written_whole,
)
from realtime_nst.learning.networks.coherent import CoherentNet
from realtime_nst.learning.training.checkpoint import Checkpoint
from realtime_nst.learning.training.coherent import coherent_network
from realtime_nst.runtime.kinds import FEATURES, FLOW, INPUT, KEEP, NEXT, OUTPUT

_TRACED, _CHECKED = (12, 16), (17, 13)
"""Rows and columns of features."""

_LEAST, _MOST = 2, 4096
_KEPT = (0.0, 1.0, 1.0, 0.0, 1.0)
"""Of the frames in a row that are compared: begun anew, and going on."""


class CoherentGraph(nn.Module):
    """``frame`` and ``image`` uint8 ``[1, H, W, 3]``, the rest as the network has it."""

    def __init__(self, network: CoherentNet) -> None:
        super().__init__()
        self.network = network

    def forward(
        self, frame: Tensor, flow: Tensor, keep: Tensor, features: Tensor
    ) -> tuple[Tensor, Tensor]:
        shown = frame.permute(0, 3, 1, 2).float() / 255
        image, following = self.network(shown, flow, keep, features)
        return (image * 255 + 0.5).clamp(0, 255).permute(0, 2, 3, 1).to(torch.uint8), following


def export_coherent(checkpoint: Checkpoint, path: Path) -> tuple[float, int]:
    """Write ``checkpoint``'s averaged network to ``path``; return its difference to torch.

    The difference is (mean, largest) in grey levels over several frames in a row. The file appears
    only when it passed. Raises TrainingError as :func:`~realtime_nst.learning.export.export` does.
    """
    graph = CoherentGraph(coherent_network(checkpoint)).eval()
    with written_whole(path) as partial:
        height, width = (Dim(name, min=_LEAST, max=_MOST) for name in ("height", "width"))
        small, multiple = {2: height, 3: width}, graph.network.size_multiple
        dynamic = {
            "frame": {1: multiple * height, 2: multiple * width},
            "flow": small,
            "keep": None,
            "features": small,
        }
        inputs = {
            INPUT: torch.from_numpy(_frame(graph.network, _TRACED, 0)),
            FLOW: torch.zeros(1, 2, *_TRACED),
            KEEP: torch.ones(1),
            FEATURES: torch.zeros(1, graph.network.width, *_TRACED),
        }
        write_graph(graph, inputs, dynamic, [OUTPUT, NEXT], card_of(checkpoint), partial)
        apart = parity(graph, partial)
        check_parity(*apart)
    return apart


@torch.no_grad()
def parity(graph: CoherentGraph, path: Path) -> tuple[float, int]:
    """(mean, largest) absolute difference in grey levels between ``graph`` and ONNX Runtime, the
    largest of frames in a row, each going on with features of its own."""
    session, random = reference_session(path), np.random.default_rng(0)
    state = np.zeros((1, graph.network.width, *_CHECKED), np.float32)
    wanted, apart = torch.from_numpy(state), []
    for seed, keep in enumerate(_KEPT):
        given = {
            INPUT: _frame(graph.network, _CHECKED, seed),
            FLOW: random.normal(0, 6, (1, 2, *_CHECKED)).astype(np.float32),
            KEEP: np.array([keep], np.float32),
        }
        image, state = session.run([OUTPUT, NEXT], {**given, FEATURES: state})
        painted, wanted = graph(*map(torch.from_numpy, given.values()), wanted)
        apart.append(grey_levels_apart(image, painted))
    return max(mean for mean, _ in apart), max(largest for _, largest in apart)


def _frame(network: CoherentNet, size: tuple[int, int], seed: int) -> np.ndarray:
    height, width = (network.size_multiple * side for side in size)
    random = np.random.default_rng(seed)
    return random.integers(0, 256, (1, height, width, 3), dtype=np.uint8)
