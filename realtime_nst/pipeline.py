"""``run(source, stages, sink)``: source and stages on a thread each, the sink on the caller's.

With a live source, queues hold one frame, a newer frame replaces an older one, and dropped frames
are counted. Any other source waits for the slowest part, and no frame is dropped.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from realtime_nst.channel import Channel
from realtime_nst.stream import Frame, Sink, Source, Stage

_FILE_CAPACITY = 4
_MOST_AT_ONCE = 2**28
"""Bytes of the frames of a file that are between source and sink, but for one frame of any size."""

_LATENCIES = 10_000


@dataclass
class Report:
    """What a run did; also passed to ``on_frame`` while it runs.

    ``seconds`` is the wall time from the start to the last frame written. ``busy`` has the seconds
    that each part worked, by name: "source", the class name of each stage, "sink". ``latencies``
    has the seconds from capture to the return of the sink's ``write`` for the last 10,000 frames.
    """

    frames: int = 0
    dropped: int = 0
    seconds: float = 0.0
    busy: dict[str, float] = field(default_factory=dict)
    latencies: deque[float] = field(default_factory=lambda: deque(maxlen=_LATENCIES))

    @property
    def fps(self) -> float:
        return self.frames / self.seconds if self.seconds else 0.0

    def latency(self, percentile: float) -> float:
        """Seconds; 0 before the first frame."""
        return float(np.percentile(self.latencies, percentile)) if self.latencies else 0.0

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self.busy[name] = self.busy.get(name, 0.0) + time.perf_counter() - began


def run(
    source: Source,
    stages: Sequence[Stage],
    sink: Sink,
    on_frame: Callable[[Report], None] | None = None,
) -> Report:
    """Pass every frame of ``source`` through ``stages`` into ``sink``; both must be open.

    ``on_frame`` is called on the caller's thread after each frame. Raises the error of whichever
    part fails. When ``run`` returns or raises, its threads have ended and the stages are reset.
    """
    live = source.info.live
    capacity = 1 if live else _FILE_CAPACITY
    captured: Channel[Frame] = Channel(capacity, newest_wins=live)
    stylised: Channel[Frame] = Channel(capacity, newest_wins=live)
    report = Report()
    room = _Room(None if live else _MOST_AT_ONCE)
    threads = [
        _pump("capture", _timed_frames(source, report, room), captured),
        _pump("stylise", _through(captured, stages, report), stylised, upstream=captured),
    ]
    try:
        for thread in threads:
            thread.start()
        _drain(stylised, captured, sink, report, room, on_frame)
    finally:
        room.open()
        stylised.cancel()
        captured.cancel()
        for thread in threads:
            if thread.ident is not None:
                thread.join()
        for stage in stages:
            stage.reset()
    return report


class _Room:
    """Keeps the frames on their way below ``most`` bytes (None: any number): a large picture is
    read when those before it are written, and nothing here holds them any more."""

    def __init__(self, most: int | None) -> None:
        self._most, self._inside = most, deque[int]()
        self._changed = threading.Condition()

    def wait(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._most is None or sum(self._inside) < self._most)

    def enter(self, size: int) -> None:
        with self._changed:
            if self._most is not None:
                self._inside.append(size)

    def leave(self) -> None:
        """The first one is written."""
        with self._changed:
            if self._most is not None:
                self._inside.popleft()
                self._changed.notify_all()

    def open(self) -> None:
        """Nobody waits any more."""
        with self._changed:
            self._most = None
            self._changed.notify_all()


def _drain(
    stylised: Channel[Frame],
    captured: Channel[Frame],
    sink: Sink,
    report: Report,
    room: _Room,
    on_frame: Callable[[Report], None] | None,
) -> None:
    began = time.perf_counter()
    for frame in stylised:
        with report.timed("sink"):
            more = sink.write(frame)
        report.frames += 1
        report.latencies.append(time.monotonic() - frame.captured)
        del frame
        room.leave()
        report.seconds = time.perf_counter() - began
        report.dropped = captured.dropped + stylised.dropped
        if on_frame is not None:
            on_frame(report)
        if not more:
            return


def _pump(
    name: str, items: Iterable[Frame], out: Channel[Frame], upstream: Channel[Frame] | None = None
) -> threading.Thread:
    def work() -> None:
        error: BaseException | None = None
        try:
            for item in items:
                wanted = out.put(item)
                del item  # not held here while the next one is made
                if not wanted:
                    break
        except BaseException as caught:
            error = caught
        finally:
            if upstream is not None:
                upstream.cancel()
            out.close(error)
            error = None  # its traceback holds this frame; see Channel.cancel

    return threading.Thread(target=work, name=f"realtime_nst-{name}", daemon=True)


def _timed_frames(source: Source, report: Report, room: _Room) -> Iterator[Frame]:
    frames = iter(source)
    while True:
        room.wait()
        with report.timed("source"):
            frame = next(frames, None)
        if frame is None:
            return
        width, height = frame.size
        room.enter(3 * width * height)  # RGB need not exist yet
        held = [frame]
        del frame
        yield held.pop()


def _through(captured: Channel[Frame], stages: Sequence[Stage], report: Report) -> Iterator[Frame]:
    for frame in captured:
        for stage in stages:
            with report.timed(type(stage).__name__):
                frame = stage(frame)
        held = [frame]
        del frame
        yield held.pop()
