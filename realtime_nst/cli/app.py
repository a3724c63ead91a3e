"""The commands under one name, and how their errors reach the person who typed them."""

import os
import sys
import warnings
from functools import cache as once
from importlib import import_module
from typing import Annotated, Any

import typer

from realtime_nst import __version__
from realtime_nst.cli import console, interrupt, settings
from realtime_nst.cli.manner import Command, Group, Quiet, Verbose, speak, with_manner
from realtime_nst.errors import ProviderWarning, RealtimeNstError, StyleWarning

COMMANDS = (
    "demo",
    "video",
    "image",
    "live",
    "serve",
    "page",
    "styles",
    "train",
    "train-any",
    "train-unpaired",
    "train-coherent",
    "optimise",
    "smooth",
    "export",
    "quantise",
    "bench",
    "bench vote",
    "doctor",
)
"""Each is the function of that name in the module of that name; one of two words is found before
the command that the first is alone."""

_WITH_EVENTS = {
    *("video", "image", "train", "train-any", "train-coherent", "optimise", "bench", "doctor")
}
"""Those with ``--json``; ``styles`` has one of its own."""

_NEEDS_ALL = "doctor"


def _needed() -> tuple[str, ...]:
    """The commands that this run needs: importing all takes a third of the start of ``video``.

    A file of settings is checked against all of them.
    """
    typed = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    alone = typed in COMMANDS and typed != _NEEDS_ALL and not os.path.exists(settings.path())
    with_more = tuple(name for name in COMMANDS if name.split()[0] == typed)
    return with_more if alone else COMMANDS


@once
def application(names: tuple[str, ...] = COMMANDS) -> typer.Typer:
    """The program with the commands ``names``."""
    app = typer.Typer(
        name="realtime-nst",
        cls=Group,
        help="Turns live webcam pictures and video files into moving paintings.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for name in names:
        module = name.replace("-", "_").replace(" ", "_")
        command = getattr(import_module(f"realtime_nst.cli.{module}"), module)
        app.command(name, cls=Command)(with_manner(command, events=name in _WITH_EVENTS))
    app.callback()(_options)
    return app


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"realtime-nst {__version__}")
        raise typer.Exit


def _options(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_say_version, is_eager=True, help="Show the version."),
    ] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    console.manner.command = context.invoked_subcommand or ""
    speak(context)
    group: Any = context.command
    context.default_map = settings.defaults(group.commands).get(console.manner.command)
    context.default_map = {console.manner.command: context.default_map}


def run() -> int:
    """Run the command of ``sys.argv``; returns its exit code."""
    console.manner = console.Manner(json="--json" in sys.argv, reader_gone=interrupt.reader_gone)
    warnings.filterwarnings("ignore", module=r"PIL\.")  # of damaged tags, whatever the outcome
    _show_as_notices(StyleWarning, ProviderWarning)
    try:
        with interrupt.watched(), interrupt.explained(interrupt.nothing_changed):
            return application(_needed())(standalone_mode=False) or 0
    except typer.Exit as ended:
        return ended.exit_code
    except SystemExit:  # so Typer ends where nobody reads its help
        return interrupt.READER_GONE
    except Exception as error:
        return _explained(error)


def _show_as_notices(*kinds: type[Warning]) -> None:
    others = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
        if issubclass(category, kinds):
            console.say_notice(str(message))
        else:
            others(message, category, *where, **more)

    warnings.showwarning = show
    for kind in kinds:
        warnings.filterwarnings("always", category=kind)


def _explained(error: Exception) -> int:
    """One line for what was foreseen, and the exit code; a defect is raised on."""
    if isinstance(error, RealtimeNstError):
        message, code = str(error), error.exit_code
    elif isinstance(error, MemoryError | OSError):
        message, code = console.message_of(error), 1
    elif hasattr(error, "format_message"):
        message, code = _usage(error), 2
    else:
        raise error
    if not message:  # Typer has shown the help
        return code if sys.argv[1:] else 0
    choices = getattr(error, "choices", None)
    more = {"choices": list(choices)} if choices else {}
    console.say_error(message, kind=type(error).__name__, exit_code=code, **more)
    console.say_origin(error)
    return code


def _usage(error: Any) -> str:
    """What Typer itself finds wrong, in one line."""
    said = " ".join(error.format_message().split())
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "realtime-nst"
    return f"{said.rstrip('.')}; see: {command} --help" if said else ""
