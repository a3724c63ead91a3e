"""A network's ONNX file, read without an engine: its card and its digest.

The reader of the protocol buffer encoding is written here. The package ``onnx`` would add 35 MB and
120 ms to the start for two fields of a file, and ONNX Runtime shows metadata only of a network it
has loaded, in 50 to 90 ms a file where this takes 1 ms.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from realtime_nst.errors import ModelError, UsageError
from realtime_nst.runtime.card import METADATA_KEY, ModelCard
from realtime_nst.runtime.kinds import KINDS, Kind

_GRAPH, _METADATA = 7, 14
"""Field numbers of ONNX's ModelProto; in a metadata entry, 1 is the key and 2 the value."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
"""Wire types of the protocol buffer encoding."""


@dataclass(frozen=True)
class Model:
    """An ONNX file that carries a card. ``digest`` is the sha256 of the file, in hexadecimal."""

    path: Path
    card: ModelCard
    digest: str

    @property
    def kind(self) -> Kind:
        return KINDS[self.card.kind]


def read_model(path: Path) -> Model:
    """The file's card and digest; a file that has not changed is read once in a process.

    Raises :class:`UsageError` if there is no such file, :class:`ModelError` if it is not an ONNX
    file, is damaged, or carries no card that this version understands.
    """
    contents = _opened(path)
    if contents.fault:
        raise ModelError(
            f"{str(path)!r} is not an ONNX file, or is damaged ({contents.fault}); "
            "copy or export it again"
        )
    text = contents.metadata.get(METADATA_KEY)
    if text is None:
        raise ModelError(
            f"{str(path)!r} is an ONNX file without a realtime_nst card, so it is not a style; "
            "make one with: realtime-nst export CHECKPOINT -o style.onnx"
        )
    return Model(path, _card(path, text), contents.digest)


def digest_of(path: Path) -> str:
    """The sha256 of any file; a file that has not changed is read once in a process.

    Raises OSError if it cannot be read.
    """
    return _contents(path).digest


def _card(path: Path, text: str) -> ModelCard:
    try:
        card = ModelCard.from_json(text)
    except ModelError as error:
        raise ModelError(f"{str(path)!r}: {error}; export it again") from error
    if card.kind not in KINDS:
        raise ModelError(
            f"{str(path)!r} is of the unknown kind {card.kind!r} (choices: {', '.join(KINDS)}); "
            "update realtime_nst, or export it again"
        )
    return card


@dataclass(frozen=True)
class _Contents:
    """``fault`` says why ``metadata`` cannot be read."""

    digest: str
    metadata: Mapping[str, str]
    fault: str = ""


def _opened(path: Path) -> _Contents:
    remedy = "give a style's name, an .onnx file or a picture"
    try:
        return _contents(path)
    except FileNotFoundError as error:
        raise UsageError(f"there is no file {str(path)!r}; {remedy}") from error
    except IsADirectoryError as error:
        raise UsageError(f"{str(path)!r} is a directory; {remedy}") from error
    except OSError as error:
        raise ModelError(f"{str(path)!r} cannot be read: {error.strerror}") from error


def _contents(path: Path) -> _Contents:
    stat = path.stat()
    version = stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns
    return _read(path.absolute(), version)


@lru_cache(maxsize=256)
def _read(path: Path, version: tuple[int, ...]) -> _Contents:
    """``version`` is not used here: it makes the cache forget a file that has changed."""
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    try:
        return _Contents(digest, _metadata(data))
    except (ValueError, IndexError) as error:
        return _Contents(digest, {}, str(error))


def _metadata(data: bytes) -> dict[str, str]:
    """Raises ValueError or IndexError if ``data`` is not an ONNX model."""
    model = list(_fields(memoryview(data)))
    if _GRAPH not in dict(model):
        raise ValueError("it holds no graph")
    entries = [dict(_fields(value)) for number, value in model if number == _METADATA]
    return {str(e[1], "utf-8"): str(e[2], "utf-8") for e in entries if {1, 2} <= e.keys()}


def _fields(data: memoryview) -> Iterator[tuple[int, memoryview]]:
    """The number and content of each field of a protocol buffer message."""
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
            raise ValueError(f"it has a field of the impossible wire type {kind}")
        if at > len(data):
            raise ValueError("it ends too early")
        yield tag >> 3, data[start:at]


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    """The number at ``at``, seven bits a byte, lowest first; and the index after it."""
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            return value, at
