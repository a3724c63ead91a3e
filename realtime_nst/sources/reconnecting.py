"""A live source that may fail: its last picture is repeated until it has reconnected."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Self

from realtime_nst.channel import Channel, ChannelClosed
from realtime_nst.errors import MediaError
from realtime_nst.sources.paced import fitted
from realtime_nst.stream import Frame, Image, Managed, Source, StreamInfo

_HOLD_SECONDS = 0.5
_REPEAT_SECONDS = 0.1
_SILENT_SECONDS = 1.0
_END_SECONDS = 6.0
_TICK = Fraction(1, 90_000)
BACK_OFF = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before each attempt to reconnect; the last one is used for all further attempts."""


@dataclass(frozen=True)
class _Status:
    """``trouble`` says in one line what is wrong; ``came`` is when the last picture arrived."""

    trouble: str = ""
    came: float = 0.0


class ReconnectingSource(Managed):
    """The live source that ``open`` returns, called ``name``, reopened whenever it fails.

    A thread reads the source. After half a second without a new picture, or if the source has
    failed, the last picture is repeated ten times a second. A source that failed is closed and
    opened again after the pauses of ``back_off``. ``state`` says in one line what is wrong; it is
    empty if nothing is. Pictures of another size than the first are scaled to fit, with black bars.
    Entering raises what the source raises; later failures raise nothing. Iteration ends when the
    source ends without an error.
    """

    def __init__(
        self, open: Callable[[], Source], name: str, *, back_off: Sequence[float] = BACK_OFF
    ) -> None:
        self._open, self._name, self._back_off = open, name, back_off
        self._source: Source | None = None
        self._info: StreamInfo | None = None
        self._status = _Status()
        self._last: Image | None = None
        self._pictures: Channel[tuple[Image, float]] = Channel(1, newest_wins=True)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def info(self) -> StreamInfo:
        if self._info is None:
            raise MediaError(f"{self._name} is not open yet; enter the source first")
        return self._info

    @property
    def state(self) -> str:
        status = self._status
        silent = time.monotonic() - status.came
        if status.trouble or not status.came or silent < _SILENT_SECONDS:
            return status.trouble
        return f"no picture from {self._name} for {silent:.0f} s"

    def __enter__(self) -> Self:
        self._source = self._open()
        self._info = self._source.__enter__().info
        self._status = _Status(came=time.monotonic())
        self._thread = threading.Thread(target=self._work, name="realtime_nst-source", daemon=True)
        self._thread.start()
        return self

    def _close(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(_END_SECONDS)

    def __iter__(self) -> Iterator[Frame]:
        began, pts = self._status.came, -_TICK
        for index, (image, captured) in enumerate(self._shown()):
            # A new picture may have been captured just before the last one was repeated.
            pts = max(pts + _TICK, Fraction(captured - began).limit_denominator(90_000))
            yield Frame(image, index, pts, captured)

    def _shown(self) -> Iterator[tuple[Image, float]]:
        """Each new picture, and the last one again while none comes."""
        last: Image | None = None
        while not self._stop.is_set():
            try:
                last, captured = self._pictures.get(self._until_repeat)
            except TimeoutError:
                captured = time.monotonic()
            except ChannelClosed:
                return
            if last is not None:
                yield last, captured

    @property
    def _until_repeat(self) -> float:
        """Seconds to wait for a new picture: longer for a slow camera than for one that failed."""
        status = self._status
        held = 0.0 if status.trouble else status.came + _HOLD_SECONDS - time.monotonic()
        return max(_REPEAT_SECONDS, held)

    def _work(self) -> None:
        error: Exception | None = None
        try:
            while not self._stop.is_set() and (failure := self._read()) is not None:
                self._reopen(failure)
        except Exception as caught:  # a bug: raised where frames are taken
            error = caught
        finally:
            self._leave()
            self._pictures.close(error)

    def _read(self) -> str | None:
        """Take pictures until the source ends (returns None) or fails (returns why)."""
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
        self._status = _Status(came=time.monotonic())
        self._pictures.put((image, frame.captured))
        self._last = image

    def _reopen(self, failure: str) -> None:
        """Try to open the source again until it opens, or until this source is closed."""
        self._leave()
        reason, attempt = failure.split("; ")[0], 0
        while self._source is None:
            pause = self._back_off[min(attempt, len(self._back_off) - 1)]
            trouble = f"{reason}; trying again every {pause:g} s"
            self._status = replace(self._status, trouble=trouble)
            if self._last is not None:  # shown at once, with the trouble
                self._pictures.put((self._last, time.monotonic()))
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
