"""One run of the pipeline in a process of its own, so that its memory is measured by itself.

The cases ``end-to-end`` and ``hd`` give it a :class:`Run` as JSON; it prints a :class:`RunResult`
as JSON.
"""

import json
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
import psutil  # type: ignore[import-untyped]

from realtime_nst.bench.cases._common import python
from realtime_nst.errors import RealtimeNstError
from realtime_nst.look import Look
from realtime_nst.motion.stabilise import Stabilise
from realtime_nst.paint import Paint
from realtime_nst.pipeline import Report, run
from realtime_nst.runtime.networks import Networks
from realtime_nst.runtime.stages import Stylise
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.sinks.null import NullSink
from realtime_nst.sinks.video import VideoSink
from realtime_nst.sources.paced import PacedSource
from realtime_nst.sources.synthetic import SyntheticSource
from realtime_nst.sources.video import VideoSource
from realtime_nst.stream import Frame, Image, Sink, Source, Stage, StreamInfo, Unmanaged

_PAINTED = 8
"""How many pictures the replayed source repeats."""

_SETTLED = 0.2
"""The share of a run after which memory should no longer grow."""


@dataclass(frozen=True)
class Run:
    """``rate`` is that of a live source in frames a second; with 0 the source waits to be asked.
    ``clip`` is a video file, painted into another one, or with a rate played as if it were live;
    without it a scene is painted. What is not written to a file is made RGB, as a window needs it.
    With a ``brush`` the whole of a look paints, else the network and steadying."""

    style: str
    provider: str
    width: int
    height: int
    frames: int
    rate: int = 0
    clip: str = ""
    painter: str = ""
    brush: str = ""


@dataclass
class RunResult:
    """``dropped`` counts frames, out of ``captured``. ``latencies`` are milliseconds from capture
    to shown, ``peak`` is in MiB, ``growth`` in MiB per 1,000 frames after the first fifth."""

    provider: str
    fps: float = 0.0
    dropped: int = 0
    captured: int = 0
    cpu_seconds: float = 0.0
    peak: float = 0.0
    growth: float = 0.0
    latencies: list[float] = field(default_factory=list)


def append_run(found: list[RunResult], asked: Run) -> None:
    found.append(run_apart(asked))


def run_apart(asked: Run) -> RunResult:
    """What :func:`measure` finds in a process of its own."""
    return RunResult(**json.loads(python(["-m", __name__, json.dumps(asdict(asked))])))


class Replay(Unmanaged):
    """A few pictures of the synthetic scene over and over. They are drawn beforehand, so that
    drawing costs the run nothing."""

    def __init__(self, asked: Run) -> None:
        scene = SyntheticSource(asked.width, asked.height)
        self._pictures: list[Image] = [scene.picture(index) for index in range(_PAINTED)]
        rate = Fraction(asked.rate or 30)
        self.info = StreamInfo(asked.width, asked.height, rate, asked.frames, bool(asked.rate))

    def __iter__(self) -> Iterator[Frame]:
        began, rate = time.monotonic(), self.info.rate or Fraction(30)
        for index in range(self.info.frames or 0):
            pts = index / rate
            if self.info.live:
                time.sleep(max(0.0, began + float(pts) - time.monotonic()))
            yield Frame(self._pictures[index % _PAINTED], index, pts, time.monotonic())


class Watch:
    """Notes the time and the memory of the process (MiB) at each frame shown."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self.shown: list[float] = []
        self.memory: list[float] = []

    def __call__(self, report: Report) -> None:
        self.shown.append(time.perf_counter())
        self.memory.append(self._process.memory_info().rss / 2**20)

    @property
    def fps(self) -> float:
        """Counted from the intervals between the frames shown."""
        seconds = self.shown[-1] - self.shown[0]
        return (len(self.shown) - 1) / seconds if seconds else 0.0

    @property
    def growth(self) -> float:
        """MiB per 1,000 frames: the slope of a line through the readings once settled."""
        settled = self.memory[int(len(self.memory) * _SETTLED) :]
        if len(settled) < 2:
            return 0.0
        return float(np.polyfit(np.arange(len(settled)), settled, 1)[0] * 1000)


def measure(asked: Run) -> RunResult:
    watch = Watch()
    stage, provider = _painting(asked)
    with _ends(asked) as (source, sink):
        cpu, began = time.process_time(), time.perf_counter()
        with source, sink:
            report = run(source, [stage], sink, watch)
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    return RunResult(
        provider,
        fps=watch.fps if asked.rate or not asked.clip else report.frames / seconds,
        dropped=report.dropped,
        captured=report.frames + report.dropped,
        cpu_seconds=cpu / report.frames,
        peak=peak(),
        growth=watch.growth,
        latencies=[1000 * latency for latency in report.latencies] if asked.rate else [],
    )


def _painting(asked: Run) -> tuple[Stage, str]:
    """The stage, compiled, and the provider in use."""
    if asked.brush:
        look = Look(asked.style, painter=asked.painter, brush=asked.brush)
        painting = Paint(look, Networks(asked.provider), live=bool(asked.rate))
        painting.prepare(asked.width, asked.height)
        return painting, painting.provider
    stylizer = Stylizer(asked.style, asked.provider, painter=asked.painter)
    stylizer.warm_up(asked.width, asked.height)
    return Stabilise(Stylise(stylizer)), stylizer.provider


class _Shown(NullSink):
    def write(self, frame: Frame) -> bool:
        assert frame.image.size
        return super().write(frame)


@contextmanager
def _ends(asked: Run) -> Iterator[tuple[Source, Sink]]:
    clip = Path(asked.clip)
    if not asked.clip or asked.rate:
        yield PacedSource(VideoSource(clip)) if asked.clip else Replay(asked), _Shown()
        return
    with tempfile.TemporaryDirectory() as folder:
        yield VideoSource(clip), VideoSink(Path(folder, "result.mp4"), source=clip)


def peak() -> float:
    """The most memory this program has held, in MiB.

    On Linux getrusage would include what the starting process held, so /proc is read.
    """
    status = Path("/proc/self/status")
    held = re.search(r"VmHWM:\s*(\d+) kB", status.read_text()) if status.exists() else None
    if held:
        return int(held[1]) / 2**10
    try:
        import resource
    except ModuleNotFoundError:
        return float(psutil.Process().memory_info().peak_wset / 2**20)
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def main(arguments: Sequence[str]) -> int:
    try:
        sys.stdout.write(json.dumps(asdict(measure(Run(**json.loads(arguments[0]))))))
    except RealtimeNstError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
