"""Command-line options read from the fields of a dataclass, so that defaults are written once."""

import inspect
from collections.abc import Callable, Container
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_origin, get_type_hints

import typer

from realtime_nst.errors import UsageError

_Recipe = TypeVar("_Recipe")
_Command = TypeVar("_Command", bound=Callable[..., None])


def with_options_of(
    recipe: type, panel: str, *, without: Container[str] = ()
) -> Callable[[_Command], _Command]:
    """Give a command one option a field of ``recipe`` in place of its ``**`` parameter, but for
    those ``without``.

    Each field's metadata has its ``help``, and a ``metavar`` if the type's name says too little.
    Several numbers are written with commas; an option for several paths is given several times.
    """

    def decorate(command: _Command) -> _Command:
        signature, hints = inspect.signature(command), get_type_hints(recipe)
        given = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
        asked = [field for field in fields(recipe) if field.name not in without]
        added = [_parameter(field, hints[field.name], panel) for field in asked]
        command.__signature__ = signature.replace(parameters=[*given, *added])  # type: ignore[attr-defined]
        command.__annotations__ = {p.name: p.annotation for p in (*given, *added)}
        return command

    return decorate


def is_default(context: typer.Context, option: str) -> bool:
    """Whether nobody gave ``option``."""
    source = context.get_parameter_source(option)
    return source is not None and source.name == "DEFAULT"


def read_options(recipe: type[_Recipe], options: dict[str, Any]) -> _Recipe:
    """Raises UsageError where a list cannot be read, and what ``recipe`` raises."""
    hints = get_type_hints(recipe)
    values = {
        name: read_list(name, value, hints[name].__args__[0]) if _listed(hints[name]) else value
        for name, value in options.items()
    }
    return recipe(**values)


def read_list(name: str, text: str, item: Callable[[str], Any]) -> tuple[Any, ...]:
    """Raises UsageError naming the option ``name`` where ``text`` is no list of ``item``."""
    try:
        return tuple(item(part.strip()) for part in text.split(",") if part.strip())
    except ValueError:
        raise UsageError(
            f"--{name.replace('_', '-')} {text!r}: give numbers with commas between, as 1,0.5"
        ) from None


def _parameter(field: Any, hint: Any, panel: str) -> inspect.Parameter:
    default = field.default
    if hint == tuple[Path, ...]:
        hint, default = list[Path], list(default)
    elif _listed(hint):
        hint, default = str, ",".join(map(str, default))
    about = field.metadata
    option = typer.Option(help=about["help"], metavar=about.get("metavar"), rich_help_panel=panel)
    return inspect.Parameter(
        field.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=Annotated[hint, option],
    )


def _listed(hint: Any) -> bool:
    return get_origin(hint) is tuple
