"""What ``realtime-nst video`` does with one film, alone or among others."""

from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from realtime_nst.cli import console, job_options, part_options
from realtime_nst.cli.look_options import refuse_replacing
from realtime_nst.cli.progress import shares
from realtime_nst.cli.video_input import Given
from realtime_nst.cli.video_output import Coding, Target
from realtime_nst.cli.video_work import Segmented, Straight, Work
from realtime_nst.errors import MediaError, UsageError
from realtime_nst.look import Look

if TYPE_CHECKING:
    from realtime_nst.media.span import Span
    from realtime_nst.paint import Paint
    from realtime_nst.runtime.networks import Networks


@dataclass(frozen=True)
class Wish:
    """How films are painted and written. ``span`` is as ``check_part`` returns it; ``workers``,
    ``threads``, ``engine`` and ``address`` say who paints. ``save`` is where the look is saved."""

    look: Look
    provider: str
    coding: Coding
    span: "Span"
    preview: bool
    rate: Fraction | None
    deinterlace: bool
    workers: int | None
    threads: int | None
    engine: str
    address: str | None
    overwrite: bool
    resume: bool
    save: Path | None


class FilmWork:
    """The film ``given`` painted into ``target`` as ``wish`` says: everything is opened and checked
    when it is entered, nothing painted before ``run``. Films with the same ``networks``, by the
    number of threads, open each network once."""

    work: Work
    painting: "Paint"

    def __init__(
        self,
        wish: Wish,
        given: Given,
        target: Target,
        networks: "dict[int, Networks] | None" = None,
    ) -> None:
        self._wish, self._given, self._target = wish, given, target
        self._networks = {} if networks is None else networks
        self._open = ExitStack()

    def __enter__(self) -> Self:
        try:
            self._prepare()
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(self, *raised: Any) -> bool | None:
        return self._open.__exit__(*raised)

    def _prepare(self) -> None:
        from realtime_nst.jobs.film import film_of
        from realtime_nst.paint import Paint
        from realtime_nst.runtime.networks import Networks

        wish, target = self._wish, self._target
        how = job_options.how_of(
            wish.workers, wish.threads, wish.engine, wish.address, target.path, resume=wish.resume
        )
        if self._given.is_stored:
            target.check_place(wish.coding["codec"], overwrite=wish.overwrite)
        stream = self._open.enter_context(target.opened())
        file = self._open.enter_context(self._given.opened(target.folder))
        with self._given.waited_for(file):
            film = film_of(file, wish.rate)
            if wish.deinterlace and film.video is None:
                raise UsageError("--deinterlace is for videos; pictures have no fields")
            span = part_options.part_of(film, wish.span, preview=wish.preview)
            begin = film.beginning(span) if wish.look.morph_to else None
            networks = self._networks.setdefault(how.threads, Networks(wish.provider, how.threads))
            self.painting = Paint(wish.look, networks, begin=begin)
            if target.is_file:
                self.work = Segmented(
                    target, film, self.painting, span, wish.coding, how,
                    overwrite=wish.overwrite, deinterlace=wish.deinterlace,
                )  # fmt: skip
            else:
                sink = target.sink(
                    film, wish.coding, overwrite=wish.overwrite, span=span, stream=stream
                )
                self.work = Straight(film, self.painting, span, sink, deinterlace=wish.deinterlace)
        refuse_replacing([*self.work.names, *filter(None, [wish.save])], wish.look, *film.read)

    def run(self) -> MediaError | None:
        """Paint, and say how it went; what of the film could not be read. A signal ends the
        command."""
        work = self.work
        report = work.run()
        for notice in work.notices:
            console.say_notice(notice)
        console.say_result(
            f"{work.path}: {console.counted(report.frames, 'frame')} in {report.seconds:.1f} s, "
            f"{report.fps:.1f} fps; {shares(report)}",
            path=work.path, frames=report.frames, frames_before=work.frames_before,
            seconds=report.seconds, fps=report.fps, provider=self.painting.provider,
            painted_at=console.sides(work.painted_size) if report.frames else None,
        )  # fmt: skip
        if not work.faults:
            return None
        return MediaError(
            f"{work.source}: {work.faults.message}; {work.path} holds all that is good"
        )
