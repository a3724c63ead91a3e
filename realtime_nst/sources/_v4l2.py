"""What a V4L2 device says of itself: its name, and the modes it offers.

The numbers and layouts are those of <linux/videodev2.h>.
"""

import fcntl
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

_QUERYCAP, _ENUM_FMT, _ENUM_FRAMESIZES, _ENUM_FRAMEINTERVALS = (
    0x80685600, 0xC0405602, 0xC02C564A, 0xC034564B,
)  # fmt: skip
_CAPTURE, _HAS_DEVICE_CAPS = 0x1, 0x80000000
_DISCRETE = 1
_MOST_ENTRIES = 64


def ask(path: Path) -> tuple[str, tuple[str, ...]] | None:
    """Name and modes of the camera at ``path``; None for a device that captures nothing."""
    try:
        with path.open("rb", buffering=0) as device:
            answer = _asked(device, _QUERYCAP, bytes(104))
            capabilities, own = struct.unpack_from("<II", answer, 84)
            if not (own if capabilities & _HAS_DEVICE_CAPS else capabilities) & _CAPTURE:
                return None
            name = answer[16:48].split(b"\0")[0].decode(errors="replace")
            return name, tuple(_modes(device))
    except OSError as error:
        return f"cannot be asked: {error.strerror}", ()


def _modes(device: BinaryIO) -> Iterator[str]:
    for answer in _entries(device, _ENUM_FMT, struct.pack("<II56x", 0, _CAPTURE)):
        code = answer[44:48]
        sizes = ", ".join(_sizes(device, code))
        yield f"{code.decode(errors='replace').strip()} {sizes}".strip()


def _sizes(device: BinaryIO, code: bytes) -> Iterator[str]:
    for answer in _entries(device, _ENUM_FRAMESIZES, struct.pack("<I4s36x", 0, code)):
        kind, width, height, _, low, high = struct.unpack_from("<I5I", answer, 8)
        if kind != _DISCRETE:
            yield f"{width}x{low} to {height}x{high}"
            return
        rates = " and ".join(_rates(device, code, width, height))
        yield f"{width}x{height}" + (f" at {rates} fps" if rates else "")


def _rates(device: BinaryIO, code: bytes, width: int, height: int) -> Iterator[str]:
    asked = struct.pack("<I4sII36x", 0, code, width, height)
    for answer in _entries(device, _ENUM_FRAMEINTERVALS, asked):
        kind, seconds, parts = struct.unpack_from("<III", answer, 16)
        if kind != _DISCRETE or not seconds:
            return
        yield f"{parts / seconds:g}"


def _entries(device: BinaryIO, request: int, asked: bytes) -> Iterator[bytes]:
    """The answers for index 0, 1, ... until the device refuses one."""
    with suppress(OSError):
        for index in range(_MOST_ENTRIES):
            yield _asked(device, request, struct.pack("<I", index) + asked[4:])


def _asked(device: BinaryIO, request: int, asked: bytes) -> bytes:
    answer = bytearray(asked)
    fcntl.ioctl(device, request, answer)
    return bytes(answer)
