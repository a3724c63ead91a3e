"""A camera, read through OpenCV."""

import sys
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime_nst.channel import Channel
from realtime_nst.errors import MediaError, SourceStalled, UsageError
from realtime_nst.sources.devices import users_of, video_nodes
from realtime_nst.stream import Frame, Image, Managed, StreamInfo

_BACKENDS = {
    "linux": ("CAP_V4L2", "CAP_ANY"),
    "win32": ("CAP_DSHOW", "CAP_MSMF", "CAP_ANY"),
    "darwin": ("CAP_AVFOUNDATION", "CAP_ANY"),
}
_REMEDY = "or use the built-in scene with `camera` synthetic"


class CameraSource(Managed):
    """Camera ``device``: its number, or its path such as ``/dev/video0``. Always live.

    ``size`` (width, height) and ``fps`` are requests; ``info`` says what the camera delivers. A
    thread reads every frame, and only the newest is delivered. Raises :class:`MediaError` if no
    frame arrives on opening, naming every backend tried and why it failed, and
    :class:`SourceStalled` if the camera sends nothing for ``timeout`` seconds.
    """

    def __init__(
        self,
        device: int | str = 0,
        size: tuple[int, int] | None = None,
        fps: float | None = None,
        *,
        timeout: float = 5.0,
    ) -> None:
        self._device = int(device) if str(device).isdecimal() else str(device)
        if size is not None and min(size) < 1:
            raise UsageError(f"camera size {size[0]}x{size[1]} is not valid; try 640x480")
        if fps is not None and fps <= 0:
            raise UsageError(f"camera rate {fps} is not positive; try 30")
        self._size, self._fps, self._timeout = size, fps, timeout
        self._reader: _Reader | None = None
        self._info: StreamInfo | None = None

    @property
    def info(self) -> StreamInfo:
        if self._info is None:
            raise MediaError(f"camera {self._device} is not open yet; enter the source first")
        return self._info

    def __enter__(self) -> Self:
        reasons = [*_obstacles(self._device)]
        for name in [] if reasons else _BACKENDS.get(sys.platform, ("CAP_ANY",)):
            reader = _Reader(self._device, getattr(cv2, name), self._size, self._fps)
            try:
                self._first = reader.newest(self._timeout)
            except SourceStalled as error:
                reader.stop(self._timeout)
                reasons.append(f"{name.removeprefix('CAP_')}: {error}")
                continue
            except BaseException:
                reader.stop(self._timeout)
                raise
            height, width = self._first[0].shape[:2]
            self._info = StreamInfo(width, height, reader.rate, live=True)
            self._reader = reader
            return self
        reasons += _users(self._device)
        raise MediaError(
            f"camera {self._device} cannot be used ({'; '.join(reasons)}); "
            f"choose another with `camera` N, {_REMEDY}"
        )

    def _close(self) -> None:
        if self._reader is not None:
            self._reader.stop(self._timeout)
            self._reader = None

    def __iter__(self) -> Iterator[Frame]:
        began = time.monotonic()
        for index, (image, captured) in enumerate(self._pictures()):
            pts = Fraction(max(0.0, captured - began)).limit_denominator(90_000)
            yield Frame(image, index, pts, captured)

    def _pictures(self) -> Iterator[tuple[Image, float]]:
        """The frame that opening waited for, then the newest each time."""
        yield self._first
        while self._reader is not None:
            try:
                yield self._reader.newest(self._timeout)
            except SourceStalled as error:
                raise SourceStalled(
                    f"camera {self._device} stopped: {error}; plug it in again, {_REMEDY}"
                ) from error


class _Reader:
    """Opens, reads and releases a capture on one thread of its own; keeps only the newest frame."""

    def __init__(
        self, device: int | str, backend: int, size: tuple[int, int] | None, fps: float | None
    ) -> None:
        self.rate: Fraction | None = None
        self._wanted = (size, fps)
        self._frames: Channel[tuple[Image, float]] = Channel(1, newest_wins=True)
        self._thread = threading.Thread(
            target=self._work, args=(device, backend), name="realtime_nst-camera", daemon=True
        )
        self._thread.start()

    def newest(self, timeout: float) -> tuple[Image, float]:
        """The newest frame not taken yet, and the time it arrived."""
        try:
            return self._frames.get(timeout)
        except TimeoutError:
            raise SourceStalled(f"no frame for {timeout:g} s") from None

    def stop(self, timeout: float) -> None:
        """Release the camera; give up on a driver that hangs after ``timeout`` seconds."""
        self._frames.cancel()
        self._thread.join(timeout)

    def _work(self, device: int | str, backend: int) -> None:
        capture = None
        try:
            capture = cv2.VideoCapture(device, backend)
            failure = self._read(capture)
        except cv2.error as error:
            failure = error.err or "the driver failed"
        finally:
            if capture is not None:
                capture.release()
        self._frames.close(SourceStalled(failure))

    def _read(self, capture: Any) -> str:
        if not capture.isOpened():
            return "absent, or in use by another program"
        self.rate = _configure(capture, *self._wanted)
        while True:
            delivered, picture = capture.read()
            if not delivered:
                return "the device gave no frame"
            if not self._frames.put((_to_rgb(picture), time.monotonic())):
                return "closed"


def _obstacles(device: int | str) -> Iterator[str]:
    """Reasons that are known without opening the device."""
    if not sys.platform.startswith("linux"):
        return
    path = _node(device)
    if not path.exists():
        found = ", ".join(map(str, video_nodes())) or "none"
        yield f"{path} does not exist, cameras found: {found}"
        return
    try:
        path.open("rb").close()
    except OSError as error:
        yield f"{path}: {error.strerror}"


def _users(device: int | str) -> list[str]:
    """Which programs have the device open, where the system tells."""
    users = ", ".join(users_of(_node(device))) if sys.platform.startswith("linux") else ""
    return [f"open in {users}: close it there"] if users else []


def _node(device: int | str) -> Path:
    return Path(f"/dev/video{device}") if isinstance(device, int) else Path(device)


def _configure(capture: Any, size: tuple[int, int] | None, fps: float | None) -> Fraction | None:
    """Request a mode; returns the rate of the one chosen, or None."""
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    if size is not None:
        if size[0] * size[1] > 640 * 480:  # uncompressed, USB 2 carries no more at 30 fps
            capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, size[0])
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, size[1])
    if fps is not None:
        capture.set(cv2.CAP_PROP_FPS, fps)
    rate = float(capture.get(cv2.CAP_PROP_FPS))
    return Fraction(rate).limit_denominator(1001) if 0 < rate < 1000 else None


def _to_rgb(picture: NDArray[np.uint8]) -> Image:
    grey = picture.ndim == 2 or picture.shape[2] == 1
    code = cv2.COLOR_GRAY2RGB if grey else cv2.COLOR_BGR2RGB
    return np.asarray(cv2.cvtColor(picture, code), np.uint8)
