"""The cameras of this computer, without opening their streams."""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import av

_INPUTS = {"darwin": "avfoundation", "win32": "dshow"}


@dataclass(frozen=True)
class Camera:
    """``device`` is what ``--camera`` takes, ``modes`` one line for each pixel format, such as
    "MJPG 640x480 at 30 and 15 fps"; empty where the system does not tell."""

    device: str
    name: str
    modes: tuple[str, ...] = ()


def cameras() -> list[Camera]:
    """Those found; by V4L2 on Linux, else by FFmpeg, which tells no modes."""
    if sys.platform.startswith("linux"):
        from realtime_nst.sources import _v4l2

        return [Camera(str(path), *found) for path in video_nodes() if (found := _v4l2.ask(path))]
    found = [
        device
        for device in _listed(_INPUTS.get(sys.platform, ""))
        if not device.media_types or "video" in device.media_types
    ]
    return [Camera(str(number), one.description or one.name) for number, one in enumerate(found)]


def video_nodes() -> list[Path]:
    """``/dev/video*`` in order of their numbers."""
    nodes = Path("/dev").glob("video[0-9]*")
    return sorted(nodes, key=lambda path: int(path.name.removeprefix("video")))


def users_of(path: Path) -> Iterator[str]:
    """Other programs that have ``path`` open, as "zoom (pid 4711)"; on Linux, the user's only."""
    target = path.resolve()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if process.name != str(os.getpid()) and any(
                link.resolve() == target for link in (process / "fd").iterdir()
            ):
                yield f"{(process / 'comm').read_text().strip()} (pid {process.name})"


def _listed(system: str) -> list[av.DeviceInfo]:
    try:
        return av.enumerate_input_devices(system)
    except (ValueError, av.FFmpegError):
        return []
