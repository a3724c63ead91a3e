"""The names of what can be chosen among the losses, importable without torch."""

from typing import Literal

StyleLossName = Literal[
    "gram",
    "mmd-linear",
    "mmd-polynomial",
    "mmd-gaussian",
    "batch-norm",
    "histogram",
    "mrf",
    "shifted-gram",
]
"""The keys of ``style_losses.STYLE_LOSSES``."""
