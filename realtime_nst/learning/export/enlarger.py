"""The file of the network that enlarges paintings."""

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from realtime_nst.learning.export.graph import (
    CHECKED,
    TRACED,
    Graph,
    Parity,
    check_parity,
    difference,
    picture_sides,
    reference_session,
    to_bytes,
    write_graph,
    written_whole,
)
from realtime_nst.learning.networks.enlarger import FOLD, EnlargerNet
from realtime_nst.runtime.card import ModelCard
from realtime_nst.runtime.kinds import BASE, GUIDE, LUMA


class EnlargerGraph(Graph[EnlargerNet]):
    """``base`` and ``guide`` to the painting's ``luma``. Pictures are folded as bytes: at full size
    their traffic is most of the cost (1920x1080 on one core: 22 ms, 26 ms folded as floats)."""

    kernel: Tensor

    def __init__(self, network: EnlargerNet) -> None:
        super().__init__(network)
        self.register_buffer("kernel", network.kernel().detach())

    def forward(self, base: Tensor, guide: Tensor) -> Tensor:
        blocks = torch.cat([_folded(base), _folded(guide)], 1).float() / 255
        detail = self.network.over_blocks(blocks, self.kernel)
        return _unfolded(to_bytes(blocks[:, : detail.shape[1]] + detail))


def _folded(luma: Tensor) -> Tensor:
    """``[1, H, W, 1]`` to blocks ``[1, FOLD², H / FOLD, W / FOLD]``."""
    _, height, width, _ = luma.shape
    cells = luma.view(1, height // FOLD, FOLD, width // FOLD, FOLD).permute(0, 2, 4, 1, 3)
    return cells.reshape(1, FOLD * FOLD, height // FOLD, width // FOLD)


def _unfolded(blocks: Tensor) -> Tensor:
    _, _, height, width = blocks.shape
    cells = blocks.view(1, FOLD, FOLD, height, width).permute(0, 3, 1, 4, 2)
    return cells.reshape(1, height * FOLD, width * FOLD, 1)


def export_enlarger(network: EnlargerNet, card: ModelCard, path: Path) -> Parity:
    """Write ``path``; see :func:`realtime_nst.learning.export.export`."""
    graph = EnlargerGraph(network).eval()
    sides = picture_sides(FOLD, FOLD)
    inputs = {name: torch.from_numpy(_random(TRACED, seed)) for seed, name in _PORTS}
    with written_whole(path) as unfinished:
        write_graph(graph, inputs, {"base": sides, "guide": sides}, [LUMA], card, unfinished)
        apart = parity(graph, unfinished)
        check_parity(*apart)
    return apart


def read_enlarger(path: Path) -> EnlargerNet:
    """The network of a file that :func:`export_enlarger` wrote, in evaluation mode.

    The file holds the first convolution over blocks as they are; over means and differences, which
    are more numbers, any solution computes the same. Raises KeyError for any other file.
    """
    held = {
        constant.name: torch.from_numpy(numpy_helper.to_array(constant).copy()).float()
        for constant in onnx.load(path).graph.initializer
    }
    network = EnlargerNet(len(held["network.first.bias"]))
    kernel = torch.einsum("ojyx,ji->oiyx", held["kernel"], torch.linalg.pinv(network.contrast))
    network.first.weight = nn.Parameter(kernel)
    for name, weight in network.named_parameters():
        if name != "first.weight":
            weight.data = held[f"network.{name}"]
    return network.eval()


_PORTS = tuple(enumerate((BASE, GUIDE)))


@torch.no_grad()
def parity(graph: EnlargerGraph, path: Path) -> Parity:
    """How far ``graph`` is from ONNX Runtime."""
    given = {name: _random(CHECKED, seed) for seed, name in _PORTS}
    (luma,) = reference_session(path).run([LUMA], given)
    return difference(luma, graph(*map(torch.from_numpy, given.values())))


def _random(size: tuple[int, int], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (1, *size, 1), np.uint8)
