"""The cameras of this computer, without opening their streams."""

import os
import struct
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import av

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_INPUTS = {"darwin": "avfoundation", "win32": "dshow"}
"""FFmpeg's input device that lists cameras, by platform."""

# Requests, flags and layouts of <linux/videodev2.h>.
_QUERYCAP, _ENUM_FMT, _ENUM_FRAMESIZES, _ENUM_FRAMEINTERVALS = (
    0x80685600, 0xC0405602, 0xC02C564A, 0xC034564B,
)  # fmt: skip
_CAPTURE, _HAS_DEVICE_CAPS = 0x1, 0x80000000
_DISCRETE = 1
_MOST_ENTRIES = 64


@dataclass(frozen=True)
class Camera:
    """``device`` is what ``--camera`` takes. ``modes`` has one line for each pixel format, such as
    "MJPG 640x480 at 30 and 15 fps"; it is empty if the system does not tell."""

    device: str
    name: str
    modes: tuple[str, ...] = ()


def cameras() -> list[Camera]:
    """The cameras found: through V4L2 on Linux, else through FFmpeg, which does not tell modes."""
    if sys.platform.startswith("linux"):
        return [Camera(str(path), *found) for path in video_nodes() if (found := query(path))]
    found = [
        device
        for device in _listed(_INPUTS.get(sys.platform, ""))
        if not device.media_types or "video" in device.media_types
    ]
    return [Camera(str(number), one.description or one.name) for number, one in enumerate(found)]


def video_nodes() -> list[Path]:
    """``/dev/video*``, sorted by number."""
    nodes = Path("/dev").glob("video[0-9]*")
    return sorted(nodes, key=lambda path: int(path.name.removeprefix("video")))


def users_of(path: Path) -> Iterator[str]:
    """Other programs that have ``path`` open, as "zoom (pid 4711)": on Linux, those of the user."""
    target = path.resolve()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if process.name != str(os.getpid()) and any(
                link.resolve() == target for link in (process / "fd").iterdir()
            ):
                yield f"{(process / 'comm').read_text().strip()} (pid {process.name})"


def query(path: Path) -> tuple[str, tuple[str, ...]] | None:
    """Name and modes of the V4L2 device at ``path``; None if it captures nothing."""
    try:
        with path.open("rb", buffering=0) as device:
            answer = _ioctl(device, _QUERYCAP, bytes(104))
            capabilities, own = struct.unpack_from("<II", answer, 84)
            if not (own if capabilities & _HAS_DEVICE_CAPS else capabilities) & _CAPTURE:
                return None
            name = answer[16:48].split(b"\0")[0].decode(errors="replace")
            return name, tuple(_modes(device))
    except OSError as error:
        return f"cannot be queried: {error.strerror}", ()


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
    request = struct.pack("<I4sII36x", 0, code, width, height)
    for answer in _entries(device, _ENUM_FRAMEINTERVALS, request):
        kind, seconds, parts = struct.unpack_from("<III", answer, 16)
        if kind != _DISCRETE or not seconds:
            return
        yield f"{parts / seconds:g}"


def _entries(device: BinaryIO, number: int, request: bytes) -> Iterator[bytes]:
    """The answers for index 0, 1 and so on, until the device refuses one."""
    with suppress(OSError):
        for index in range(_MOST_ENTRIES):
            yield _ioctl(device, number, struct.pack("<I", index) + request[4:])


def _ioctl(device: BinaryIO, number: int, request: bytes) -> bytes:
    answer = bytearray(request)
    fcntl.ioctl(device, number, answer)
    return bytes(answer)


def _listed(system: str) -> list[av.DeviceInfo]:
    try:
        return av.enumerate_input_devices(system)
    except (ValueError, av.FFmpegError):
        return []
