"""Exported networks: seconds each, so made once for all tests and all workers."""

from dataclasses import replace
from pathlib import Path

from realtime_nst.learning.export import single as export
from realtime_nst.learning.training.checkpoint import Checkpoint, StyleInfo, untrained

STYLE = StyleInfo(
    "stripes", "Stripes", "nobody", "MIT", "generated pictures", "waves", "0abc", ("vgg19.pth",)
)


def random_checkpoint(network: str) -> Checkpoint:
    """Random weights, the same ones in every process."""
    return replace(untrained(network), style=STYLE, step=3, quality={"style": 0.5})


def exported(once, network: str) -> Path:
    """The style file of :func:`random_checkpoint`. ``once`` is the fixture of that name."""

    def make(folder: Path) -> None:
        export.export(random_checkpoint(network), folder / "style.onnx")

    return once(f"exported {network}", make) / "style.onnx"
