"""Recordings of what is shown, begun and ended while it runs."""

import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from realtime_nst.errors import RealtimeNstError
from realtime_nst.sinks.video import VideoSink
from realtime_nst.stream import Frame


class Recorder:
    """Writes frames at their real times of capture to one video file after the other.

    Nothing it meets ends the run: ``say`` is told when a recording ends, and why when it failed.
    Its methods are called on one thread.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._sink: VideoSink | None = None
        self._began: float | None = None

    @property
    def seconds(self) -> float | None:
        """How long the recording has lasted; None when there is none."""
        if self._sink is None:
            return None
        return time.monotonic() - self._began if self._began is not None else 0.0

    def start(self, sink: VideoSink) -> None:
        """Write to ``sink`` from the next frame on; a recording before it ends."""
        self.stop()
        self._sink, self._began = sink, None

    def write(self, frame: Frame) -> None:
        if self._sink is None:
            return
        if self._began is None:
            self._began = frame.captured
        pts = Fraction(frame.captured - self._began).limit_denominator(90_000)
        try:
            self._sink.write(replace(frame, pts=pts))
        except RealtimeNstError as error:
            self._fail(error)

    def stop(self) -> None:
        """Make the file whole."""
        sink, self._sink = self._sink, None
        if sink is None:
            return
        try:
            sink.__exit__(None, None, None)
        except RealtimeNstError as error:
            self._say(_told(error, sink))
        else:
            self._say(f"recorded {sink.path}" if sink.path.exists() else "nothing was recorded")

    def _fail(self, error: RealtimeNstError) -> None:
        sink, self._sink = self._sink, None
        if sink is not None:
            sink.__exit__(type(error), error, error.__traceback__)
            self._say(_told(error, sink))


def _told(error: RealtimeNstError, sink: VideoSink) -> str:
    kept = f"; what was recorded is in {sink.kept}" if sink.kept else ""
    return f"recording ended: {error}{kept}"
