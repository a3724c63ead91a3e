"""A style's ONNX file, read without any engine: its card, its digest, and the graph's contract."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from realtime_nst.errors import ModelError, UsageError
from realtime_nst.runtime.card import (
    ARBITRARY,
    CODE,
    ENCODER,
    INPUT,
    METADATA_KEY,
    MULTI,
    OUTPUT,
    PAINTING,
    SINGLE,
    STRENGTH,
    ModelCard,
)

_GRAPH, _METADATA = 7, 14
"""Field numbers of ONNX's ModelProto; in a metadata entry, 1 is the key and 2 the value."""

_LARGEST_SIZE = 1024
"""Pixels, for the multiple and the least size a card may ask for."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
"""Wire types of the protocol buffer encoding."""


@dataclass(frozen=True)
class Model:
    """An ONNX file that carries a card. ``digest`` is the sha256 of the file, in hexadecimal."""

    path: Path
    card: ModelCard
    digest: str


_SOME = -1
"""In a contract, a dimension that the network fixes."""


@dataclass(frozen=True)
class Port:
    """An input or output of a graph as an engine reports it; None is a dynamic dimension."""

    name: str
    dtype: str
    shape: tuple[int | None, ...]

    def __str__(self) -> str:
        dimensions = ", ".join({None: "?", _SOME: "K"}.get(n, str(n)) for n in self.shape)
        return f"{self.name} {self.dtype} [{dimensions}]"


def read_model(path: Path) -> Model:
    """Read the file and its card.

    Raises :class:`UsageError` when there is no such file, :class:`ModelError` when it is not an
    ONNX file, is damaged, or carries no card.
    """
    data = _read(path)
    text = _metadata(path, data).get(METADATA_KEY)
    if text is None:
        raise ModelError(
            f"{str(path)!r} is an ONNX file without a realtime_nst card, so it is not a style; "
            "make one with: realtime-nst export CHECKPOINT -o style.onnx"
        )
    return Model(path, _card(path, text), hashlib.sha256(data).hexdigest())


_FRAME, _IMAGE = (Port(name, "uint8", (1, None, None, 3)) for name in (INPUT, OUTPUT))
_CODE = Port(CODE, "float32", (1, _SOME))
_CODED = (_FRAME, _CODE, Port(STRENGTH, "float32", (1,)))

_CONTRACTS: Mapping[str, tuple[str, Sequence[Port], Port]] = {
    SINGLE: ("a style", (_FRAME,), _IMAGE),
    ARBITRARY: ("a network for any painting", _CODED, _IMAGE),
    MULTI: ("a network of several styles", _CODED, _IMAGE),
    ENCODER: ("an encoder of paintings", (Port(PAINTING, "uint8", (1, None, None, 3)),), _CODE),
}
"""For each kind of network: what it is, takes and gives."""


def check_contract(model: Model, inputs: Sequence[Port], outputs: Sequence[Port]) -> int:
    """How many numbers a code of the graph has, 0 where it takes and gives none.

    Raises :class:`ModelError` when the graph does not take and give what its card's kind does.
    """
    what, wanted, result = _CONTRACTS[model.card.kind]
    given = [(port.name, port.dtype, len(port.shape)) for port in outputs]
    sought = [(result.name, result.dtype, len(result.shape))]
    if not _fit(inputs, wanted) or given != sought:
        raise ModelError(
            f"{str(model.path)!r} takes ({_listing(inputs)}) and gives ({_listing(outputs)}), but "
            f"{what} takes ({_listing(wanted)}) and gives ({result}); "
            "export it again"
        )
    return next((port.shape[1] or 0 for port in inputs if port.name == CODE), 0)


def _fit(given: Sequence[Port], wanted: Sequence[Port]) -> bool:
    by_name = {port.name: port for port in given}
    return len(given) == len(wanted) and all(
        port.name in by_name and _fits(by_name[port.name], port) for port in wanted
    )


def _fits(given: Port, wanted: Port) -> bool:
    return (
        given.dtype == wanted.dtype
        and len(given.shape) == len(wanted.shape)
        and all(
            size is not None if sought == _SOME else size == sought
            for size, sought in zip(given.shape, wanted.shape, strict=True)
        )
    )


def _card(path: Path, text: str) -> ModelCard:
    try:
        card = ModelCard.from_json(text)
    except ModelError as error:
        raise ModelError(f"{str(path)!r}: {error}; export the style again") from error
    for size in (card.size_multiple, card.size_minimum):
        if not isinstance(size, int) or not 1 <= size <= _LARGEST_SIZE:
            raise ModelError(f"{str(path)!r}: its card asks for sizes of {size!r}; export it again")
    return card


def _listing(ports: Sequence[Port]) -> str:
    return ", ".join(map(str, ports))


def _read(path: Path) -> bytes:
    if path.is_dir():
        raise UsageError(
            f"{str(path)!r} is a directory; give a style's name, an .onnx file or a picture"
        )
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise UsageError(
            f"there is no file {str(path)!r}; give a style's name, an .onnx file or a picture"
        ) from error
    except OSError as error:
        raise ModelError(f"{str(path)!r} cannot be read: {error.strerror}") from error


def _metadata(path: Path, data: bytes) -> dict[str, str]:
    try:
        model = list(_fields(memoryview(data)))
        if _GRAPH not in dict(model):
            raise ValueError("it holds no graph")
        entries = [dict(_fields(value)) for number, value in model if number == _METADATA]
        return {str(e[1], "utf-8"): str(e[2], "utf-8") for e in entries if {1, 2} <= e.keys()}
    except (ValueError, IndexError) as error:
        raise ModelError(
            f"{str(path)!r} is not an ONNX file, or is damaged ({error}); copy or export it again"
        ) from error


def _fields(data: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Field number and content of each field of a protocol buffer message."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        kind, start = tag & 7, at
        if kind == _VARINT:
            _, at = _varint(data, at)
        elif kind == _BYTES:
            size, start = _varint(data, at)
            at = start + size
        elif kind in (_FIXED64, _FIXED32):
            at += 8 if kind == _FIXED64 else 4
        else:
            raise ValueError(f"no field of type {kind} is possible")
        if at > len(data):
            raise ValueError("it ends too early")
        yield tag >> 3, data[start:at]


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    """The number at ``at``, seven bits a byte, lowest first; and where it ends."""
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            return value, at
