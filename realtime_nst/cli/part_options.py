"""Options that choose a part of a film."""

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated

import typer

from realtime_nst.errors import UsageError
from realtime_nst.values import parse_time

if TYPE_CHECKING:
    from realtime_nst.jobs.film import Film
    from realtime_nst.media.span import Span

_PANEL = "Part of a film"

Start = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        rich_help_panel=_PANEL,
        help="Begin at the first frame from here on: seconds, or [HH:]MM:SS as 1:30 or 0:01:30.5.",
    ),
]
End = Annotated[
    str | None,
    typer.Option(metavar="TIME", rich_help_panel=_PANEL, help="End before the frame shown here."),
]
Preview = Annotated[
    str | None,
    typer.Option(
        metavar="SECONDS", rich_help_panel=_PANEL, help="Only so many seconds from the middle."
    ),
]


def check_part(start: str | None, end: str | None, preview: str | None) -> "Span":
    """From ``start`` to ``end``; for a preview, its length from 0 on.

    Raises :class:`UsageError` for what is no time, or leaves nothing.
    """
    from realtime_nst.media.span import Span

    if preview is not None and (start or end):
        given = "--start" if start else "--end"
        raise UsageError(f"--preview {preview} takes the middle of a film; leave {given} out")
    until = preview if preview is not None else end
    span = Span(parse_time(start or "0"), None if until is None else parse_time(until))
    if span.length is not None and span.length <= 0:
        least = f"--start {start}" if start else "0"
        what = f"--preview {preview}" if preview else f"--end {end}"
        raise UsageError(f"{what} leaves nothing of the film; give a time after {least}")
    return span


def part_of(film: "Film", span: "Span", *, preview: bool) -> "Span":
    """The part of ``film`` that ``span``, as ``check_part`` returns it, asks for.

    It begins with a frame. Raises :class:`UsageError` if there is none.
    """
    if preview and span.length is not None:
        middle = _middle(film, span.length)
        try:
            return film.part(middle)
        except UsageError:  # the clock jumps, so that nothing is there
            return film.part(replace(middle, quick=False))
    return span if span.is_whole else film.part(span)


def _middle(film: "Film", length: Fraction) -> "Span":
    from realtime_nst.media.span import Span

    whole = film.length()
    if whole is None:
        raise UsageError(
            f"{film.video} does not say how long it is, so its middle is unknown; use --start and "
            "--end"
        )
    if length >= whole:
        return Span()
    start = (whole - length) / 2
    return Span(start, start + length, quick=True)
