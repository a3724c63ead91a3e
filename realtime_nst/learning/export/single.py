"""The style file of a network for one painting."""

from pathlib import Path

import torch
from torch import Tensor

from realtime_nst.learning.export.graph import (
    TRACED,
    Graph,
    Parity,
    card_of,
    check_parity,
    checked_picture,
    difference,
    picture_sides,
    reference_session,
    to_bytes,
    to_float,
    write_graph,
    written_whole,
)
from realtime_nst.learning.networks.blocks import PaintingNetwork
from realtime_nst.learning.training.checkpoint import Checkpoint, trained_network
from realtime_nst.runtime.card import ModelCard
from realtime_nst.runtime.kinds import INPUT, OUTPUT


class FrameGraph(Graph[PaintingNetwork]):
    """``frame`` to the painted picture."""

    def forward(self, frame: Tensor) -> Tensor:
        return to_bytes(self.network(to_float(frame)).permute(0, 2, 3, 1))


def export_single(checkpoint: Checkpoint, path: Path) -> Parity:
    """Write ``path``; see :func:`realtime_nst.learning.export.export`."""
    return write_single(trained_network(checkpoint), card_of(checkpoint), path)


def write_single(network: PaintingNetwork, card: ModelCard, path: Path) -> Parity:
    """Write ``network``, which takes a frame, with ``card``; as :func:`export_single`."""
    graph = FrameGraph(network).eval()
    with written_whole(path) as unfinished:
        write_graph(
            graph,
            {INPUT: torch.zeros(1, *TRACED, 3, dtype=torch.uint8)},
            {"frame": picture_sides(card.size_multiple, card.size_minimum)},
            [OUTPUT],
            card,
            unfinished,
        )
        apart = parity(graph, unfinished)
        check_parity(*apart)
    return apart


@torch.no_grad()
def parity(graph: FrameGraph, path: Path) -> Parity:
    """How far ``graph`` is from ONNX Runtime, at another size than the one traced."""
    frame = checked_picture(graph.network.size_multiple)
    (image,) = reference_session(path).run([OUTPUT], {INPUT: frame})
    return difference(image, graph(torch.from_numpy(frame)))
