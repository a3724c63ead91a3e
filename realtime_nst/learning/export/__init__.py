"""From checkpoints to ONNX style files, float and int8."""

from collections.abc import Callable, Mapping
from pathlib import Path

from realtime_nst.learning.export.arbitrary import export_pair
from realtime_nst.learning.export.coherent import export_coherent
from realtime_nst.learning.export.graph import Parity
from realtime_nst.learning.export.many import export_many
from realtime_nst.learning.export.single import export_single
from realtime_nst.learning.export.unpaired import export_unpaired
from realtime_nst.learning.training.checkpoint import Checkpoint
from realtime_nst.learning.training.recipe import UNPAIRED
from realtime_nst.runtime.kinds import ARBITRARY, COHERENT, MULTI, SINGLE

EXPORTERS: Mapping[str, Callable[[Checkpoint, Path], Parity]] = {
    SINGLE: export_single,
    MULTI: export_many,
    ARBITRARY: export_pair,
    COHERENT: export_coherent,
    UNPAIRED: export_unpaired,
}
"""By the kind of the checkpoint's recipe."""


def export(checkpoint: Checkpoint, path: Path) -> Parity:
    """Write the averaged network of ``checkpoint`` to ``path``, and what belongs beside it.

    Returns how far it is from torch, (mean, largest) in grey levels, at sizes other than the one
    traced. The files appear only if the check passes: raises TrainingError if the mean is over 1 or
    the largest over 3, if the graph holds an operator that is not allowed, or if a file cannot be
    written.
    """
    return EXPORTERS[checkpoint.recipe.kind](checkpoint, path)
