"""A network's graph for one size of picture, its padding made of slices and concatenations: equal
to the bit, for engines that know neither sizes to come nor reflection."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from onnx import GraphProto, NodeProto, helper, numpy_helper

from realtime_nst.runtime.card import INPUT, OUTPUT

_END = np.iinfo(np.int64).max


def spelt_out(path: Path, height: int, width: int) -> bytes:
    """The model at ``path`` for frames of that size, as a file would hold it."""
    model = onnx.load(path)
    graph = model.graph
    for port in (*graph.input, *graph.output):
        if port.name in (INPUT, OUTPUT):
            rows, columns = port.type.tensor_type.shape.dim[1:3]
            rows.dim_value, columns.dim_value = height, width
    pads = _Pads(graph)
    nodes = [part for node in graph.node for part in pads.replaced(node)]
    del graph.node[:], graph.value_info[:]
    graph.node.extend(nodes)
    whole: bytes = model.SerializeToString()
    return whole


class _Pads:
    """Puts other nodes in the place of those that pad by reflection or repetition."""

    def __init__(self, graph: GraphProto) -> None:
        self._graph, self._added = graph, set[int]()
        self._known = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
        for node in graph.node:
            if node.op_type == "Constant":
                self._known[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)

    def replaced(self, node: NodeProto) -> Iterator[NodeProto]:
        mode = next((each.s for each in node.attribute if each.name == "mode"), b"constant")
        if node.op_type != "Pad" or mode == b"constant":
            yield node
            return
        sides = self._known[node.input[1]].reshape(2, -1).T.tolist()
        axes = [axis for axis, pads in enumerate(sides) if any(pads)] or [0]
        source, last = node.input[0], node.output[0]
        for axis in axes:
            made = last if axis == axes[-1] else f"{last}.{axis}"
            strips = _reflections(*sides[axis]) if mode == b"reflect" else _copies(*sides[axis])
            yield from self._joined(axis, source, made, *strips)
            source = made

    def _joined(
        self, axis: int, source: str, made: str, before: "_Strip", after: "_Strip"
    ) -> Iterator[NodeProto]:
        parts = [source]
        for side, (times, start, end, step) in (("before", before), ("after", after)):
            strip = f"{made}.{side}"
            if times:
                bounds = [self._constant(value) for value in (start, end, axis, step)]
                yield helper.make_node("Slice", [source, *bounds], [strip])
            parts = [strip] * times + parts if side == "before" else parts + [strip] * times
        yield helper.make_node("Concat", parts, [made], axis=axis)

    def _constant(self, value: int) -> str:
        name = f"spelt_out_{value}"
        if value not in self._added:
            self._added.add(value)
            array = np.array([value], np.int64)
            self._graph.initializer.append(numpy_helper.from_array(array, name))
        return name


_Strip = tuple[int, int, int, int]
"""How many times it is put there; and where it starts, ends, and with which step."""


def _reflections(before: int, after: int) -> tuple[_Strip, _Strip]:
    return (min(before, 1), before, 0, -1), (min(after, 1), -2, -2 - after, -1)


def _copies(before: int, after: int) -> tuple[_Strip, _Strip]:
    return (before, 0, 1, 1), (after, -1, _END, 1)
