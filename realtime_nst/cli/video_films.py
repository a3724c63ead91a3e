"""Several films, one after the other, as ``realtime-nst video`` paints them."""

import os
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from realtime_nst.cli import console, interrupt, part_options
from realtime_nst.cli.look_options import refuse_replacing
from realtime_nst.cli.progress import FilmsGauge, films_progress
from realtime_nst.cli.video_film import FilmWork, Wish
from realtime_nst.cli.video_input import Given
from realtime_nst.cli.video_output import Target, default_name, ending
from realtime_nst.errors import UsageError

if TYPE_CHECKING:
    from realtime_nst.jobs.gather import Found
    from realtime_nst.jobs.queue import Outcome, Task
    from realtime_nst.paint import Paint
    from realtime_nst.runtime.networks import Networks


class Films:
    """The films that ``inputs`` name, painted as ``wish`` says into the folder ``output`` (None:
    beside them, those of a folder into a folder beside it).

    ``prepare`` refuses, before any work, what would not go well. ``run`` ends the command with 1
    where a film has failed. With ``watch``, it goes on until a signal comes.
    """

    def __init__(
        self, wish: Wish, inputs: Sequence[str], output: str | None, *, recursive: bool, watch: bool
    ) -> None:
        from realtime_nst.jobs.gather import Gathering
        from realtime_nst.jobs.queue import Queue

        self._wish = replace(wish, resume=True)
        self._output, self._watches = output, watch
        self._gathering = Gathering(inputs, recursive=recursive)
        self._queue = Queue(self._mark, self._paint)
        self._networks: dict[int, Networks] = {}
        self._open: Paint | None = None
        self._left: list[Task] = []
        self._finished: list[Task] = []
        self._done: list[Outcome] = []
        self._waited_after = -1
        self._began = time.monotonic()

    # ---- before any work ----------------------------------------------------------------------

    def prepare(self) -> None:
        """Raises the errors of :class:`Gathering`, :class:`Queue` and :class:`Paint`, and
        :class:`UsageError` where there is no film, or no folder to put results into."""
        from realtime_nst.jobs.gather import FOLDER

        self._check_output()
        tasks = [self._task(film) for film in self._gathering()]
        if not tasks and not self._watches:
            passed_over = self._gathering.passed_over
            inner = _INNER if FOLDER in passed_over.values() else ""
            raise UsageError(f"there is no film to paint{told(passed_over)}{inner}")
        self._left = self._queue.left(tasks, overwrite=self._wish.overwrite)
        left = set(self._left)
        self._finished = [task for task in tasks if task not in left]
        self._check_look()
        self._say_plan()

    def _check_output(self) -> None:
        output = self._output
        if output == "-":
            raise UsageError("-o - takes one film; name a folder for several")
        if output and not os.path.isdir(output) and not _may_become_folder(output):
            raise UsageError(f"several films go to a folder; give -o {Path(output).stem}/")
        if self._watches and not self._gathering.folders:
            raise UsageError("--watch looks into a folder for new films; name one")

    def _check_look(self) -> None:
        """What is wrong with a look is wrong for every film."""
        from realtime_nst.paint import Paint
        from realtime_nst.runtime.host import usual_threads
        from realtime_nst.runtime.networks import Networks

        threads = self._wish.threads or usual_threads()
        networks = self._networks[threads] = Networks(self._wish.provider, threads)
        self._open = Paint(self._wish.look, networks)
        refuse_replacing([task.target for task in self._left], self._wish.look)

    def _task(self, film: "Found") -> "Task":
        from realtime_nst.jobs.gather import length_of
        from realtime_nst.jobs.queue import Task

        style, preview = self._wish.look.style, self._wish.preview
        path = default_name(Given(str(film.path)).default, style, preview=preview)
        if self._output:
            path = Path(self._output) / film.inside / path.name
        elif film.top:
            top = film.top if film.top.name not in ("", "..") else film.top.resolve()
            name = f"{top.name}-{ending(style, preview=preview)}"
            path = top.with_name(name) / film.inside / path.name
        return Task(film.path, path, *length_of(film.path))

    def _say_plan(self) -> None:
        left, finished = self._left, self._finished
        said = f"{console.counted(len(left), 'film')} to paint"
        with suppress(ValueError):  # there is none, or folders are on several drives
            folders = {os.path.abspath(task.target.parent) for task in left}
            said += f" into {os.path.commonpath(folders)}"
        if seconds := round(sum(task.seconds for task in left)):
            said += f", {timedelta(seconds=seconds)} in all"
        if finished:
            said += f"; {len(finished)} finished already"
        console.say_notice(said + told(self._gathering.passed_over))
        for folder in dict.fromkeys(_existing(task.target) for task in left):
            size = sum(_size(task.source) for task in left if _existing(task.target) == folder)
            free = shutil.disk_usage(folder).free
            if free < size:
                console.say_notice(
                    f"{folder} has {free / 1e9:.1f} GB free, and the films have {size / 1e9:.1f}; "
                    "if it becomes full, free some space, and the same command goes on"
                )

    # ---- the work -----------------------------------------------------------------------------

    def run(self) -> None:
        """Paint them all. A signal ends the command; what is finished stays."""
        from realtime_nst.jobs.queue import is_full

        with interrupt.explained(self._stopped):
            tasks = self._coming() if self._watches else iter(self._left)
            number = None if self._watches else len(self._left)
            with films_progress(number, sum(task.frames for task in self._left)) as gauge:
                for outcome in self._queue.run(tasks):
                    self._tell(outcome, gauge)
                    interrupt.check()
                    if interrupt.asked() and (self._watches or len(self._done) < len(self._left)):
                        raise KeyboardInterrupt
        full = bool(self._done) and is_full(self._done[-1].error)
        why = "the disk is full; free some space, and the same command goes on; " if full else ""
        console.say_result(f"{why}{self._summary()}", **self._facts())
        if self._failed:
            raise typer.Exit(1)

    def _paint(self, task: "Task") -> Exception | None:
        given, target = Given(str(task.source)), Target(task.target, makes_folder=True)
        with (
            interrupt.among_others(),
            FilmWork(self._wish, given, target, self._networks) as film,
        ):
            self._open = film.painting  # its networks stay open for the next film
            return film.run()

    def _mark(self, task: "Task") -> str:
        from realtime_nst.jobs.film import film_of
        from realtime_nst.jobs.queue import mark_for

        wish = self._wish
        film = film_of(task.source, wish.rate)
        span = part_options.part_of(film, wish.span, preview=wish.preview)
        return mark_for(film, wish.look, wish.coding, span, deinterlace=wish.deinterlace)

    def _coming(self) -> "Iterator[Task]":
        """The films that appear, until a signal comes while there is none."""
        from realtime_nst.jobs.watch import Watch

        watch = Watch(self._look, self._say_waiting, self._say_unseen)
        for task in self._finished:
            watch.leave_out(task.source)
        with suppress(KeyboardInterrupt):
            yield from map(self._task, watch)

    def _look(self) -> "list[Found]":
        films = self._gathering()
        self._queue.keep(film.path for film in films)
        return films

    def _say_unseen(self, error: Exception) -> None:
        console.say_notice(f"{console.message_of(error)}; looking again until it is back")

    def _say_waiting(self) -> None:
        if self._waited_after != len(self._done):
            self._waited_after = len(self._done)
            folders = ", ".join(map(str, self._gathering.folders))
            console.say_notice(f"waiting for films in {folders}; Ctrl-C ends it")

    # ---- what is said -------------------------------------------------------------------------

    def _tell(self, outcome: "Outcome", gauge: FilmsGauge) -> None:
        self._done.append(outcome)
        if outcome.error:
            console.say_error(_message(outcome))
            console.say_origin(outcome.error)
        elif outcome.state == "finished":
            console.say_notice(f"{outcome.task.target} is finished already")
        gauge.film(outcome.task.frames)

    @property
    def _failed(self) -> "list[Outcome]":
        return [outcome for outcome in self._done if outcome.error]

    def _stopped(self) -> str:
        console.event("result", **self._facts())
        return f"stopped; {self._summary()}; the same command goes on"

    def _summary(self) -> str:
        from realtime_nst.jobs.queue import named

        facts = self._facts()
        if facts["finished_before"] == facts["films"]:
            return f"all {console.counted(facts['films'], 'film')} are finished"
        said = f"{facts['painted']} of {console.counted(facts['films'], 'film')} painted in "
        said += f"{timedelta(seconds=round(facts['seconds']))}"
        if before := facts["finished_before"]:
            said += f"; {before} before"
        if failed := self._failed:
            said += f"; {len(failed)} failed: {named([str(o.task.source) for o in failed])}"
        return said

    def _facts(self) -> dict[str, Any]:
        states = Counter(outcome.state for outcome in self._done)
        before = len(self._finished) + states["finished"]
        films = len(self._finished) + (len(self._done) if self._watches else len(self._left))
        return {
            "films": films, "painted": states["painted"], "finished_before": before,
            "failed": [
                {"path": str(o.task.source), "message": _message(o)} for o in self._failed
            ],
            "left": films - before - states["painted"] - states["failed"],
            "passed_over": len(self._gathering.passed_over),
            "seconds": time.monotonic() - self._began,
        }  # fmt: skip


_INNER = "; folders inside folders are looked into with --recursive"


def told(passed_over: Mapping[Path, str]) -> str:
    """What is not painted, by reason."""
    from realtime_nst.jobs.queue import named

    by_reason: dict[str, list[str]] = {}
    for path, reason in passed_over.items():
        by_reason.setdefault(reason, []).append(path.name)
    parts = [f"{named(names)} ({reason})" for reason, names in by_reason.items()]
    return f"; {len(passed_over)} passed over: {'; '.join(parts)}" if parts else ""


def _may_become_folder(output: str) -> bool:
    is_new = not os.path.lexists(output)
    return is_new and (output.endswith(("/", os.sep)) or not Path(output).suffix)


def _message(outcome: "Outcome") -> str:
    assert outcome.error
    message, source = console.message_of(outcome.error), str(outcome.task.source)
    return message if source in message else f"{source}: {message}"


def _existing(path: Path) -> Path:
    return next(folder for folder in path.absolute().parents if folder.is_dir())


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
