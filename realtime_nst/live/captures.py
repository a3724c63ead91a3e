"""Snapshots and recordings of what is shown, taken while it runs."""

import time
from collections.abc import Callable
from datetime import datetime
from fractions import Fraction
from pathlib import Path

from realtime_nst.errors import RealtimeNstError
from realtime_nst.sinks.pictures import write_picture
from realtime_nst.sinks.video import VideoSink
from realtime_nst.spec import stem
from realtime_nst.stream import Frame, Managed


class Captures(Managed):
    """A sink that keeps the last picture for snapshots, and records while it is told to.

    Files go to ``folder``, named after the style and the time. Nothing that goes wrong ends the
    run: ``tell`` is called with where a file is, and with the reason when it could not be written.
    All methods are called on one thread.
    """

    def __init__(self, folder: Path, tell: Callable[[str], None]) -> None:
        self._folder, self._tell = folder, tell
        self._shown: Frame | None = None
        self._recording: VideoSink | None = None
        self._began: float | None = None

    @property
    def seconds(self) -> float | None:
        """How long the recording has lasted; None when there is none."""
        if self._recording is None:
            return None
        return time.monotonic() - self._began if self._began is not None else 0.0

    def write(self, frame: Frame) -> bool:
        """Take what is shown now; a recording keeps the real times of capture."""
        self._shown = frame
        if self._recording is None:
            return True
        if self._began is None:
            self._began = frame.captured
        pts = Fraction(frame.captured - self._began).limit_denominator(90_000)
        try:
            self._recording.write(frame.showing(frame.picture, pts=pts))
        except RealtimeNstError as error:
            self._end(error)
        return True

    def snapshot(self, style: str) -> None:
        """Write the picture shown last, if there was one."""
        shown = self._shown
        if shown is not None:
            self._create(
                "saved", self._path(style, ".png"), lambda path: write_picture(path, shown.image)
            )

    def toggle_recording(self, style: str) -> None:
        if self._recording is not None:
            self.stop()
        else:
            path = self._path(style, ".mp4")
            self._create("recording", path, lambda path: self.record(VideoSink(path)))

    def record(self, sink: VideoSink) -> None:
        """Record to ``sink`` from the next frame on; a recording under way is finished first."""
        self.stop()
        self._recording, self._began = sink, None

    def stop(self) -> None:
        """Finish the recording, if there is one."""
        sink, self._recording = self._recording, None
        if sink is None:
            return
        try:
            sink.__exit__(None, None, None)
        except RealtimeNstError as error:
            self._tell(_ended(error, sink))
        else:
            self._tell(f"recorded {sink.path}" if sink.path.exists() else "nothing was recorded")

    def _end(self, error: RealtimeNstError) -> None:
        sink, self._recording = self._recording, None
        if sink is not None:
            sink.__exit__(type(error), error, error.__traceback__)
            self._tell(_ended(error, sink))

    def _create(self, what: str, path: Path, write: Callable[[Path], None]) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write(path)
        except (RealtimeNstError, OSError) as error:
            self._tell(str(error))
        else:
            self._tell(f"{what} {path}")

    def _path(self, style: str, suffix: str) -> Path:
        name = f"{stem(style)}-{datetime.now():%Y%m%d-%H%M%S-%f}{suffix}"
        return (self._folder / name).resolve()

    def _close(self) -> None:
        self.stop()


def _ended(error: RealtimeNstError, sink: VideoSink) -> str:
    kept = f"; what was recorded is in {sink.kept}" if sink.kept else ""
    return f"recording ended: {error}{kept}"
