"""What is refused of a network's graph before an engine sees it.

Engines trust the files they are given: tensors may lie in other files or, by a name that ONNX
Runtime gives a meaning, at an address in memory, which OpenVINO reads; and compiling takes for ever
on long chains and nested branches.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from realtime_nst.runtime.wire import BYTES, fields, number

MOST_OPERATORS = 1000
"""Of a style. The largest one that comes with the program has 277; OpenVINO's time grows with the
square of a chain's length: 1,000 operators take half a minute, 2,000 a whole one."""

MOST_OF_ANY = 10_000
"""Of any other network, which ONNX Runtime runs: its time grows with the number."""

_MOST_TENSORS = 10_000
"""Constants of a network: ONNX Runtime's time grows with the square of their number."""

_NESTING = 2
"""Graphs inside of graphs, which branches and loops have."""

_GRAPH, _FUNCTION = 7, 25
"""Fields of ModelProto."""

_NODE, _INITIALISER, _SPARSE = 1, 5, 15
"""Fields of GraphProto."""

_ATTRIBUTE = 5
"""Field of NodeProto."""

_TENSORS, _GRAPHS, _SPARSE_TENSORS = (5, 10), (6, 11), (22, 23)
"""Fields of AttributeProto, the single one and the list."""

_VALUES, _INDICES = 1, 2
"""Fields of SparseTensorProto."""

_EXTERNAL_DATA, _DATA_LOCATION = 13, 14
"""Fields of TensorProto."""


@dataclass(frozen=True)
class Examined:
    """``operators`` in all graphs of a network; ``refused`` says why it is not run, and what to do
    (empty: nothing is wrong)."""

    operators: int
    refused: str


def examine(model: Sequence[tuple[int, int, memoryview]]) -> Examined:
    """Examine a network with the fields ``model`` of a ModelProto.

    Raises ValueError or IndexError if it is damaged.
    """
    limits = _Limits()
    try:
        for field, _, content in model:
            if field == _FUNCTION:
                raise _Refused("it defines functions; inline them with onnx.inliner")
            if field == _GRAPH:
                limits.graph(content, 0)
    except _Refused as refused:
        return Examined(limits.operators, str(refused))
    return Examined(limits.operators, "")


def too_many(most: int) -> str:
    return f"it has more than {most} operators; use a smaller network"


class _Refused(Exception):
    """Its message is the reason."""


class _Limits:
    """Counts over all graphs of a model; raises _Refused at the first fault."""

    def __init__(self) -> None:
        self.operators = self._tensors = 0

    def graph(self, data: memoryview, nesting: int) -> None:
        if nesting > _NESTING:
            raise _Refused(
                f"its branches or loops are nested more than {_NESTING} deep; export "
                "it without them"
            )
        for field, kind, content in fields(data):
            if kind != BYTES:
                continue
            if field == _NODE:
                self._node(content, nesting)
            elif field == _INITIALISER:
                self._tensor(content)
            elif field == _SPARSE:
                self._sparse(content)

    def _node(self, data: memoryview, nesting: int) -> None:
        self.operators += 1
        if self.operators > MOST_OF_ANY:
            raise _Refused(too_many(MOST_OF_ANY))
        for field, _, content in fields(data):
            if field == _ATTRIBUTE:
                self._attribute(content, nesting)

    def _attribute(self, data: memoryview, nesting: int) -> None:
        for field, kind, content in fields(data):
            if kind != BYTES:
                continue
            if field in _TENSORS:
                self._tensor(content)
            elif field in _SPARSE_TENSORS:
                self._sparse(content)
            elif field in _GRAPHS:
                self.graph(content, nesting + 1)

    def _sparse(self, data: memoryview) -> None:
        for field, _, content in fields(data):
            if field in (_VALUES, _INDICES):
                self._tensor(content)

    def _tensor(self, data: memoryview) -> None:
        self._tensors += 1
        if self._tensors > _MOST_TENSORS:
            raise _Refused(f"it has more than {_MOST_TENSORS} constants; use a smaller network")
        for field, kind, content in fields(data):
            if field == _EXTERNAL_DATA or (
                field == _DATA_LOCATION and (kind == BYTES or number(content))
            ):
                raise _Refused(
                    "it keeps weights outside the file; export it with its weights inside"
                )
