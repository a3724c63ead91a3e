"""Imports point one way: each room may import the rooms named here, and itself."""

import ast
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "realtime_nst"

BASE = {"errors", "files", "stream"}
MAY_IMPORT = {
    "errors": set(),
    "files": {"errors"},
    "memory": {"errors"},
    "packages": {"errors"},
    "telemetry": set(),
    "stream": {"errors"},
    "channel": {"errors"},
    "media": {*BASE, "memory", "packages"},
    "spec": {"errors"},
    "sizes": {"errors"},
    "values": {"errors"},
    "look": {"errors", "sizes", "values"},
    "pipeline": {"stream", "channel"},
    "sources": {*BASE, "channel", "media"},
    "sinks": {*BASE, "channel", "media"},
    "motion": BASE,
    "metrics": {*BASE, "motion"},
    "runtime": {*BASE, "memory", "telemetry", "media", "sizes", "spec"},
    "library": {*BASE, "media", "runtime", "sinks", "sources"},
    "masks": {*BASE, "look", "media", "motion", "runtime", "sources"},
    "presets": {"errors", "files", "look", "references"},
    "references": {"errors", "files", "look", "runtime", "spec"},
    "large": {"stream", "memory", "masks", "media", "runtime"},
    "paint": {*BASE, "large", "look", "masks", "motion", "media", "references", "runtime", "sizes"},
    "display": {"look", "media", "stream"},
    "jobs": {
        *BASE,
        "look",
        "media",
        "packages",
        "paint",
        "pipeline",
        "references",
        "runtime",
        "sinks",
        "sources",
    },
    "live": {
        *BASE,
        "display",
        "look",
        "motion",
        "paint",
        "pipeline",
        "presets",
        "runtime",
        "sinks",
        "sizes",
        "spec",
        "values",
    },
    "learning": {"errors", "memory", "values"},
    "learning.data": {*BASE, "learning", "motion", "media", "sources"},
    "learning.transforms": {"errors", "learning"},
    "learning.networks": {
        "errors",
        "learning",
        "learning.loss_networks",
        "learning.transforms",
    },
    "learning.loss_networks": {"errors", "files", "learning", "runtime"},
    "learning.losses": {"errors", "learning", "learning.loss_networks"},
    "learning.measures": {
        *BASE,
        "learning",
        "learning.data",
        "learning.loss_networks",
        "learning.losses",
        "learning.training",
        "metrics",
    },
    "learning.training": {
        *BASE,
        "learning",
        "learning.data",
        "learning.loss_networks",
        "learning.losses",
        "learning.networks",
        "metrics",
        "runtime",
        "sizes",
    },
    "learning.optimise": {
        *BASE,
        "learning",
        "learning.data",
        "learning.loss_networks",
        "learning.losses",
        "look",
        "motion",
    },
    "learning.export": {
        *BASE,
        "learning",
        "learning.data",
        "learning.loss_networks",
        "learning.networks",
        "learning.training",
        "runtime",
    },
    "bench": {*BASE, "media", "runtime", "sizes"},
    "bench.cases": {"*"},
    "bench.vote": {
        *BASE,
        "bench",
        "learning.loss_networks",
        "learning.measures",
        "learning.training",
        "media",
        "serve",
    },
    "serve": {
        *BASE,
        "display",
        "look",
        "paint",
        "media",
        "packages",
        "presets",
        "runtime",
        "sizes",
        "spec",
        "values",
        "web",
    },
    "web": {*BASE, "look", "paint", "presets", "runtime", "sources", "values"},
    "cli": {"*"},
    "__main__": {"cli"},
    "__init__": {"*"},
}


def room_of(module: str) -> str:
    parts = module.removeprefix("realtime_nst.").split(".")
    two = ".".join(parts[:2])
    return two if two in MAY_IMPORT else parts[0]


@cache
def modules():
    """The file of each module, by its name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        found[name.removesuffix(".__init__") if name.count(".") > 1 else name] = path
    return found


@cache
def parsed(path: Path):
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path):
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            if node.module.startswith("realtime_nst"):
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize(("module", "path"), modules().items(), ids=modules())
def test_imports_point_one_way(module, path):
    room = room_of(module)
    allowed = MAY_IMPORT[room] | {room}
    for imported in imports(path):
        if not imported.startswith("realtime_nst.") or imported not in modules():
            continue
        assert "*" in allowed or room_of(imported) in allowed, f"{module} imports {imported}"


HEAVY = {"torch", "torchvision", "onnx"}
MAY_IMPORT_HEAVY = {
    "learning": HEAVY,
    "bench.cases": HEAVY,  # what they measure, imported when they measure it
    "runtime.static_shape": {"onnx"},  # imported for CoreML alone
}


@pytest.mark.parametrize(("module", "path"), modules().items(), ids=modules())
def test_only_learning_imports_torch_and_only_the_cli_prints(module, path):
    name = module.removeprefix("realtime_nst.")
    allowed = [heavy for room, heavy in MAY_IMPORT_HEAVY.items() if name.startswith(room)]
    assert {i.split(".")[0] for i in imports(path)} & HEAVY <= set().union(*allowed)
    if not module.startswith("realtime_nst.cli") and not module.endswith("_window_process"):
        calls = [node for node in ast.walk(parsed(path)) if isinstance(node, ast.Call)]
        assert not any(isinstance(c.func, ast.Name) and c.func.id == "print" for c in calls)
