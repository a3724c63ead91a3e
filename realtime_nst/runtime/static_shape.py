"""Rewrites a network's graph for one picture size, with padding made of slices and concatenations.

The result is equal to the bit. It is for engines that support neither dynamic sizes nor padding by
reflection.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from onnx import GraphProto, NodeProto, helper, numpy_helper

from realtime_nst.errors import ModelError
from realtime_nst.runtime.kinds import INPUT, OUTPUT

_MODES = (b"reflect", b"edge")
_END = np.iinfo(np.int64).max


def with_static_shape(path: Path, height: int, width: int) -> bytes:
    """The model at ``path`` for frames of that size, as the bytes of an ONNX file.

    Raises :class:`ModelError` for padding whose widths are not in the file, are negative, or whose
    mode is not "constant", "reflect" or "edge".
    """
    model = onnx.load(path)
    graph = model.graph
    for port in (*graph.input, *graph.output):
        if port.name in (INPUT, OUTPUT):
            rows, columns = port.type.tensor_type.shape.dim[1:3]
            rows.dim_value, columns.dim_value = height, width
    pads = _Pads(graph, path)
    nodes = [part for node in graph.node for part in pads.replaced(node)]
    del graph.node[:], graph.value_info[:]
    graph.node.extend(nodes)
    whole: bytes = model.SerializeToString()
    return whole


class _Pads:
    """Replaces the nodes that pad by reflection or by repeating the edge."""

    def __init__(self, graph: GraphProto, path: Path) -> None:
        self._graph, self._path = graph, path
        self._tensors = {each.name: each for each in graph.initializer}
        for node in (node for node in graph.node if node.op_type == "Constant"):
            if node.attribute[0].name == "value":
                self._tensors[node.output[0]] = node.attribute[0].t

    def replaced(self, node: NodeProto) -> Iterator[NodeProto]:
        mode = next((each.s for each in node.attribute if each.name == "mode"), b"constant")
        if node.op_type != "Pad" or mode == b"constant":
            yield node
            return
        sides = self._sides(node, mode)
        source, last = node.input[0], node.output[0]
        for axis, widths in sides.items():
            made = last if axis == max(sides) else f"{last}.{axis}"
            strips = _reflections(*widths) if mode == b"reflect" else _copies(*widths)
            yield from self._joined(axis, source, made, *strips)
            source = made

    def _sides(self, node: NodeProto, mode: bytes) -> dict[int, tuple[int, int]]:
        """The widths before and after of each padded axis; of axis 0, zeros, if none is padded."""
        try:
            pads, *axes = (numpy_helper.to_array(self._tensors[n]) for n in node.input[1::2] if n)
        except KeyError:
            raise self._unsupported(node, "widths that are not in the file") from None
        if mode not in _MODES or pads.min() < 0:
            raise self._unsupported(node, f"mode {mode.decode()!r} and widths {pads.tolist()}")
        widths = [(int(before), int(after)) for before, after in pads.reshape(2, -1).T]
        by_axis = dict(zip(axes[0].tolist() if axes else range(len(widths)), widths, strict=True))
        return {axis: sides for axis, sides in sorted(by_axis.items()) if any(sides)} or {0: (0, 0)}

    def _unsupported(self, node: NodeProto, what: str) -> ModelError:
        return ModelError(
            f"{str(self._path)!r} pads in {node.name or node.output[0]!r} with {what}, which "
            "this provider does not support; choose another `provider`"
        )

    def _joined(
        self, axis: int, source: str, made: str, before: "_Strip", after: "_Strip"
    ) -> Iterator[NodeProto]:
        first, last = f"{made}.before", f"{made}.after"
        for strip, (times, start, end, step) in ((first, before), (last, after)):
            if times:
                bounds = [self._constant(value) for value in (start, end, axis, step)]
                yield helper.make_node("Slice", [source, *bounds], [strip])
        parts = [first] * before[0] + [source] + [last] * after[0]
        yield helper.make_node("Concat", parts, [made], axis=axis)

    def _constant(self, value: int) -> str:
        name = f"static_shape_{value}"
        if name not in self._tensors:
            tensor = numpy_helper.from_array(np.array([value], np.int64), name)
            self._graph.initializer.append(tensor)
            self._tensors[name] = tensor
        return name


_Strip = tuple[int, int, int, int]
"""How many times the strip is added; then the start, end and step of its slice."""


def _reflections(before: int, after: int) -> tuple[_Strip, _Strip]:
    return (min(before, 1), before, 0, -1), (min(after, 1), -2, -2 - after, -1)


def _copies(before: int, after: int) -> tuple[_Strip, _Strip]:
    return (before, 0, 1, 1), (after, -1, _END, 1)
