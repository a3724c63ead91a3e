"""A job from its first segment to the file that takes its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from fractions import Fraction
from itertools import takewhile
from pathlib import Path
from typing import Self

from realtime_nst.errors import MediaError, RealtimeNstError, TargetExists
from realtime_nst.jobs.engines import Engine
from realtime_nst.jobs.folder import Folder
from realtime_nst.jobs.job import Job
from realtime_nst.jobs.result import Result
from realtime_nst.pipeline import Report
from realtime_nst.sinks.segments import Form, Part, UnfinishedFile, errors_named, join
from realtime_nst.sinks.targets import check_target
from realtime_nst.sources._decoding import Faults


class Run:
    """Paints what is missing of a job into the video of ``form``.

    Finished segments are kept in a :class:`Folder` beside it, with which the next run of the same
    job goes on. If the run is left with an error, they are joined, as far as they follow one
    another: ``kept`` is that playable file, or None, and ``written_until`` the time of its last
    frame in seconds. ``goes_on_at`` is when the first segment that is missing begins.

    ``notices`` and ``faults`` are those of all segments, ``painted_size`` is the width and height
    at which the network painted. ``under_way`` has the numbers of the segments that are being
    painted. Raises the errors of ``VideoSink`` and of :class:`Folder`.
    """

    def __init__(self, form: Form, *, overwrite: bool) -> None:
        self._form, self.path = form, form.path
        source = form.source if isinstance(form.source, Path) else None
        check_target(self.path, source, overwrite=overwrite)
        self._file = UnfinishedFile(self.path, source, overwrite=overwrite, kept=True)
        self.folder = Folder(self.path, source)
        self._overwrite = overwrite
        self.notices = list(form.notices)
        self.faults = Faults()
        self.painted_size = (0, 0)
        self.kept: Path | None = None
        self.written_until: Fraction | None = None
        self.under_way: list[int] = []
        self._job: Job | None = None

    @property
    def partial(self) -> Path:
        return self._file.partial

    @property
    def names(self) -> tuple[Path, ...]:
        """The files that the run may write, finished and unfinished."""
        return self.path, self.partial

    def check(self, job: Job) -> None:
        """Raises :class:`TargetExists` if an earlier run has left something of another job than
        ``job``, and it is not to be overwritten."""
        folder = self.folder
        left = folder.path if folder.has_results else self.partial
        if self._overwrite or not (folder.has_results or self._file.holds_something):
            return
        if folder.earlier is None:
            raise TargetExists(
                f"{left} is of an earlier run that cannot be gone on with, as its segments are "
                "missing or of another version; rename it, or start anew with `overwrite`"
            )
        if folder.earlier.digest != job.digest:
            names = folder.earlier.differences(job) or ["cut"]
            raise TargetExists(
                f"{left} was made with another {' or '.join(names).replace('_', '-')}; go on with "
                "the same settings and files, or start anew with `overwrite`"
            )

    def begin(self, job: Job) -> int:
        """Find what earlier runs have finished of ``job``: the number of frames. Raises as
        ``check``."""
        self.check(job)
        with errors_named(self.folder.path, self.path):
            self.folder.lock()
            self.check(job)  # the run that held the lock may just have ended
            self.folder.begin(job)
        self._job = job
        return sum(len(result.shown) for result in self.folder.results.values())

    def __enter__(self) -> Self:
        return self

    @property
    def is_complete(self) -> bool:
        return self._job is not None and len(self.folder.results) == len(self._job.segments)

    @property
    def goes_on_at(self) -> Fraction:
        """Seconds."""
        segments = self._job.segments if self._job else ()
        missing = (s for n, s in enumerate(segments) if n not in self.folder.results)
        begin = next((segment.start for segment in missing), None)
        return (begin or self._form.span.start) - self._form.span.start

    def paint(
        self,
        engine: Engine,
        told: Callable[[Report], None],
        go_on: Callable[[], bool] = lambda: True,
    ) -> Report:
        """Let ``engine`` paint the missing segments, and begin none where ``go_on`` says so. They
        are joined when the run is left. ``told`` is called now and then with what came so far."""
        job, folder = self._job, self.folder
        assert job is not None, "begin comes before paint"
        report = Report()
        done = 0

        def progress(frames: int, seconds: float) -> None:
            report.frames, report.seconds = done + frames, seconds
            told(report)

        with closing(engine.map(self._missing(job, go_on), progress)) as finished:
            for number in finished:
                result = folder.verify(job, number)
                self.under_way.remove(number)
                done += len(result.shown)
                for name, seconds in result.busy.items():
                    report.busy[name] = report.busy.get(name, 0.0) + seconds
        report.frames = done
        return report

    def _missing(self, job: Job, go_on: Callable[[], bool]) -> Iterator[int]:
        for number in range(len(job.segments)):
            if number not in self.folder.results:
                if not go_on():
                    return
                self.under_way.append(number)
                yield number

    def _join(self) -> None:
        results = [result for _, result in sorted(self.folder.results.items())]
        parts = [result.part(self.folder.path) for result in results if result.shown]
        self._tell(results)
        if not parts:
            raise MediaError(f"{self._form.source_name} contains no readable frame; copy it again")
        joined = join(self._form, parts, self._file, whole=True)
        self.notices += joined.notices
        self.written_until = joined.written_until
        self.folder.remove()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None and self.is_complete:
                self._join()
            elif self._job is not None:
                self._keep()
                if not self.folder.results and self.kept is None:
                    self.folder.remove()
        finally:
            self.folder.close()

    def _keep(self) -> None:
        parts = list(self._finished())
        silent = replace(self._form, source=None, fates=[])  # for a source that cannot be read
        for form in (self._form, silent) if parts else ():
            with suppress(RealtimeNstError, OSError):
                joined = join(form, parts, self._file, whole=False)
                self.kept, self.written_until = self.partial, joined.written_until
                self.folder.tidy()
                return

    def _finished(self) -> Iterator[Part]:
        """The parts that follow one another from the beginning on."""
        results = self.folder.results
        numbers = list(takewhile(results.__contains__, range(len(results) + 1)))
        for number in numbers:
            if results[number].shown:
                yield results[number].part(self.folder.path)
        if part := self.folder.unfinished(len(numbers)):
            yield part

    def _tell(self, results: list[Result]) -> None:
        for result in results:
            self.painted_size = max(self.painted_size, result.painted)
            self.notices += [line for line in result.notices if line not in self.notices]
            self.faults.add(result.faults)
        if all(result.found_nothing for result in results):
            self.notices += {result.found_nothing for result in results}
