"""The style file of a painter that was trained on photos and paintings that are no pairs."""

from dataclasses import replace
from pathlib import Path

from realtime_nst.learning.export.graph import Parity, card_of
from realtime_nst.learning.export.many import write_many
from realtime_nst.learning.export.single import write_single
from realtime_nst.learning.networks.steered import StyledNetwork
from realtime_nst.learning.networks.unpaired import UnpairedNet
from realtime_nst.learning.training.checkpoint import Checkpoint, trained_network
from realtime_nst.runtime.kinds import MULTI, SINGLE


def export_unpaired(checkpoint: Checkpoint, path: Path) -> Parity:
    """Write the painter alone, as a network of one style or of many; see
    :func:`realtime_nst.learning.export.export`."""
    network, card = trained_network(checkpoint), card_of(checkpoint)
    assert isinstance(network, UnpairedNet)
    if isinstance(network.painter, StyledNetwork):
        return write_many(network.painter, replace(card, kind=MULTI), path)
    return write_single(network.painter, replace(card, kind=SINGLE), path)
