"""A live source that may fail: its last picture is held, and it is taken up again."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Self

from realtime_nst.errors import MediaError
from realtime_nst.sources._fitted import fitted
from realtime_nst.stream import Frame, Image, Managed, Source, StreamInfo

_HOLD_SECONDS = 0.5
_REPEAT_SECONDS = 0.1
_SILENT_SECONDS = 1.0
_END_SECONDS = 6.0
_TICK = Fraction(1, 90_000)
BACK_OFF = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before each new attempt; the last one counts for all further ones."""


class ReconnectingSource(Managed):
    """The live source that ``open`` makes, called ``name``, for as long as the user wants it.

    It is read on a thread of its own. After half a second without a new picture, or when it has
    failed, the last one is repeated, ten times a second. Where the source fails it is made and
    entered anew, after the pauses of ``back_off``. ``state`` says in one line what is wrong, and is
    empty when nothing is. Pictures of another size than the first are fitted into it with black
    bars. Entering raises what the source raises; later failures raise nothing. It ends when the
    source ends without an error.
    """

    def __init__(
        self, open: Callable[[], Source], name: str, *, back_off: Sequence[float] = BACK_OFF
    ) -> None:
        self._open, self._name, self._back_off = open, name, back_off
        self._source: Source | None = None
        self._info: StreamInfo | None = None
        self._trouble, self._came = "", 0.0
        self._newest: tuple[Image, float] | None = None
        self._fresh = self._ended = False
        self._error: Exception | None = None
        self._stop = threading.Event()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    @property
    def info(self) -> StreamInfo:
        if self._info is None:
            raise MediaError(f"{self._name} is not open yet; enter the source first")
        return self._info

    @property
    def state(self) -> str:
        silent = time.monotonic() - self._came
        if self._trouble or not self._came or silent < _SILENT_SECONDS:
            return self._trouble
        return f"no picture from {self._name} for {silent:.0f} s"

    def __enter__(self) -> Self:
        self._source = self._open()
        self._info = self._source.__enter__().info
        self._came = time.monotonic()
        self._thread = threading.Thread(target=self._work, name="realtime_nst-source", daemon=True)
        self._thread.start()
        return self

    def _close(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(_END_SECONDS)

    def __iter__(self) -> Iterator[Frame]:
        began, index, pts = self._came, 0, -_TICK
        while (picture := self._next()) is not None:
            image, captured = picture
            # A new picture may have been captured just before the last one was repeated.
            pts = max(pts + _TICK, Fraction(captured - began).limit_denominator(90_000))
            yield Frame(image, index, pts, captured)
            index += 1

    def _next(self) -> tuple[Image, float] | None:
        """A new picture, or the last one again; None at the end."""
        while not self._stop.is_set():
            with self._changed:
                if not self._fresh and not self._ended:
                    self._changed.wait(self._until_repeat)
                fresh, self._fresh = self._fresh, False
                if self._error is not None:
                    raise self._error
                if self._newest is not None and (fresh or not self._ended):
                    return self._newest if fresh else (self._newest[0], time.monotonic())
                if self._ended:
                    return None
        return None

    @property
    def _until_repeat(self) -> float:
        """A slow camera is waited for, one that has failed is not."""
        held = 0.0 if self._trouble else self._came + _HOLD_SECONDS - time.monotonic()
        return max(_REPEAT_SECONDS, held)

    def _work(self) -> None:
        error: Exception | None = None
        try:
            while not self._stop.is_set() and (failure := self._read()) is not None:
                self._reopen(failure)
        except Exception as caught:  # a defect: raised where frames are taken
            error = caught
        finally:
            self._leave()
            with self._changed:
                self._error, self._ended = error, True
                self._changed.notify_all()

    def _read(self) -> str | None:
        """Take pictures until the source ends (None) or fails (why)."""
        try:
            for frame in self._source or ():
                if self._stop.is_set():
                    break
                self._take(frame)
        except MediaError as error:
            return str(error)
        return None

    def _take(self, frame: Frame) -> None:
        image = fitted(frame.image, self.info.width, self.info.height)
        with self._changed:
            self._newest, self._fresh = (image, frame.captured), True
            self._came, self._trouble = time.monotonic(), ""
            self._changed.notify_all()

    def _reopen(self, failure: str) -> None:
        """Make the source anew, however often that takes; ends when it is there or not wanted."""
        self._leave()
        reason, attempt = failure.split("; ")[0], 0
        while self._source is None:
            pause = self._back_off[min(attempt, len(self._back_off) - 1)]
            with self._changed:
                self._trouble = f"{reason}; trying again every {pause:g} s"
                self._changed.notify_all()
            if self._stop.wait(pause):
                return
            attempt += 1
            try:
                source = self._open()
                source.__enter__()
                self._source = source
            except MediaError:
                continue

    def _leave(self) -> None:
        source, self._source = self._source, None
        if source is not None:
            source.__exit__(None, None, None)
