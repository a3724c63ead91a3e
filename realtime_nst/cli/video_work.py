"""How ``realtime-nst video`` paints: in segments, or straight into a pipe or pictures."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from realtime_nst.cli import console, interrupt
from realtime_nst.cli.progress import frame_progress
from realtime_nst.cli.video_output import Coding, Target
from realtime_nst.errors import UsageError

if TYPE_CHECKING:
    from realtime_nst.cli.video_output import FilmSink
    from realtime_nst.jobs.engines import Engine
    from realtime_nst.jobs.film import Film
    from realtime_nst.jobs.job import Job
    from realtime_nst.jobs.run import Run
    from realtime_nst.media.container import VideoFile
    from realtime_nst.media.span import Span
    from realtime_nst.paint import Paint
    from realtime_nst.pipeline import Report
    from realtime_nst.sources._decoding import Faults


class Work(Protocol):
    """``notices`` and ``faults`` are complete after ``run``. ``source`` is what is read, ``path``
    what is written."""

    source: "VideoFile"
    path: Path
    frames_before: int

    @property
    def notices(self) -> Sequence[str]: ...
    @property
    def faults(self) -> "Faults": ...
    @property
    def painted_size(self) -> tuple[int, int]:
        """Width and height at which the network painted."""

    @property
    def names(self) -> Sequence[Path]:
        """The files that may be written."""

    def run(self) -> "Report":
        """A signal ends the command, with a line that says what is kept."""


@dataclass(frozen=True)
class How:
    """By whom a film is painted: so many ``workers`` (None: as is usual for the ``engine``), of so
    many ``threads`` each. ``address`` is that of a cluster."""

    workers: int | None
    threads: int
    engine: str
    address: str | None


class Segmented:
    """Paints into one video file, segment by segment, and goes on with those of earlier runs."""

    def __init__(
        self,
        target: Target,
        film: "Film",
        painting: "Paint",
        span: "Span",
        coding: Coding,
        how: "How",
        *,
        overwrite: bool,
        deinterlace: bool,
    ) -> None:
        from realtime_nst.jobs.job import form_of, job_of
        from realtime_nst.jobs.queue import mark_for
        from realtime_nst.jobs.run import Run
        from realtime_nst.sinks.segments import marked

        form = form_of(film, target.path, span, coding, how.threads)
        form = marked(form, mark_for(film, painting.look, coding, span, deinterlace=deinterlace))
        self.job = job_of(film, form, painting, coding, deinterlace=deinterlace)
        self._film, self._painting, self._form, self._how = film, painting, form, how
        self._run = Run(form, overwrite=overwrite)
        self._run.check(self.job)
        self.source, self.path, self.frames_before = film.path, target.path, 0

    @property
    def names(self) -> Sequence[Path]:
        return self._run.names

    @property
    def notices(self) -> Sequence[str]:
        return self._run.notices

    @property
    def faults(self) -> "Faults":
        return self._run.faults

    @property
    def painted_size(self) -> tuple[int, int]:
        return self._run.painted_size

    def run(self) -> "Report":
        """The first Ctrl-C lets the segments under way be finished, where there are several."""
        run, job = self._run, self.job
        with _ended_well(run), interrupt.finishing(run):
            earlier = run.folder.earlier
            self.frames_before = before = run.begin(job)
            if earlier and earlier.digest == job.digest:
                console.say_notice(_what_was_there(before))
            engine, frames = self._engine()
            with (
                interrupt.asking(len(job.segments) > 1 or interrupt.is_among_others()),
                frame_progress(self.path.name, frames, before=before) as progress,
            ):
                report = run.paint(engine, _Told(run, job, progress), lambda: not interrupt.asked())
            if not run.is_complete:
                raise KeyboardInterrupt
            return report

    def _engine(self) -> "tuple[Engine, int | None]":
        """With the number of frames that there will be in all."""
        from realtime_nst.jobs.engines.here import Here
        from realtime_nst.jobs.engines.processes import Processes
        from realtime_nst.jobs.engines.ray import OnRay
        from realtime_nst.jobs.painter import Painter

        job, folder, how = self.job, self._run.folder, self._how
        if how.engine == "ray":
            if self._film.read != [self._film.path]:
                raise UsageError(f"--engine ray needs a video file; save {self.source} as one")
            where = f"the Ray cluster at {how.address}" if how.address else "Ray on this computer"
            console.say_notice(f"waiting for {where}, which takes some seconds")
            return OnRay(job, folder, how.workers, how.address), job.frames
        missing, workers = len(job.segments) - len(folder.results), how.workers or 1
        if 0 < missing < workers:
            console.say_notice(f"{_segments(missing)}: {missing} of {workers} workers paint")
        if min(missing, workers) > 1:
            return Processes(job, folder, workers), job.frames
        painter = Painter(job, self._film, self._form, self._painting, interrupt.finishing)
        size, said = painter.prepare()
        _say_where(self._painting, size)
        return Here(painter, folder), said if job.frames is None else job.frames


class Straight:
    """Paints every frame of a film into a sink that cannot go on with anything."""

    frames_before = 0

    def __init__(
        self,
        film: "Film",
        painting: "Paint",
        span: "Span",
        sink: "FilmSink",
        *,
        deinterlace: bool,
    ) -> None:
        from realtime_nst.sinks.sequence import SequenceSink
        from realtime_nst.sources.square import SquareSource
        from realtime_nst.sources.video import VideoSource

        source = film.source(span, sink.pixels, deinterlace=deinterlace)
        square = isinstance(source, VideoSource) and isinstance(sink, SequenceSink)
        # Pictures cannot say that their pixels are oblong.
        self._frames = SquareSource(source) if square else source
        self._painting, self._sink = painting, sink
        self.source, self.path = film.path, sink.path

    @property
    def names(self) -> Sequence[Path]:
        return self._sink.names

    @property
    def notices(self) -> Sequence[str]:
        # The file says the shape of oblong pixels, so that no size stretches them.
        painted = self._painting.notices if self._frames.info.aspect == 1 else []
        nothing = [self._painting.found_nothing] if self._painting.found_nothing else []
        return *self._frames.notices, *painted, *nothing, *self._sink.notices

    @property
    def faults(self) -> "Faults":
        faults: Faults = self._frames.faults
        return faults

    @property
    def painted_size(self) -> tuple[int, int]:
        return self._painting.painted_size

    def run(self) -> "Report":
        from realtime_nst import pipeline

        sink = self._sink
        with self._frames as frames, _ended_well(sink):
            _say_where(
                self._painting, self._painting.prepare(frames.info.width, frames.info.height)
            )
            with (
                interrupt.finishing(sink),
                frame_progress(sink.path.name, frames.info.frames) as progress,
            ):
                return pipeline.run(frames, [self._painting], sink, progress)


class _Told:
    """Shows how far ``run`` is, and says once what an early Ctrl-C waits for."""

    def __init__(self, run: "Run", job: "Job", progress: Callable[["Report"], None]) -> None:
        self._run, self._job, self._progress = run, job, progress
        self._said = False

    def __call__(self, report: "Report") -> None:
        if interrupt.asked() and not self._said:
            self._said = True
            console.say_notice(f"{self._under_way()}; press Ctrl-C again to stop at once")
        self._progress(report)

    def _under_way(self) -> str:
        if len(self._job.segments) == 1:
            return "finishing this film first"
        numbers = [str(number + 1) for number in sorted(self._run.under_way)]
        many = f"segments {', '.join(numbers[:-1])} and" if len(numbers) > 1 else "segment"
        return f"finishing {many} {numbers[-1]} of {len(self._job.segments)} first"


def _segments(number: int) -> str:
    return f"there is {number} segment left" if number == 1 else f"there are {number} segments left"


def _what_was_there(frames: int) -> str:
    if frames:
        return f"going on after the {console.counted(frames, 'frame')} of earlier runs"
    return "an earlier run had finished no segment; painting from the beginning"


@contextmanager
def _ended_well(work: "Run | FilmSink") -> Iterator[None]:
    """Where it does not, a line says what is kept."""
    with interrupt.explained(lambda: _what_is_kept(work, "stopped")):
        try:
            yield
        except Exception as error:
            if not isinstance(error, UsageError):  # that is found out before anything is painted
                console.say_notice(_what_is_kept(work, "failed"))
            raise


def _say_where(painting: "Paint", size: tuple[int, int]) -> None:
    console.say_detail(f"painting at {console.sides(size)} on {painting.provider}")


def _what_is_kept(work: "Run | FilmSink", why: str) -> str:
    from realtime_nst.media.container import clock
    from realtime_nst.sinks.sequence import SequenceSink
    from realtime_nst.sinks.video import VideoSink

    if isinstance(work, SequenceSink):
        finished = console.counted(work.written, "picture")
        return f"{why}; finished: {finished}; the same command with --overwrite starts anew"
    if isinstance(work, VideoSink):
        return f"{why}; {work.path.stem} has the beginning of the film"
    if work.kept is None and not work.folder.results:
        return f"{why} before any frame was finished; nothing was written"
    again = f"goes on from {clock(work.goes_on_at)}" if work.goes_on_at else "begins anew"
    if work.kept is None:
        return f"{why}; what is finished is kept in {work.folder.path}; the same command {again}"
    at = f"at {clock(work.written_until)}" if work.written_until else "after the first frame"
    return f"{why} {at}; what is finished is kept as {work.kept}; the same command {again}"
