"""The two style files of a network for any painting: one paints, the other encodes paintings."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from realtime_nst.errors import TrainingError
from realtime_nst.files import digest
from realtime_nst.learning.export.graph import (
    Graph,
    Parity,
    card_of,
    check_parity,
    picture_sides,
    random_picture,
    reference_session,
    to_float,
    write_graph,
    written_whole,
)
from realtime_nst.learning.export.many import stylising_parity, write_stylising
from realtime_nst.learning.networks.steered import ArbitraryNetwork
from realtime_nst.learning.training.checkpoint import Checkpoint, trained_network
from realtime_nst.runtime.card import ModelCard
from realtime_nst.runtime.companions import encoder_path
from realtime_nst.runtime.kinds import CODE, ENCODER, PAINTING

_TRACED_PAINTING, _CHECKED_PAINTING = (96, 125), (77, 133)
_MOST_CODE = 3e-3
"""Allowed difference of codes, relative to their largest number. A code of products of features has
twice the rounding of the kernels, which are stored in float16."""


class EncodeGraph(Graph[ArbitraryNetwork]):
    """``painting`` to its code ``[1, K]``."""

    def forward(self, painting: Tensor) -> Tensor:
        return self.network.encode_style(to_float(painting))


def export_pair(checkpoint: Checkpoint, path: Path) -> Parity:
    """Write ``path``, and the encoder to ``encoder_path(path)``; see
    :func:`realtime_nst.learning.export.export`. Compared are pictures at several strengths, painted
    with the code of a painting. Both files appear, or none."""
    network, card = trained_network(checkpoint), card_of(checkpoint)
    assert isinstance(network, ArbitraryNetwork)
    with written_whole(path) as stylising, written_whole(encoder_path(path)) as encoding:
        write_stylising(network, card, stylising)
        encoder = replace(
            card, kind=ENCODER, encodes_for=digest(stylising), size_multiple=1,
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
def parity(network: ArbitraryNetwork, stylising: Path, encoding: Path) -> Parity:
    """How far ``network`` is from ONNX Runtime. Raises TrainingError if the codes of a painting
    differ."""
    painting = random_picture(*_CHECKED_PAINTING)
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
