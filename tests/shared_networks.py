"""Exported networks: seconds each, so made once for all tests and all workers."""

import json
from dataclasses import replace
from pathlib import Path

import model_factory
import torch

from realtime_nst.learning.export import export
from realtime_nst.learning.export.arbitrary import export_pair
from realtime_nst.learning.export.graph import Parity
from realtime_nst.learning.networks import NETWORKS
from realtime_nst.learning.training.checkpoint import Checkpoint, StyleInfo, untrained
from realtime_nst.learning.training.recipe import ArbitraryRecipe, Recipe, RunRecipe

STYLE = StyleInfo(
    "stripes", "Stripes", "nobody", "MIT", "generated pictures", "waves", "0abc", ("vgg19.pth",)
)

EVERY_NETWORK = [
    f"{name}:blocks=1" if name.startswith("johnson") else name
    for name in sorted(NETWORKS)
    if not name.startswith("texture")
]
"""Exporting five blocks of Johnson's network takes ten seconds, and says nothing that one does
not; six of "quality" are exported. Of texture networks, test_atlas_layers exports what is new."""


def random_checkpoint(network: str, recipe: type[RunRecipe] = Recipe) -> Checkpoint:
    """Random weights, the same ones in every process. As in a trained network, no weights are all
    alike, which the fresh ones of normalisations are."""
    made = untrained(recipe(network=network))
    for weight in made.averaged.values():
        if weight.is_floating_point() and len(weight.unique()) == 1:
            weight += 0.1 * torch.randn(weight.shape)
    return replace(made, style=STYLE, step=3, quality={"style": 0.5})


def write_no_graph(monkeypatch, module, apart: Parity = (0.0, 0)) -> None:
    """Exports by ``module`` write their cards alone in place of the graph, which would take
    seconds, and find it ``apart`` from torch."""
    for name in {"write_graph", "write_stylising"} & vars(module).keys():
        monkeypatch.setattr(module, name, lambda *given: model_factory.write_graph(*given[:-3:-1]))
    for name in {"parity", "stylising_parity"} & vars(module).keys():
        monkeypatch.setattr(module, name, lambda *_: apart)


def exported_pair(once, network: str) -> tuple[Path, Parity]:
    """The two files of :func:`random_checkpoint` for any painting, and how far they are from
    torch."""

    def make(folder: Path) -> None:
        apart = export_pair(random_checkpoint(network, ArbitraryRecipe), folder / "any.onnx")
        (folder / "apart.json").write_text(json.dumps(apart))

    folder = once(f"exported {network}", make)
    return folder / "any.onnx", tuple(json.loads((folder / "apart.json").read_text()))


def exported(once, network: str) -> Path:
    """The style file of :func:`random_checkpoint`. ``once`` is the fixture of that name."""

    def make(folder: Path) -> None:
        export(random_checkpoint(network), folder / "style.onnx")

    return once(f"exported {network}", make) / "style.onnx"
