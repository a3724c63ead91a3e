"""Reading and writing the protocol buffer encoding, as far as an ONNX file needs it.

It is written here because the package ``onnx`` would add 35 MB and 120 ms to the start.
"""

from collections.abc import Iterator

VARINT, _FIXED64, BYTES, _FIXED32 = 0, 1, 2, 5
"""Wire types of the encoding."""

_LONGEST_VARINT = 10
"""Bytes of a number of 64 bits."""


def fields(data: memoryview) -> Iterator[tuple[int, int, memoryview]]:
    """The number, wire type and content of each field of a message.

    The content of a VARINT is its encoded bytes. Raises ValueError or IndexError if ``data`` is not
    a message.
    """
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        kind, start = tag & 7, at
        if kind == VARINT:
            _, at = _varint(data, at)
        elif kind == BYTES:
            size, start = _varint(data, at)
            at = start + size
        elif kind in (_FIXED64, _FIXED32):
            at += 8 if kind == _FIXED64 else 4
        else:
            raise ValueError(f"it has a field of the impossible wire type {kind}")
        if at > len(data):
            raise ValueError("it ends too early")
        yield tag >> 3, kind, data[start:at]


def number(content: memoryview) -> int:
    """The value of a VARINT."""
    return _varint(content, 0)[0]


def written(field: int, content: bytes | memoryview, kind: int = BYTES) -> bytes:
    """A field with its tag, and with its length if it is BYTES."""
    size = _coded(len(content)) if kind == BYTES else b""
    return b"".join((_coded(field << 3 | kind), size, content))


def written_number(field: int, value: int) -> bytes:
    return written(field, _coded(value), VARINT)


def _coded(value: int) -> bytes:
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + _coded(rest) if rest else bytes([low])


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    """The number at ``at``, seven bits a byte, lowest first; and the index after it."""
    value = 0
    for place in range(_LONGEST_VARINT):
        byte = data[at + place]
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, at + place + 1
    raise ValueError("it has a number of more than 64 bits")
