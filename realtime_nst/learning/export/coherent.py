"""The style file of a coherent network."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.export import Dim

from realtime_nst.learning.export.graph import (
    Graph,
    Parity,
    card_of,
    check_parity,
    difference,
    random_picture,
    reference_session,
    to_bytes,
    to_float,
    worst,
    write_graph,
    written_whole,
)
from realtime_nst.learning.networks.coherent import CoherentNet
from realtime_nst.learning.training.checkpoint import Checkpoint, trained_network
from realtime_nst.runtime.kinds import FEATURES, FLOW, INPUT, KEEP, NEXT, OUTPUT

_TRACED, _CHECKED = (12, 16), (17, 13)
"""Rows and columns of features."""

_LEAST, _MOST = 2, 4096
_KEPT = (0.0, 1.0, 1.0, 0.0, 1.0)
"""``keep`` of the consecutive frames that are compared: a stream starts, goes on, starts again."""


class CoherentGraph(Graph[CoherentNet]):
    """``frame`` to ``image``; the other ports are those of the network."""

    def forward(
        self, frame: Tensor, flow: Tensor, keep: Tensor, features: Tensor
    ) -> tuple[Tensor, Tensor]:
        image, following = self.network(to_float(frame), flow, keep, features)
        return to_bytes(image.permute(0, 2, 3, 1)), following


def export_coherent(checkpoint: Checkpoint, path: Path) -> Parity:
    """Write ``path``; see :func:`realtime_nst.learning.export.export`. Compared are consecutive
    frames."""
    network = trained_network(checkpoint)
    assert isinstance(network, CoherentNet)
    graph, multiple = CoherentGraph(network).eval(), network.size_multiple
    height, width = (Dim(name, min=_LEAST, max=_MOST) for name in ("height", "width"))
    small = {2: height, 3: width}
    dynamic = {
        "frame": {1: multiple * height, 2: multiple * width},
        "flow": small,
        "keep": None,
        "features": small,
    }
    inputs = {
        INPUT: torch.from_numpy(_frame(network, _TRACED, 0)),
        FLOW: torch.zeros(1, 2, *_TRACED),
        KEEP: torch.ones(1),
        FEATURES: torch.zeros(1, network.width, *_TRACED),
    }
    with written_whole(path) as unfinished:
        write_graph(graph, inputs, dynamic, [OUTPUT, NEXT], card_of(checkpoint), unfinished)
        apart = parity(graph, unfinished)
        check_parity(*apart)
    return apart


@torch.no_grad()
def parity(graph: CoherentGraph, path: Path) -> Parity:
    """How far ``graph`` is from ONNX Runtime over consecutive frames, each of the two going on with
    its own features."""
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
        apart.append(difference(image, painted))
    return worst(apart)


def _frame(network: CoherentNet, size: tuple[int, int], seed: int) -> np.ndarray:
    height, width = (network.size_multiple * side for side in size)
    return random_picture(height, width, seed)
