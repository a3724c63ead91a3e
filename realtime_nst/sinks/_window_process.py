"""The process behind ``WindowSink``: shows frames from shared memory, reports keys.

Run as a script, so that it imports nothing of the package and never PyAV: with PyAV loaded,
OpenCV's window freezes on Linux. Standard input receives the lines ``buffer BYTES PATH`` and
``fullscreen``, which toggles full screen; its end means that the parent is gone. Standard output
has the lines ``ready``, ``buffer``, ``key NAME``, ``drag X Y`` (0 to 1 of the picture), ``closed``
and ``error TEXT``.

Shared memory: a header of four int64 (first the number of the newest frame, from 1; 0 before the
first), then three slots of two int64 (height, width) and the RGB pixels. Frame n is in slot
n modulo 3. The writer publishes n after filling its slot, so a copy of n is intact if at most
n + 1 is published when copying ends.
"""

import mmap
import os
import sys
import threading
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

HEADER = 32
SLOTS = 3
SLOT_HEADER = 16

_POLL_MS = 4
_NAMED_KEYS = {
    27: "escape",
    65361: "left", 65362: "up", 65363: "right", 65364: "down",  # Linux
    2424832: "left", 2490368: "up", 2555904: "right", 2621440: "down",  # Windows
    63234: "left", 63232: "up", 63235: "right", 63233: "down",  # macOS
}  # fmt: skip


class Buffer:
    """The child's view of the shared memory at ``path``."""

    def __init__(self, path: str, size: int) -> None:
        with open(path, "r+b") as file:
            self._bytes = np.frombuffer(mmap.mmap(file.fileno(), size), np.uint8)
        self._published = self._bytes[:8].view(np.int64)
        self._slot_size = (size - HEADER) // SLOTS
        self._shown = 0

    def newest(self) -> NDArray[np.uint8] | None:
        """An intact copy of the newest frame, RGB; None if it was taken before."""
        while (number := int(self._published[0])) != self._shown:
            picture = self._slot(number % SLOTS)
            if int(self._published[0]) <= number + 1:
                self._shown = number
                return picture
        return None

    def _slot(self, slot: int) -> NDArray[np.uint8]:
        begin = HEADER + slot * self._slot_size
        height, width = self._bytes[begin : begin + SLOT_HEADER].view(np.int64)
        pixels = self._bytes[begin + SLOT_HEADER :][: height * width * 3]
        return pixels.reshape(height, width, 3).copy()


class _Orders:
    """The parent's latest orders, read on a thread of its own."""

    def __init__(self) -> None:
        self.buffer: Buffer | None = None
        self.full_screen = False
        threading.Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        for line in sys.stdin:
            word, *rest = line.rstrip("\n").split(" ", 2)
            if word == "fullscreen":
                self.full_screen = not self.full_screen
            else:
                self.buffer = Buffer(rest[1], int(rest[0]))
                _say("buffer")
        os._exit(0)


def key_name(code: int) -> str | None:
    """The name of a key code of ``waitKeyEx``: its character, or a word if it has none."""
    for value in (code, code & 0xFFFF):  # without the modifiers some toolkits add
        if value in _NAMED_KEYS:
            return _NAMED_KEYS[value]
        if 32 <= value < 127:
            return chr(value)
    return None


def _say(*words: str) -> None:
    print(*words, flush=True)  # noqa: T201


def _show(title: str, orders: _Orders) -> None:
    cv2.namedWindow(title, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL)
    cv2.imshow(title, np.zeros((480, 640, 3), np.uint8))
    cv2.waitKeyEx(1)
    _say("ready")
    bars, size, full_screen = _Bars(), (0, 0), False
    while _is_open(title):
        picture = orders.buffer.newest() if orders.buffer else None
        if picture is not None:
            if picture.shape[:2] != size:
                size = picture.shape[:2]
                _adopt(title, *size, bars)
            window = cv2.getWindowImageRect(title)[2:] if full_screen else (0, 0)
            picture = bars.around(picture, *window)
            cv2.imshow(title, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        if orders.full_screen != full_screen:
            full_screen = orders.full_screen
            how = cv2.WINDOW_FULLSCREEN if full_screen else cv2.WINDOW_NORMAL
            cv2.setWindowProperty(title, cv2.WND_PROP_FULLSCREEN, how)
            ratio = cv2.WINDOW_FREERATIO if full_screen else cv2.WINDOW_KEEPRATIO
            cv2.setWindowProperty(title, cv2.WND_PROP_ASPECT_RATIO, ratio)
        _tell_keys(cv2.waitKeyEx)


class _Bars:
    """Black bars that fill a window of another shape than the picture; toolkits draw grey ones.

    The window must not keep the shape of the picture itself: then it only tells the part inside.

    ``left`` and ``top`` are their sizes in pixels of the picture.
    """

    def __init__(self) -> None:
        self.left = self.top = 0

    def around(self, picture: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
        """``picture`` with the bars that a window of ``width`` x ``height`` needs; none if that is
        not known."""
        tall, wide = picture.shape[:2]
        known = width > 0 and height > 0
        self.left = max(0, round((tall * width / height - wide) / 2)) if known else 0
        self.top = max(0, round((wide * height / width - tall) / 2)) if known else 0
        if not self.left and not self.top:
            return picture
        sides = self.top, self.top, self.left, self.left
        filled = cv2.copyMakeBorder(picture, *sides, cv2.BORDER_CONSTANT, value=(0, 0, 0))
        return np.asarray(filled, np.uint8)


def _adopt(title: str, height: int, width: int, bars: _Bars) -> None:
    """Fit the window to pictures of this size, and report where the mouse drags."""

    def tell(event: int, x: int, y: int, flags: int, _: object) -> None:
        moved = event == cv2.EVENT_MOUSEMOVE and flags & cv2.EVENT_FLAG_LBUTTON
        if event == cv2.EVENT_LBUTTONDOWN or moved:
            _say("drag", f"{(x - bars.left) / width:.4f}", f"{(y - bars.top) / height:.4f}")

    cv2.resizeWindow(title, width, height)
    cv2.setMouseCallback(title, tell)


def _is_open(title: str) -> bool:
    try:
        return bool(cv2.getWindowProperty(title, cv2.WND_PROP_VISIBLE) >= 1)
    except cv2.error:  # Qt, when its last window has been closed
        return False


def _tell_keys(wait_key: Callable[[int], int]) -> None:
    code = wait_key(_POLL_MS)
    name = key_name(code) if code >= 0 else None
    if name is not None:
        _say("key", name)


def main() -> None:
    try:
        _show(sys.argv[1], _Orders())
        _say("closed")
    except cv2.error as error:
        _say("error", (error.err or str(error)).replace("\n", " "))


if __name__ == "__main__":
    main()
