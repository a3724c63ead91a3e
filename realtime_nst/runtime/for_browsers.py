"""Rewrites a network's graph so that WebGPU runs all of it.

Of ONNX Runtime's kernels for WebGPU only Cast takes uint8. A Transpose of the picture before its
Cast is left to the CPU, with a copy there and back for each frame. The two commute, to the bit.
"""

from collections.abc import Sequence

from realtime_nst.runtime.wire import fields, written

_GRAPH = 7
"""Field of ModelProto."""

_NODE, _PORT, _TYPES = 1, 11, 13
"""Fields of GraphProto."""

_INPUT, _RESULT, _KIND = 1, 2, 4
"""Fields of NodeProto."""

_NAME = 1
"""Field of ValueInfoProto."""


def with_cast_first(data: bytes) -> bytes:
    """The ONNX file ``data`` with ``Cast(Transpose(x))`` of an input as ``Transpose(Cast(x))``,
    unless something else reads what the Transpose gives."""
    return b"".join(
        written(field, _graph(content) if field == _GRAPH else content, kind)
        for field, kind, content in fields(memoryview(data))
    )


def _graph(data: memoryview) -> bytes:
    parts = list(fields(data))
    places = [place for place, (field, _, _) in enumerate(parts) if field == _NODE]
    nodes = {place: _Node(parts[place][2]) for place in places}
    changed: dict[int, bytes] = {}
    stale = set()
    ports = {_name(content) for field, _, content in parts if field == _PORT}
    for first, second in _pairs(nodes, ports):
        changed[first], changed[second] = (
            nodes[first].doing(nodes[second]),
            nodes[second].doing(nodes[first]),
        )
        stale.add(nodes[first].result)
    return b"".join(
        written(field, changed.get(place, content), kind)
        for place, (field, kind, content) in enumerate(parts)
        if not (field == _TYPES and _name(content) in stale)
    )


class _Node:
    """A node as its fields: where it reads and writes, and all else, which says what it does."""

    def __init__(self, data: memoryview) -> None:
        self._fields = list(fields(data))
        self.inputs = [bytes(content) for field, _, content in self._fields if field == _INPUT]
        self.result = next(bytes(content) for field, _, content in self._fields if field == _RESULT)
        self.kind = next(
            (bytes(content) for field, _, content in self._fields if field == _KIND), b""
        )

    def doing(self, other: "_Node") -> bytes:
        """Between its own input and result, what ``other`` does."""
        wires = [part for part in self._fields if part[0] in (_INPUT, _RESULT)]
        work = [part for part in other._fields if part[0] not in (_INPUT, _RESULT)]
        return b"".join(written(field, content, kind) for field, kind, content in wires + work)


def _pairs(nodes: dict[int, _Node], ports: set[bytes]) -> Sequence[tuple[int, int]]:
    """The places of each Transpose of one of ``ports`` and the Cast that alone reads it."""
    readers: dict[bytes, list[int]] = {}
    for place, node in nodes.items():
        for name in node.inputs:
            readers.setdefault(name, []).append(place)
    return [
        (place, after[0])
        for place, node in nodes.items()
        if node.kind == b"Transpose"
        and node.inputs[0] in ports
        and len(after := readers.get(node.result, [])) == 1
        and nodes[after[0]].kind == b"Cast"
    ]


def _name(value_info: memoryview) -> bytes:
    return next((bytes(content) for field, _, content in fields(value_info) if field == _NAME), b"")
