"""Snapshots and recordings: files named after the style and the time."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from realtime_nst.errors import RealtimeNstError
from realtime_nst.live.recorder import Recorder
from realtime_nst.sinks.pictures import write_picture
from realtime_nst.sinks.video import VideoSink
from realtime_nst.spec import stem
from realtime_nst.stream import Frame, Image


class Keeping:
    """Keeps what is shown in ``folder``; ``tell`` is told where, and why when it could not be."""

    def __init__(self, folder: Path, tell: Callable[[str], None]) -> None:
        self._folder, self._tell = folder, tell
        self.recorder = Recorder(tell)
        self._shown: Image | None = None

    def write(self, frame: Frame) -> None:
        """``frame`` is what is shown now."""
        self._shown = frame.image
        self.recorder.write(frame)

    def snapshot(self, style: str) -> None:
        """Of what is shown; before the first frame there is none."""
        image = self._shown
        if image is not None:
            self._keep("saved", self._named(style, ".png"), lambda path: write_picture(path, image))

    def toggle_recording(self, style: str) -> None:
        if self.recorder.seconds is not None:
            self.recorder.stop()
        else:
            self._keep("recording", self._named(style, ".mp4"), self._record)

    def _record(self, path: Path) -> None:
        self.recorder.start(VideoSink(path))

    def _keep(self, what: str, path: Path, write: Callable[[Path], None]) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write(path)
        except (RealtimeNstError, OSError) as error:
            self._tell(str(error))
        else:
            self._tell(f"{what} {path}")

    def _named(self, style: str, suffix: str) -> Path:
        name = f"{stem(style)}-{datetime.now():%Y%m%d-%H%M%S-%f}{suffix}"
        return (self._folder / name).resolve()
