"""The graph of a network that takes a code, and the style file of a network of many styles."""

from collections.abc import Iterable
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
    worst,
    write_graph,
    written_whole,
)
from realtime_nst.learning.networks.steered import SteeredNetwork
from realtime_nst.learning.training.checkpoint import Checkpoint, trained_network
from realtime_nst.runtime.card import ModelCard
from realtime_nst.runtime.kinds import CODE, INPUT, OUTPUT, STRENGTH

_STRENGTHS = (1.0, 0.4, 0.0)


class StyliseGraph(Graph[SteeredNetwork]):
    """``frame``, ``code`` ``[1, K]`` and ``strength`` ``[1]`` to the painted picture, mixed with
    the frame: at strength 0 it is the frame. The two are mixed as the frame is laid out, with
    colours innermost; otherwise engines move every pixel four more times."""

    def forward(self, frame: Tensor, code: Tensor, strength: Tensor) -> Tensor:
        shown = frame.float() / 255
        painted = self.network.paint(shown.permute(0, 3, 1, 2), code).permute(0, 2, 3, 1)
        return to_bytes(shown + strength * (painted - shown))


def export_many(checkpoint: Checkpoint, path: Path) -> Parity:
    """Write ``path``; see :func:`realtime_nst.learning.export.export`."""
    network = trained_network(checkpoint)
    assert isinstance(network, SteeredNetwork)
    return write_many(network, card_of(checkpoint), path)


def write_many(network: SteeredNetwork, card: ModelCard, path: Path) -> Parity:
    """Write ``network`` of many styles with ``card``; as :func:`export_many`. Compared are each
    style alone and a blend of all, at several strengths."""
    styles = network.code_size
    codes = torch.cat([torch.eye(styles), torch.full((1, styles), 1 / styles)])
    with written_whole(path) as unfinished:
        write_stylising(network, card, unfinished)
        apart = stylising_parity(network, unfinished, codes.split(1))
        check_parity(*apart)
    return apart


def write_stylising(network: SteeredNetwork, card: ModelCard, path: Path) -> None:
    """Write ``network`` as a :class:`StyliseGraph`. Raises the errors of
    :func:`~realtime_nst.learning.export.graph.write_graph`."""
    inputs = {
        INPUT: torch.zeros(1, *TRACED, 3, dtype=torch.uint8),
        CODE: torch.zeros(1, network.code_size),
        STRENGTH: torch.ones(1),
    }
    sides = picture_sides(card.size_multiple, card.size_minimum)
    dynamic = {"frame": sides, "code": None, "strength": None}
    write_graph(StyliseGraph(network).eval(), inputs, dynamic, [OUTPUT], card, path)


@torch.no_grad()
def stylising_parity(network: SteeredNetwork, path: Path, codes: Iterable[Tensor]) -> Parity:
    """How far ``network`` is from ONNX Runtime with each of ``codes``, at several strengths."""
    frame, session = checked_picture(network.size_multiple), reference_session(path)
    apart = []
    for code in codes:
        for strength in _STRENGTHS:
            given = torch.from_numpy(frame), code, torch.tensor([strength])
            named = zip((INPUT, CODE, STRENGTH), given, strict=True)
            (image,) = session.run([OUTPUT], {name: value.numpy() for name, value in named})
            apart.append(difference(image, StyliseGraph(network)(*given)))
    return worst(apart)
