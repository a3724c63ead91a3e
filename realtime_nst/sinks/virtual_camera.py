"""A virtual camera for Zoom, Meet, OBS and the like."""

import sys
import threading
from contextlib import suppress
from importlib import import_module
from typing import Any, Self

from realtime_nst.channel import Channel, ChannelClosed
from realtime_nst.errors import MediaError, MissingPackage, UsageError, one_line
from realtime_nst.stream import Frame, Image, Managed

_REMEDIES = {
    "linux": (
        "install v4l2loopback (Debian, Ubuntu: sudo apt install v4l2loopback-dkms) and load it: "
        "sudo modprobe v4l2loopback exclusive_caps=1 card_label=realtime_nst"
    ),
    "darwin": "install OBS 30 or later from obsproject.com, start its virtual camera once, quit it",
    "win32": "install OBS from obsproject.com, and quit it if its own virtual camera is on",
}
_ELSEWHERE = "virtual cameras work on Linux, macOS and Windows only"


class VirtualCameraSink(Managed):
    """Sends frames to the virtual camera ``device`` (None: the first free one).

    ``size`` (width, height) is the size of every frame; an odd row or column is cut off. ``rate``
    is in frames a second: if no frame comes in time, the last one is sent again. A thread sends the
    newest frame, so ``write`` never waits. Entering raises :class:`MissingPackage` without
    pyvirtualcam and :class:`MediaError` without a driver; ``write`` raises :class:`MediaError` if
    sending fails or a frame has another size.
    """

    def __init__(
        self,
        device: str | None = None,
        *,
        size: tuple[int, int] = (640, 480),
        rate: float = 30.0,
    ) -> None:
        if min(size) < 2:
            raise UsageError(f"a virtual camera of {size[0]}x{size[1]} is below 2x2; give more")
        if rate <= 0:
            raise UsageError(f"virtual camera rate {rate} is not positive; try 30")
        self._device, self._size, self._rate = device, size, float(rate)
        self._images: Channel[Image] = Channel(1, newest_wins=True)
        self._failure: Exception | None = None
        self._camera: Any = None
        self._thread: threading.Thread | None = None

    @property
    def name(self) -> str:
        """The device as other programs list it; known once the sink is entered."""
        return str(self._camera.device) if self._camera else self._device or ""

    def __enter__(self) -> Self:
        self._camera = self._opened()
        self._thread = threading.Thread(
            target=self._work, name="realtime_nst-virtualcam", daemon=True
        )
        self._thread.start()
        return self

    def _close(self) -> None:
        self._images.close()
        if self._thread is not None:
            self._thread.join()
            self._camera.close()

    def write(self, frame: Frame) -> bool:
        height, width = frame.image.shape[:2]
        if (width, height) != self._size:
            raise MediaError(
                f"a frame of {width}x{height} came for a virtual camera of "
                f"{self._size[0]}x{self._size[1]}; it keeps one size"
            )
        if self._failure is not None:
            raise MediaError(
                f"the virtual camera {self.name} failed: {one_line(self._failure)}; "
                "start again without `virtual_camera`, or when it is back"
            ) from self._failure
        self._images.put(frame.image[: _even(height), : _even(width)])
        return True

    def _opened(self) -> Any:
        try:
            pyvirtualcam: Any = import_module("pyvirtualcam")
        except ImportError as error:
            raise MissingPackage("pyvirtualcam", "live", "a virtual camera") from error
        try:
            return pyvirtualcam.Camera(
                _even(self._size[0]), _even(self._size[1]), self._rate, device=self._device
            )
        except (RuntimeError, ValueError, TypeError, OSError) as error:
            which = f"the virtual camera {self._device}" if self._device else "a virtual camera"
            raise MediaError(
                f"{which} cannot be opened ({one_line(error)}); "
                f"{_REMEDIES.get(sys.platform, _ELSEWHERE)}"
            ) from error

    def _work(self) -> None:
        """Send each new frame at once, and the last one again when none comes for 1 / rate s."""
        try:
            image = self._images.get()
            while True:
                self._camera.send(image)
                with suppress(TimeoutError):
                    image = self._images.get(1 / self._rate)
        except ChannelClosed:
            pass
        except Exception as error:  # whatever it is, the next write raises it
            self._failure = error


def _even(side: int) -> int:
    return side - side % 2
