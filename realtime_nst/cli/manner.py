"""The options that every command has, and its class, which gives options their variables."""

import inspect
import os
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from realtime_nst.cli import console, interrupt
from realtime_nst.cli.settings import origin, origin_of, variables_of
from realtime_nst.errors import UsageError

_PANEL = "What it says"

Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet", "-q", rich_help_panel=_PANEL, help="Say results and errors, nothing else."
    ),
]
Verbose = Annotated[
    bool,
    typer.Option(
        "--verbose", "-v", rich_help_panel=_PANEL, help="Say more: settings, engines, what failed."
    ),
]
Events = Annotated[
    bool,
    typer.Option(
        "--json",
        rich_help_panel=_PANEL,
        help="Write events to standard output, one JSON object a line.",
    ),
]


def with_manner(command: Callable[..., None], *, events: bool) -> Callable[..., None]:
    """Give a command ``--quiet`` and ``--verbose``, and with ``events`` ``--json``."""

    @wraps(command)
    def run(*, quiet: bool, verbose: bool, events: bool = False, **given: Any) -> None:
        console.manner.json = events or given.get("as_json", False)
        if events:
            console.event("started", version=_version())
        command(**given)

    signature = inspect.signature(command)
    added = {"quiet": Quiet, "verbose": Verbose, **({"events": Events} if events else {})}
    parameters = [
        *(p.replace(kind=p.KEYWORD_ONLY) for p in signature.parameters.values()),
        *(
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=hint)
            for name, hint in added.items()
        ),
    ]
    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    return run


def speak(context: Any) -> None:
    """Both options may stand before the command as well as behind it; what is typed comes before
    what is set elsewhere. Raises UsageError for both."""
    manner = console.manner
    given = {
        name: context.get_parameter_source(name).name
        for name in ("quiet", "verbose")
        if context.params.get(name)
    }
    typed = {name for name, source in given.items() if source == "COMMANDLINE"}
    for name in typed if typed or manner.quiet or manner.verbose else given:
        setattr(manner, name, True)
    if manner.quiet and manner.verbose:
        raise UsageError("--quiet and --verbose contradict each other; give one of them")


def _version() -> str:
    from realtime_nst import __version__

    return __version__


def _without_types(params: list[Any]) -> list[Any]:
    """``<bool>`` beside a flag would say that it takes a value, which it does not; an argument's
    ``<list[Path]>`` says nothing that its name does not."""
    for param in params:
        if getattr(param, "is_flag", False):
            param.metavar = ""
        elif param.param_type_name == "argument":
            param.display_type_rich = lambda **_: None
    return params


class Command(TyperCommand):
    def __init__(self, name: str | None, **given: Any) -> None:
        super().__init__(name, **given)
        for param in self.params:
            param.envvar = variables_of(self, param)
            param.show_envvar = False  # type: ignore[attr-defined]

    def get_params(self, ctx: Any) -> list[Any]:
        return _without_types(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """A value that was not typed is told with the place that it comes from."""
        try:
            _refuse_empty(args)
            return super().parse_args(ctx, args)
        except Exception as error:
            param: Any = getattr(error, "param", None)
            source = ctx.get_parameter_source(param.name) if param else None
            where = origin(self, param.name, source.name) if source else ""
            if where:
                value = os.environ.get(where) or ctx.lookup_default(param.name)
                error.message += f" ({value!r} is set by {where})"  # type: ignore[attr-defined]
            raise

    def invoke(self, ctx: Any) -> Any:
        try:
            speak(ctx)
            return super().invoke(ctx)
        except UsageError as error:
            if where := origin_of(self, ctx, str(error)):
                error.args = (f"{error}; it is set by {where}",)
            raise


_MAY_BE_EMPTY = {"--mask", "--mask-model", "--rest", "--morph-to", "--painter", "--size", "--token"}
"""Options of a look that an empty text sets back, and one that says more of it."""


def _refuse_empty(args: Sequence[str]) -> None:
    """A variable that is not set, in a script, leaves an empty text: no folder, no usual name."""
    for before, word in zip(("", *args), args, strict=False):
        if not word and before.startswith("-") and before not in _MAY_BE_EMPTY:
            raise UsageError(f"{before} is empty; give a value, or leave it out")
        if not word and not before.startswith("-"):
            raise UsageError("the input has no name; give a file")


class Group(TyperGroup):
    def get_params(self, ctx: Any) -> list[Any]:
        return _without_types(super().get_params(ctx))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        two = " ".join(args[:2])
        return super().resolve_command(ctx, [two, *args[2:]] if two in self.commands else args)

    def make_context(self, *given: Any, **more: Any) -> Any:
        """Typer itself says nothing of a signal that the command did not answer."""
        with interrupt.explained(interrupt.nothing_changed):
            return super().make_context(*given, **more)

    def invoke(self, ctx: Any) -> Any:
        with interrupt.explained(interrupt.nothing_changed):
            return super().invoke(ctx)
