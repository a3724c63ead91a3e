"""``--skip-existing``: pictures whose result is there are left out, so that a run goes on."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from realtime_nst.cli import console
from realtime_nst.errors import UsageError

SkipExisting = Annotated[
    bool,
    typer.Option(
        "--skip-existing", help="Leave out pictures whose result is there: go on after a stop."
    ),
]


def check_skip(skip: bool, overwrite: bool) -> None:
    """Raises UsageError where files would be both kept and replaced."""
    if skip and overwrite:
        raise UsageError("--skip-existing keeps files that --overwrite replaces; give one of them")


def left_to_do(
    paths: Sequence[Path], names: Sequence[str], output: Path, skip: bool
) -> tuple[list[Path], list[str]]:
    """The pictures, and the names of their results, that are not there; all without ``skip``."""
    from realtime_nst.sinks.pictures import SUFFIXES

    single = output.suffix.lower() in SUFFIXES and not output.is_dir()
    skip = skip and not (single and len(paths) > 1)  # which the sink refuses
    pairs = [
        (path, name)
        for path, name in zip(paths, names, strict=True)
        if not (skip and (output if single else output / name).exists())
    ]
    if skipped := len(paths) - len(pairs):
        told = f"{console.counted(skipped, 'picture')} of {len(paths)}"
        console.say_notice(f"{told} skipped: the result is there")
    return [path for path, _ in pairs], [name for _, name in pairs]


def how_to_go_on(done: int, total: int, overwrite: bool) -> str:
    """What a person is told whose run was stopped."""
    again = (
        "the same command begins anew" if overwrite
        else "go on with the same command and --skip-existing"
    )  # fmt: skip
    if not done:
        return "stopped before any picture was finished; nothing was written"
    return f"stopped; {done} of {console.counted(total, 'picture')} finished; {again}"
