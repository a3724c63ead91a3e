"""From a checkpoint of a network for any painting to its two style files."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from realtime_nst.errors import TrainingError
from realtime_nst.learning import networks
from realtime_nst.learning.export.single import (
    card_of,
    check_parity,
    picture_sides,
    reference_session,
    write_graph,
    written_whole,
)
from realtime_nst.learning.export.steered import stylising_parity, write_stylising
from realtime_nst.learning.networks.steered import ArbitraryNetwork
from realtime_nst.learning.training.checkpoint import Checkpoint
from realtime_nst.learning.training.loop import averaged
from realtime_nst.runtime.card import ModelCard
from realtime_nst.runtime.companions import encoder_path
from realtime_nst.runtime.kinds import CODE, ENCODER, PAINTING

_TRACED_PAINTING, _CHECKED_PAINTING = (96, 125), (77, 133)
_MOST_CODE = 1e-3
"""Allowed difference of codes, over their largest number."""


class EncodeGraph(nn.Module):
    """``painting`` uint8 ``[1, H, W, 3]`` to its code ``[1, K]``."""

    def __init__(self, network: ArbitraryNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, painting: Tensor) -> Tensor:
        return self.network.encode_style(painting.permute(0, 3, 1, 2).float() / 255)


def export_pair(checkpoint: Checkpoint, path: Path) -> tuple[float, int]:
    """Write ``checkpoint``'s averaged network to ``path`` and its encoder to
    ``encoder_path(path)``; return the difference to torch.

    The difference is (mean, largest) in grey levels, of pictures at several strengths painted with
    the code of a painting, all at sizes other than those traced. Both files appear only when they
    passed. Raises TrainingError as :func:`~realtime_nst.learning.export.export` does.
    """
    network = averaged(networks.build_arbitrary(checkpoint.recipe.network), checkpoint)
    card = card_of(checkpoint)
    with written_whole(path) as stylising, written_whole(encoder_path(path)) as encoding:
        write_stylising(network, card, stylising)
        digest = hashlib.sha256(stylising.read_bytes()).hexdigest()
        encoder = replace(
            card, kind=ENCODER, encodes_for=digest, size_multiple=1,
            size_minimum=network.painting_minimum,
        )  # fmt: skip
        _write_encoding(network, encoder, encoding)
        apart = parity(network, stylising, encoding)
        check_parity(*apart)
    return apart


def _write_encoding(network: ArbitraryNetwork, card: ModelCard, path: Path) -> None:
    inputs = {PAINTING: torch.zeros(1, *_TRACED_PAINTING, 3, dtype=torch.uint8)}
    dynamic = {"painting": picture_sides(1, network.painting_minimum)}
    write_graph(EncodeGraph(network).eval(), inputs, dynamic, [CODE], card, path)


@torch.no_grad()
def parity(network: ArbitraryNetwork, stylising: Path, encoding: Path) -> tuple[float, int]:
    """(mean, largest) absolute difference in grey levels between ``network`` and ONNX Runtime.

    Raises TrainingError when the codes of a painting differ.
    """
    random = np.random.default_rng(0)
    painting = random.integers(0, 256, (1, *_CHECKED_PAINTING, 3), dtype=np.uint8)
    wanted = EncodeGraph(network)(torch.from_numpy(painting))
    (code,) = reference_session(encoding).run([CODE], {PAINTING: painting})
    _check_code(code, wanted.numpy())
    return stylising_parity(network, stylising, [torch.from_numpy(code)])


def _check_code(code: np.ndarray, wanted: np.ndarray) -> None:
    apart = np.abs(code - wanted).max() / max(np.abs(wanted).max(), 1e-6)
    if not apart <= _MOST_CODE:
        raise TrainingError(
            f"the exported encoder's codes differ from torch's by {apart:.1e} of the largest "
            f"(allowed: {_MOST_CODE}); nothing was written"
        )
