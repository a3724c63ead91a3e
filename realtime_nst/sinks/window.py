"""A window on the screen, in a process of its own (see ``_window_process``)."""

import mmap
import os
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Self

import cv2
import numpy as np

from realtime_nst.errors import MediaError
from realtime_nst.sinks import _window_process as child
from realtime_nst.stream import Frame, Image, Managed

_PATIENCE = 20.0
_END_SECONDS = 2.0
_MAX_PIXELS = 2560 * 1440
_REMEDY = "write to a file instead, or run in a desktop session"


class WindowSink(Managed):
    """Shows the newest frame in a window called ``title``; ``write`` never waits for the window.

    ``write`` calls ``on_key`` for each key pressed, with its character or ``"left"``, ``"right"``,
    ``"up"``, ``"down"`` or ``"escape"``, and ``on_drag`` with x and y (0 to 1 of the picture) where
    the mouse was pressed and while it is dragged. It returns False once the user has closed the
    window. Frames larger than 2560x1440 are scaled down. Raises :class:`MediaError` if there is no
    display or the window's process fails.
    """

    def __init__(
        self,
        title: str = "realtime-nst",
        on_key: Callable[[str], None] = lambda key: None,
        on_drag: Callable[[float, float], None] = lambda x, y: None,
    ) -> None:
        self._title = title
        self.on_key, self.on_drag = on_key, on_drag
        self._process: _Process | None = None
        self._buffer: _Buffer | None = None

    def __enter__(self) -> Self:
        if sys.platform.startswith("linux") and not (
            os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
        ):
            raise MediaError(
                f"no window can be opened: neither DISPLAY nor WAYLAND_DISPLAY is set; {_REMEDY}"
            )
        self._process = _Process(self._title)
        return self

    def _close(self) -> None:
        if self._process is not None:
            self._process.end()
        if self._buffer is not None:
            self._buffer.close()
        self._process = self._buffer = None

    def write(self, frame: Frame) -> bool:
        if self._process is None:
            raise MediaError("the window is not open yet; enter the sink first")
        image = _fit(frame.image)
        if self._buffer is None or image.nbytes > self._buffer.capacity:
            self._replace_buffer(self._process, image.nbytes)
        if self._buffer is not None:
            self._buffer.publish(image)
        for word, rest in self._process.take_input():
            if word == "key":
                self.on_key(rest)
            else:
                self.on_drag(*map(float, rest.split()))
        return not self._process.closed()

    def toggle_full_screen(self) -> None:
        """Fill the screen, or go back to a window."""
        if self._process is not None:
            self._process.say("fullscreen")

    def _replace_buffer(self, process: "_Process", capacity: int) -> None:
        process.await_word("ready")
        if self._buffer is not None:
            self._buffer.close()
        self._buffer = _Buffer(capacity)
        process.order(f"buffer {self._buffer.size} {self._buffer.path}", answer="buffer")
        self._buffer.unlink()


class _Buffer:
    """The parent's view of the shared memory described in ``_window_process``."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._slot_size = -(-(child.SLOT_HEADER + capacity) // 8) * 8
        self.size = child.HEADER + child.SLOTS * self._slot_size
        memory = Path("/dev/shm")
        number, name = tempfile.mkstemp(
            prefix="realtime_nst-", dir=memory if memory.is_dir() else None
        )
        self.path = Path(name)
        with open(number, "r+b") as file:
            try:
                file.write(bytes(self.size))
                file.flush()
            except OSError as error:
                self.unlink()
                raise MediaError(
                    f"no shared memory for the window in {self.path.parent}: {error.strerror}; "
                    "free some space there"
                ) from error
            self._map = mmap.mmap(file.fileno(), self.size)
        self._number = 0

    def publish(self, image: Image) -> None:
        begin = child.HEADER + (self._number + 1) % child.SLOTS * self._slot_size
        pixels = begin + child.SLOT_HEADER
        np.frombuffer(self._map, np.int64, 2, begin)[:] = image.shape[:2]
        np.frombuffer(self._map, np.uint8, image.size, pixels)[:] = image.reshape(-1)
        self._number += 1
        np.frombuffer(self._map, np.int64, 1)[0] = self._number

    def unlink(self) -> None:
        """Once both sides have mapped it, it needs no name (Windows keeps it until ``close``)."""
        with suppress(PermissionError):
            self.path.unlink(missing_ok=True)

    def close(self) -> None:
        self._map.close()
        self.unlink()


class _Process:
    """The window's process, shielded from the terminal's Ctrl-C, and its messages."""

    def __init__(self, title: str) -> None:
        self._complaints: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self._popen = subprocess.Popen(
            [sys.executable, "-P", str(child.__file__), title],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            encoding="utf-8",
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        self._stdin, self._stdout = _opened(self._popen.stdin), _opened(self._popen.stdout)
        self._said: set[str] = set()
        self._input: deque[tuple[str, str]] = deque()
        self._error = ""
        self._ended = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(
            target=self._listen, name="realtime_nst-window", daemon=True
        )
        self._thread.start()

    def take_input(self) -> Iterator[tuple[str, str]]:
        """Input since the last call: ("key", name) or ("drag", "x y")."""
        while self._input:
            yield self._input.popleft()

    def closed(self) -> bool:
        """Whether the user closed the window; raises if the process ended otherwise."""
        with self._changed:
            if self._ended and "closed" not in self._said:
                raise self._failure()
            return "closed" in self._said

    def order(self, line: str, answer: str) -> None:
        """Send ``line`` and wait for ``answer``, or for the end of the process."""
        self._said.discard(answer)
        self.say(line)
        self.await_word(answer)

    def say(self, line: str) -> None:
        with suppress(BrokenPipeError):
            self._stdin.write(line + "\n")
            self._stdin.flush()

    def await_word(self, word: str) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: word in self._said or self._ended, _PATIENCE):
                raise MediaError(f"the window did not answer within {_PATIENCE:g} s; {_REMEDY}")
        self.closed()

    def end(self) -> None:
        """Close the window, and kill the process if it does not end."""
        with suppress(BrokenPipeError):
            self._stdin.close()
        try:
            self._popen.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
        self._thread.join()
        self._stdout.close()
        self._complaints.close()

    def _listen(self) -> None:
        for line in self._stdout:
            word, _, rest = line.rstrip("\n").partition(" ")
            with self._changed:
                if word in ("key", "drag"):
                    self._input.append((word, rest))
                elif word == "error":
                    self._error = rest
                self._said.add(word)
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _failure(self) -> MediaError:
        self._complaints.seek(0)
        lines = self._complaints.read().decode(errors="replace").splitlines()
        said = [line.strip() for line in lines if line.strip() and not line.startswith("QFont")]
        said = [self._error, *said, f"its process ended with {self._popen.wait()}"]
        reason = next(filter(None, said))
        return MediaError(f"the window failed: {reason}; {_REMEDY}")


def _opened(pipe: IO[str] | None) -> IO[str]:
    if pipe is None:
        raise MediaError(f"the window cannot be reached; {_REMEDY}")
    return pipe


def _fit(image: Image) -> Image:
    height, width = image.shape[:2]
    if height * width <= _MAX_PIXELS:
        return image
    scale = (_MAX_PIXELS / (height * width)) ** 0.5
    size = max(1, int(width * scale)), max(1, int(height * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
