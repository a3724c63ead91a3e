"""Our own runtime on the execution providers for NVIDIA's cards."""

import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from gpu_rows.networks import Subject, apart, frame, subject
from gpu_rows.plan import Figures, Lacks, Row
from gpu_rows.timing import Clock, spread

if TYPE_CHECKING:
    from onnx import NodeProto

    from realtime_nst.runtime.session import Session

_ROWS = {
    ("cuda", "f32"): 30.0,
    ("cuda", "f16"): 30.0,
    ("tensorrt", "f16"): 240.0,
}
"""What a row may take, in seconds; TensorRT builds an engine. Our `cuda` computes in float32, in
TF32 where the card has it; to show what float16 would give, it is handed a converted file."""


@dataclass(frozen=True)
class Providers:
    """``rehearse``: where a provider is absent, ONNX Runtime's CPU stands in for it."""

    clock: Clock
    sizes: Sequence[tuple[int, int]]
    rehearse: bool

    def rows(self) -> Iterator[Row]:
        for (provider, precision), seconds in _ROWS.items():
            for name in ("fast", "any"):
                measure = partial(self._measure, provider, precision, name)
                yield Row(f"provider {provider} {precision}, {name}", measure, seconds)

    def _measure(self, provider: str, precision: str, name: str) -> Sequence[Figures]:
        from realtime_nst.runtime.providers import PROVIDERS

        absence = PROVIDERS[provider].absence()
        if absence and (not self.rehearse or PROVIDERS["cpu"].absence()):
            raise Lacks(f"{absence}; it needs {PROVIDERS[provider].install}")
        shown = subject(name)
        about = {"network": name, "provider": provider, "precision": precision}
        converts = (provider, precision) == ("cuda", "f16")
        with TemporaryDirectory() if converts else nullcontext() as folder:
            file = halved(shown.file, Path(folder)) if folder else shown.file
            used = "cpu" if absence else provider
            return [{**about, **reading} for reading in self._on(used, shown, file)]

    def _on(self, provider: str, shown: Subject, file: Path) -> Iterator[Figures]:
        """``build s`` is to the first picture at the first size, ``load s`` the same once more,
        with what the first left in the cache."""
        build, _ = self._opened(provider, shown, file)
        load, session = self._opened(provider, shown, file)
        starts = {"on": session.provider, "build s": build, "load s": load}
        for size in self.sizes:
            paint = partial(session, frame(*size)[0], _code(shown))
            mean, most = apart(paint()[None], shown.wanted(*size))
            times = spread(Clock("cpu", self.clock.longest).readings(paint))
            parity = {"mean off": mean, "most off": most}
            yield {**starts, "size": f"{size[1]}x{size[0]}", **times, **parity}

    def _opened(self, provider: str, shown: Subject, file: Path) -> "tuple[float, Session]":
        from realtime_nst.runtime.model import read_model
        from realtime_nst.runtime.providers import PROVIDERS

        began = time.perf_counter()
        session = PROVIDERS[provider].open(read_model(file))
        session(frame(*self.sizes[0])[0], _code(shown))
        return time.perf_counter() - began, session


def halved(file: Path, folder: Path) -> Path:
    """A copy of a style file in ``folder`` that computes in float16, except for its
    normalisations."""
    import onnx
    from onnx import helper, numpy_helper

    model = onnx.load(file)
    graph = model.graph
    del graph.value_info[:]
    norms = [node for node in graph.node if node.op_type == _NORM]
    kept = {name for node in norms for name in node.input[1:]}
    for constant in graph.initializer:
        if constant.data_type == _FLOAT and constant.name not in kept:
            half = numpy_helper.to_array(constant).astype("float16")
            constant.CopyFrom(numpy_helper.from_array(half, constant.name))
    given = {port.name for port in graph.input if port.type.tensor_type.elem_type == _FLOAT}
    nodes = [helper.make_node("Cast", [name], [f"{name}.half"], to=_HALF) for name in given]
    for node in graph.node:
        node.input[:] = [f"{name}.half" if name in given else name for name in node.input]
        for attribute in node.attribute:
            if node.op_type == "Cast" and attribute.i == _FLOAT:
                attribute.i = _HALF
        nodes += _around(node) if node.op_type == _NORM else [node]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.save(model, folder / file.name)
    return folder / file.name


_NORM, _FLOAT, _HALF = "InstanceNormalization", 1, 10
"""ONNX's name of that operator and numbers of these types."""


def _around(node: "NodeProto") -> "list[NodeProto]":
    """A normalisation, whose scale and shift are constants, between casts."""
    from onnx import helper

    given, made = node.input[0], node.output[0]
    node.input[0], node.output[0] = f"{made}.given", f"{made}.full"
    return [
        helper.make_node("Cast", [given], [node.input[0]], to=_FLOAT),
        node,
        helper.make_node("Cast", [node.output[0]], [made], to=_HALF),
    ]


def _code(shown: Subject) -> object:
    return None if shown.code is None else shown.code.numpy()
