"""Rewrites a network's graph so that it can paint a picture in tiles.

Instance norm takes mean and variance over the whole picture, so a tile by itself would be painted
as another picture. With these as constants the network sees its neighbourhood alone, and tiles
that overlap by as much as it sees join without a seam: ``InstanceNormalization`` becomes
``BatchNormalization``, which computes the same of given statistics.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from realtime_nst.runtime.wire import VARINT, fields, number, written, written_number

Statistics = Sequence[tuple[NDArray[np.float32], NDArray[np.float32]]]
"""Mean and variance ``[C]`` of what each instance norm is given, in the graph's order."""

_GRAPH = 7
"""Field of ModelProto."""

_NODE, _INITIALISER, _OUTPUT = 1, 5, 12
"""Fields of GraphProto."""

_INPUT, _RESULT, _KIND, _ATTRIBUTE = 1, 2, 4, 5
"""Fields of NodeProto."""

_NAME, _INTS = 1, 8
"""Fields of AttributeProto."""

_NORM, _FIXED = b"InstanceNormalization", b"BatchNormalization"
_GLOBAL = (
    b"GlobalAveragePool", b"GlobalMaxPool", b"GroupNormalization", b"LayerNormalization",
    b"MeanVarianceNormalization", b"ReduceMax", b"ReduceMean", b"ReduceSum", b"Softmax",
)  # fmt: skip
"""Operators that look at the whole picture, besides instance norm."""

_KERNELS = (b"AveragePool", b"Conv", b"ConvTranspose", b"MaxPool", b"Resize")
_OF_RESIZE = 2
"""Pixels that cubic interpolation sees to a side."""

_FLOAT = 1
"""The data type of a TensorProto."""

Field = tuple[int, int, memoryview]
_Change = Callable[[memoryview], Iterable[bytes]]


def sees(data: bytes, scale: int) -> int | None:
    """How many pixels around one decide about it, at most; None if all do, or if no instance norm
    is there to be fixed. ``scale`` is how many pixels the coarsest layer folds into one."""
    nodes = [list(fields(content)) for content in _nodes(data)]
    kinds = [_kind(node) for node in nodes]
    if _NORM not in kinds or set(kinds) & set(_GLOBAL):
        return None
    reach = [_reach(node) for node, kind in zip(nodes, kinds, strict=True) if kind in _KERNELS]
    return None if None in reach else scale * sum(filter(None, reach))


def with_statistics(data: bytes) -> tuple[bytes, list[tuple[str, str]]]:
    """The graph in ``data`` with further outputs, and their names: for each instance norm the mean
    and the variance of what it is given, ``[1, C, 1, 1]``."""
    names: list[tuple[str, str]] = []

    def seen(node: memoryview) -> Iterator[bytes]:
        yield written(_NODE, node)
        parts = list(fields(node))
        if _kind(parts) != _NORM:
            return
        given = next(bytes(content) for field, _, content in parts if field == _INPUT)
        mean, away, square, variance = (
            f"norm_{len(names)}_{what}".encode() for what in ("mean", "away", "square", "variance")
        )
        yield _node(b"GlobalAveragePool", [given], mean)
        yield _node(b"Sub", [given, mean], away)
        yield _node(b"Mul", [away, away], square)
        yield _node(b"GlobalAveragePool", [square], variance)
        names.append((mean.decode(), variance.decode()))

    whole = _rewritten(data, seen, lambda: (_output(n) for pair in names for n in pair))
    return whole, names


def with_fixed_norms(data: bytes, statistics: Statistics) -> bytes:
    """The graph in ``data`` with ``statistics`` in place of those of the picture."""
    made: list[bytes] = []

    def fixed(node: memoryview) -> Iterator[bytes]:
        parts = list(fields(node))
        if _kind(parts) != _NORM:
            yield written(_NODE, node)
            return
        mean, variance = statistics[len(made) // 2]
        number_of = len(made) // 2
        names = [f"norm_{number_of}_fixed_{what}".encode() for what in ("mean", "variance")]
        made.extend(_tensor(n, v) for n, v in zip(names, (mean, variance), strict=True))
        kept = [(f, k, c) for f, k, c in parts if f != _KIND]
        new = [*(written(f, c, k) for f, k, c in kept), *(written(_INPUT, n) for n in names)]
        yield written(_NODE, b"".join([*new, written(_KIND, _FIXED)]))

    return _rewritten(data, fixed, lambda: made)


def _rewritten(data: bytes, change: _Change, more: Callable[[], Iterable[bytes]]) -> bytes:
    """``data`` with each node of its graph as ``change`` makes it, and ``more`` fields of it."""
    parts = []
    for field, kind, content in fields(memoryview(data)):
        if field != _GRAPH:
            parts.append(written(field, content, kind))
            continue
        inside: list[bytes] = []
        for each, its_kind, part in fields(content):
            inside += change(part) if each == _NODE else [written(each, part, its_kind)]
        parts.append(written(field, b"".join([*inside, *more()])))
    return b"".join(parts)


def _nodes(data: bytes) -> Iterator[memoryview]:
    for field, _, graph in fields(memoryview(data)):
        if field == _GRAPH:
            yield from (content for each, _, content in fields(graph) if each == _NODE)


def _kind(node: Sequence[Field]) -> bytes:
    return next((bytes(content) for field, _, content in node if field == _KIND), b"")


def _reach(node: Sequence[Field]) -> int | None:
    """How many of its pixels a convolution or another kernel sees to a side; None: unknown."""
    if _kind(node) == b"Resize":
        return _OF_RESIZE
    lists = {}
    for field, _, content in node:
        if field == _ATTRIBUTE:
            parts = list(fields(content))
            name = next((bytes(c) for f, _, c in parts if f == _NAME), b"")
            lists[name] = [number(c) for f, k, c in parts if f == _INTS and k == VARINT]
    sides = lists.get(b"kernel_shape")
    if not sides:
        return None
    return -(-(max(sides) - 1) * max(lists.get(b"dilations") or [1]) // 2)


def _node(kind: bytes, given: Sequence[bytes], made: bytes) -> bytes:
    inputs = b"".join(written(_INPUT, name) for name in given)
    return written(_NODE, inputs + written(_RESULT, made) + written(_KIND, kind))


def _output(name: str) -> bytes:
    """A ValueInfoProto: a tensor of floats, of any shape."""
    kind = written(1, written_number(1, _FLOAT))
    return written(_OUTPUT, written(1, name.encode()) + written(2, kind))


def _tensor(name: bytes, values: NDArray[np.float32]) -> bytes:
    """A TensorProto of one dimension."""
    parts = written_number(1, values.size) + written_number(2, _FLOAT)
    return written(_INITIALISER, parts + written(8, name) + written(9, values.tobytes()))
