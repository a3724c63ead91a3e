"""A job from its first segment to the file that takes its name."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from itertools import takewhile
from pathlib import Path
from types import TracebackType
from typing import Self

from realtime_nst.errors import MediaError, RealtimeNstError, UsageError
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

    Finished segments are kept in a :class:`Folder` beside it, with which ``resume`` goes on. If the
    run is left with an error, they are joined, as far as they follow one another: ``kept`` is that
    playable file, or None, and ``written_until`` the time of its last frame in seconds.

    ``notices`` and ``faults`` are those of all segments, ``painted_size`` is the width and height
    at which the network painted. Raises the errors of ``VideoSink`` and of
    :class:`Folder`.
    """

    def __init__(self, form: Form, *, overwrite: bool, resume: bool) -> None:
        self._form, self.path = form, form.path
        source = form.source if isinstance(form.source, Path) else None
        check_target(self.path, source, overwrite=overwrite)
        self._file = UnfinishedFile(self.path, source, overwrite=overwrite, resume=resume)
        self.folder = Folder(self.path, source, overwrite=overwrite, resume=resume)
        if resume and self.folder.earlier is None and os.path.lexists(self.partial):
            raise UsageError(
                f"{self.partial} cannot be gone on with: its segments, {self.folder.path}, are "
                "missing or of another version; start anew with `overwrite`"
            )
        self.notices = list(form.notices)
        self.faults = Faults()
        self.painted_size = (0, 0)
        self.kept: Path | None = None
        self.written_until: Fraction | None = None
        self._unfinished: Callable[[], Part | None] = lambda: None
        self._job: Job | None = None
        self._complete: list[Result] = []

    @property
    def partial(self) -> Path:
        return self._file.partial

    @property
    def names(self) -> tuple[Path, ...]:
        """The files that the run may write, finished and unfinished."""
        return self.path, self.partial

    def begin(self, job: Job) -> int:
        """Find what earlier runs have finished of ``job``: the number of frames."""
        with errors_named(self.folder.path, self.path):
            self.folder.begin(job)
        self._job = job
        return sum(len(result.shown) for result in self.folder.results.values())

    def __enter__(self) -> Self:
        return self

    def paint(self, engine: Engine, told: Callable[[Report], None]) -> Report:
        """Let ``engine`` paint the missing segments. ``told`` is called now and then with what came
        so far. They are joined when the run is left."""
        job, folder = self._job, self.folder
        assert job is not None, "begin comes before paint"
        self._unfinished = lambda: engine.unfinished
        missing = [n for n in range(len(job.segments)) if n not in folder.results]
        report = Report()
        done = 0

        def progress(frames: int, seconds: float) -> None:
            report.frames, report.seconds = done + frames, seconds
            told(report)

        for number in engine.map(missing, progress):
            result = folder.verify(job, number)
            done += len(result.shown)
            self.painted_size = result.painted
            for name, seconds in result.busy.items():
                report.busy[name] = report.busy.get(name, 0.0) + seconds
        report.frames = done
        self._complete = [folder.results[number] for number in range(len(job.segments))]
        return report

    def _join(self, results: list[Result]) -> None:
        parts = [result.part(self.folder.path) for result in results if result.shown]
        self._tell(results)
        if not parts:
            raise MediaError(f"{self._form.source_name} contains no readable frame; copy it again")
        joined = join(self._form, parts, self._file, whole=True)
        self.notices += joined.notices
        self.written_until = joined.written_until
        self.folder.remove()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        try:
            if kind is None and self._complete:
                self._join(self._complete)
            elif kind is not None and self._job is not None:
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
        part = self._unfinished()
        if part and part.path.stem.startswith(self.folder.file(len(numbers)).stem):
            yield part

    def _tell(self, results: list[Result]) -> None:
        for result in results:
            self.notices += [line for line in result.notices if line not in self.notices]
            self.faults.add(result.faults)
