"""One segment after the other, painted in this process."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from realtime_nst import pipeline
from realtime_nst.files import digest, write_whole
from realtime_nst.jobs.folder import unfinished_file
from realtime_nst.jobs.job import Job
from realtime_nst.jobs.plan import Segment
from realtime_nst.jobs.result import Result, write_part
from realtime_nst.sinks.segments import Form, Part, SegmentSink, errors_named
from realtime_nst.sources._decoding import Faults
from realtime_nst.sources._film import NoFrames

if TYPE_CHECKING:
    from realtime_nst.jobs.film import Film, FilmSource
    from realtime_nst.paint import Paint
    from realtime_nst.pipeline import Report

Guard = Callable[[SegmentSink], AbstractContextManager[SegmentSink]]


class Painter:
    """Paints segments of ``job``, whose ``film``, ``form`` and ``painting`` are open.

    ``guard`` wraps the sink of each segment.
    """

    def __init__(
        self, job: Job, film: Film, form: Form, painting: Paint, guard: Guard = lambda sink: sink
    ) -> None:
        self.job, self.film, self.form, self.painting = job, film, form, painting
        self._guard = guard

    def prepare(self) -> tuple[tuple[int, int], int | None]:
        """Compile the networks, which takes a while; the size, (width, height), that they paint at,
        and the number of frames that the film is said to have. Raises the errors of source and
        stage."""
        with self._source() as frames:
            size = self.painting.prepare(frames.info.width, frames.info.height)
            return size, frames.info.frames

    def paint(self, number: int, path: Path, told: Callable[[Report, int], None]) -> Result:
        """Paint the segment ``number`` into the file ``path``, which appears only when whole, with
        its result beside it.

        ``told`` is called after each frame with the report of the run and the number of frames
        written so far. Raises the errors of source, stage and sink.
        """
        segment = self.job.segments[number]
        with errors_named(path.parent, self.form.path):
            with write_whole(path) as working:
                sink = SegmentSink(working, self.form, segment.start)
                try:
                    facts = self._painted(segment, sink, told)
                except BaseException:
                    _keep(sink, path)
                    raise
                size = working.stat().st_size
                result = Result(self.job.digest, path.name, size, digest(working), **facts)
            result.write(path.parent)
        return result

    def _painted(
        self, segment: Segment, sink: SegmentSink, told: Callable[[Report, int], None]
    ) -> dict[str, Any]:
        """What the result says."""
        try:
            with self._source(start=segment.lead_in, end=segment.end) as frames:
                with self._guard(sink):
                    report = pipeline.run(
                        frames, [self.painting], sink, lambda so_far: told(so_far, sink.written)
                    )
                square = frames.info.aspect == 1
        except NoFrames:  # all are damaged
            return {"faults": Faults(corrupt=segment.frames or 1)}
        # The file says the shape of oblong pixels, so that no size stretches them.
        painted = self.painting.notices if square else []
        return {
            "faults": frames.faults,
            "notices": (*frames.notices, *painted, *sink.notices),
            "found_nothing": self.painting.found_nothing,
            "painted": self.painting.painted_size,
            "skipped": sink.skipped,
            "seconds": report.seconds,
            "busy": report.busy,
            **_shown(sink.part),
        }

    def _source(self, **limits: Fraction | None) -> FilmSource:
        job = self.job
        return self.film.source(
            job.span, self.form.choice.pixels, deinterlace=job.deinterlace, **limits
        )


def _keep(sink: SegmentSink, path: Path) -> None:
    """What plays of an unfinished segment gets a name of its own."""
    if sink.part is not None:
        with suppress(OSError):  # as on a full disk
            kept = replace(sink.part, path=unfinished_file(path))
            sink.part.path.replace(kept.path)
            write_part(kept)


def _shown(part: Part | None) -> dict[str, Any]:
    return {"shown": part.shown, "lasting": part.lasting, "size": part.size} if part else {}
