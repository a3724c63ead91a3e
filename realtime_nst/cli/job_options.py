"""Options that say by whom a film is painted. They change how long it takes, never what is in it,
but for ``--threads``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from realtime_nst.values import check_number

if TYPE_CHECKING:
    from realtime_nst.cli.video_work import How

_PANEL = "Who paints it"
_MOST = 1024

Workers = Annotated[
    int,
    typer.Option(
        metavar="N",
        rich_help_panel=_PANEL,
        help="Processes that paint segments of the film at the same time.",
    ),
]
Threads = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        rich_help_panel=_PANEL,
        help="Threads of each worker; the result depends on them in its last bits. (default: one "
        "for each core; with --resume, as before)",
    ),
]


def how_of(workers: int, threads: int | None, target: Path, *, resume: bool) -> "How":
    """Raises :class:`UsageError` for numbers out of range."""
    from realtime_nst.cli.video_work import How
    from realtime_nst.jobs.folder import earlier_job
    from realtime_nst.runtime.host import usual_threads

    for name, number in (("`workers`", workers), ("`threads`", threads)):
        if number is not None:
            check_number(name, number, 1, _MOST)
    if threads is None:
        earlier = earlier_job(target) if resume else None
        threads = earlier.threads if earlier else usual_threads()
    return How(workers, threads)
