"""What ``realtime-nst live`` looks at: a camera, a stream, a film, pictures, or a made-up scene."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from realtime_nst.cli import console
from realtime_nst.errors import UsageError
from realtime_nst.values import check_number

if TYPE_CHECKING:
    from realtime_nst.stream import Source

SIZE = "640x480"
SYNTHETIC = "synthetic"
PICTURE_SECONDS = 2
_RATE = 30
_SLOWEST, _FASTEST = 0.001, 1000
"""Frames a second."""


@dataclass(frozen=True)
class Chosen:
    """``address`` of a stream, film or folder, else ``camera``; ``size`` and ``fps`` as wished."""

    address: str | None
    camera: str | None
    size: str
    fps: float | None

    def check(self) -> None:
        """Raises UsageError for options that do not go together."""
        if self.address and self.camera:
            raise UsageError(f"give {self.address} or --camera {self.camera}, not both")
        if self.address and self.size:
            raise UsageError(
                f"--camera-size {self.size} is for a camera; {self.address} has its own size"
            )
        if self.fps is not None:
            check_rate("--fps", self.fps)
        if self.address and self.fps and not Path(self.address).is_dir():
            raise UsageError(
                f"--fps {self.fps:g} is for a camera or a folder of pictures; {self.address} has "
                "its own rate"
            )
        if not self.address:
            _ = self.wished

    @property
    def is_camera(self) -> bool:
        """Whether it is a real one."""
        return self.address is None and self.camera != SYNTHETIC

    def remembering(self, size: str) -> "Chosen":
        """With the ``size`` of last time, if a camera is asked and no size was given."""
        return replace(self, size=size) if self.is_camera and not self.size else self

    @property
    def wished(self) -> tuple[int, int]:
        """Width and height asked of the camera; raises UsageError."""
        from realtime_nst.sizes import parse_size

        size = parse_size(self.size or SIZE)
        if size.shorter:
            raise UsageError(
                f"--camera-size {self.size!r} is not valid; give it as WxH, as 640x480"
            )
        return size.width, size.height

    @property
    def remembered(self) -> str:
        """``size`` in its plain spelling; raises UsageError."""
        return "{}x{}".format(*self.wished) if self.size else ""

    def source(self) -> "Source":
        """A live source, not entered; what may be unplugged is taken up again."""
        from realtime_nst.sources import open_source

        if self.address is None and self.camera == SYNTHETIC:
            width, height = self.wished
            rate = Fraction(self.fps or _RATE).limit_denominator(1001)
            return open_source("synthetic:", width=width, height=height, rate=rate, live=True)
        if self.address is None:
            device, size = self.camera or "0", self.wished
            fps = self.fps or _RATE
            return _lasting(
                lambda: open_source(f"camera:{device}", size=size, fps=fps), f"camera {device}"
            )
        if "://" in self.address:
            return _stream(self.address)
        return _paced(Path(self.address), self.fps)


def check_rate(option: str, rate: float, least: float = _SLOWEST) -> None:
    """Raises UsageError unless ``rate`` is a number of frames a second of use."""
    check_number(option, rate, least, _FASTEST)


def _stream(address: str) -> "Source":
    from realtime_nst.sources.network import NetworkSource
    from realtime_nst.sources.square import SquareSource

    return _lasting(lambda: SquareSource(NetworkSource(address)), NetworkSource(address).name)


def _lasting(opened: "Callable[[], Source]", name: str) -> "Source":
    from realtime_nst.sources.reconnecting import ReconnectingSource

    return ReconnectingSource(opened, name)


def _paced(path: Path, fps: float | None) -> "Source":
    from realtime_nst.sources.paced import PacedSource
    from realtime_nst.sources.pictures import PictureSource
    from realtime_nst.sources.square import SquareSource
    from realtime_nst.sources.video import VideoSource

    if not path.is_dir():
        return PacedSource(SquareSource(VideoSource(path)))
    rate = Fraction(fps).limit_denominator(1001) if fps else Fraction(1, PICTURE_SECONDS)
    return PacedSource(PictureSource(path, rate=rate, skip_unreadable=True))


def list_cameras() -> None:
    from realtime_nst.sources.devices import cameras

    found = cameras()
    if not found:
        console.say(f"no camera found; a made-up scene: realtime-nst live --camera {SYNTHETIC}")
    for camera in found:
        console.say(f"--camera {camera.device}  {camera.name}")
        for mode in camera.modes or (
            "modes not known on this system; ask for one with --camera-size",
        ):
            console.say(f"    {mode}")
