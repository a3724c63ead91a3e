"""Options that say which films are painted, and by whom. They change how long it takes, never what
is in a film, but for ``--threads``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from realtime_nst.errors import UnknownName, UsageError
from realtime_nst.values import check_number

if TYPE_CHECKING:
    from realtime_nst.cli.video_work import How

_PANEL, _SEVERAL = "Who paints it", "Several films"
_MOST = 1024

ENGINES = ("local", "ray")

Workers = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        rich_help_panel=_PANEL,
        help="Processes that paint segments of the film at the same time. (default: 1; with "
        "--engine ray, as many as there is room for)",
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
Engine = Annotated[
    str,
    typer.Option(
        metavar="|".join(ENGINES),
        rich_help_panel=_PANEL,
        help="Paint on this computer, or on a Ray cluster; nodes that do not see the files are "
        "sent them.",
    ),
]
Address = Annotated[
    str | None,
    typer.Option(
        metavar="HOST:PORT|auto",
        rich_help_panel=_PANEL,
        help="Of the Ray cluster. (default: one on this computer)",
    ),
]

Recursive = Annotated[
    bool,
    typer.Option(
        "--recursive",
        "-r",
        rich_help_panel=_SEVERAL,
        help="Paint the films in folders inside folders as well; results go to folders alike.",
    ),
]
Watch = Annotated[
    bool,
    typer.Option(
        "--watch",
        rich_help_panel=_SEVERAL,
        help="Stay, and paint what comes into the folders once it is complete. Ctrl-C ends it.",
    ),
]


def how_of(
    workers: int | None,
    threads: int | None,
    engine: str,
    address: str | None,
    target: Path,
    *,
    resume: bool,
) -> "How":
    """Raises :class:`UsageError` for what is out of range or does not go together."""
    from realtime_nst.cli.video_work import How
    from realtime_nst.jobs.folder import earlier_job
    from realtime_nst.runtime.host import usual_threads

    if engine not in ENGINES:
        raise UnknownName("engine", engine, ENGINES)
    if address and engine != "ray":
        raise UsageError(f"--address {address} is for --engine ray")
    for name, number in (("`workers`", workers), ("`threads`", threads)):
        if number is not None:
            check_number(name, number, 1, _MOST)
    if threads is None:
        earlier = earlier_job(target) if resume else None
        threads = earlier.threads if earlier else usual_threads()
    return How(workers, threads, engine, address)
