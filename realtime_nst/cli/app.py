"""The commands under one name, and how their errors reach the person who typed them."""

import signal
import sys
import warnings
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from realtime_nst import __version__
from realtime_nst.cli import interrupt
from realtime_nst.cli.bench import bench
from realtime_nst.cli.console import say_error, say_notice
from realtime_nst.cli.demo import demo
from realtime_nst.cli.doctor import doctor
from realtime_nst.cli.export import export
from realtime_nst.cli.image import image
from realtime_nst.cli.live import live
from realtime_nst.cli.optimise import optimise
from realtime_nst.cli.quantise import quantise
from realtime_nst.cli.serve import serve
from realtime_nst.cli.styles import styles
from realtime_nst.cli.train import train
from realtime_nst.cli.train_any import train_any
from realtime_nst.cli.train_coherent import train_coherent
from realtime_nst.cli.video import video
from realtime_nst.errors import RealtimeNstError, StyleWarning


def _hide_flag_types(params: list[Any]) -> list[Any]:
    """``<bool>`` beside a flag would say that it takes a value, which it does not."""
    for param in params:
        if getattr(param, "is_flag", False):
            param.metavar = ""
    return params


class _Command(TyperCommand):
    def get_params(self, ctx: Any) -> list[Any]:
        return _hide_flag_types(super().get_params(ctx))


class _Group(TyperGroup):
    def get_params(self, ctx: Any) -> list[Any]:
        return _hide_flag_types(super().get_params(ctx))


app = typer.Typer(
    name="realtime-nst",
    cls=_Group,
    help="Turns live webcam pictures and video files into moving paintings.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    demo,
    video,
    image,
    live,
    serve,
    styles,
    train,
    train_any,
    train_coherent,
    optimise,
    export,
    quantise,
    bench,
    doctor,
):
    app.command(cls=_Command)(command)


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"realtime-nst {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_say_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    pass


def run() -> int:
    interrupt.watch()
    warnings.filterwarnings("ignore", module=r"PIL\.")  # of damaged tags, whatever the outcome
    _show_as_notices(StyleWarning)
    try:
        return app(standalone_mode=False) or 0
    except RealtimeNstError as error:
        say_error(str(error))
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return 128 + signal.SIGINT
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        say_error(f"{where}{error.strerror or error}; free space or rights may be missing")
        return 1
    except Exception as error:
        return _usage(error)


def _show_as_notices(kind: type[Warning]) -> None:
    others = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
        if issubclass(category, kind):
            say_notice(str(message))
        else:
            others(message, category, *where, **more)

    warnings.showwarning = show
    warnings.filterwarnings("always", category=kind)


def _usage(error: Exception) -> int:
    """What Typer itself finds wrong, in one line; anything else is a defect and is raised."""
    explain = getattr(error, "format_message", None)
    if explain is None:
        raise error
    said = " ".join(explain().split())
    if said:
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "realtime-nst"
        say_error(f"{said.rstrip('.')}; see: {command} --help")
    elif not sys.argv[1:]:
        return 0
    return 2
