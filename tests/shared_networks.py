"""Exported networks: seconds each, so made once for all tests and all workers."""

import json
from dataclasses import replace
from pathlib import Path

from realtime_nst.learning.export import export
from realtime_nst.learning.export.arbitrary import export_pair
from realtime_nst.learning.training.checkpoint import Checkpoint, StyleInfo, untrained
from realtime_nst.learning.training.recipe import ArbitraryRecipe, Recipe

STYLE = StyleInfo(
    "stripes", "Stripes", "nobody", "MIT", "generated pictures", "waves", "0abc", ("vgg19.pth",)
)


def random_checkpoint(network: str) -> Checkpoint:
    """Random weights, the same ones in every process."""
    return replace(untrained(Recipe(network=network)), style=STYLE, step=3, quality={"style": 0.5})


def write_no_graph(monkeypatch, module) -> None:
    """Exports by ``module`` write a few bytes in place of the graph, which would take seconds."""
    for name in ("write_graph", "write_stylising"):
        if hasattr(module, name):
            monkeypatch.setattr(module, name, lambda *given: given[-1].write_bytes(b"graph"))


def exported_pair(once, network: str) -> tuple[Path, tuple[float, int]]:
    """A network for any painting, of random weights, with its encoder beside it; and how far the
    pair is from torch, in grey levels: (mean, largest)."""

    def make(folder: Path) -> None:
        apart = export_pair(untrained(ArbitraryRecipe(network=network)), folder / "any.onnx")
        (folder / "apart.json").write_text(json.dumps(apart))

    folder = once(f"exported {network}", make)
    return folder / "any.onnx", tuple(json.loads((folder / "apart.json").read_text()))


def exported(once, network: str) -> Path:
    """The style file of :func:`random_checkpoint`. ``once`` is the fixture of that name."""

    def make(folder: Path) -> None:
        export(random_checkpoint(network), folder / "style.onnx")

    return once(f"exported {network}", make) / "style.onnx"
