"""Command-line options read from the fields of a dataclass, so that defaults are written once."""

import inspect
from collections.abc import Callable, Container, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_origin, get_type_hints

import typer

from realtime_nst.errors import UsageError
from realtime_nst.values import choices_of, shown

_WIDEST_METAVAR = 28
"""More choices are listed in the help text: the column of metavars takes its width from it."""

_WIDEST_RANGE = len("48..2048") + 1

_Recipe = TypeVar("_Recipe")
_Command = TypeVar("_Command", bound=Callable[..., None])


def with_options_of(
    recipe: type, panel: str, *, without: Container[str] = ()
) -> Callable[[_Command], _Command]:
    """Give a command one option a field of ``recipe`` in place of its ``**`` parameter, but for
    those ``without``.

    Each field's metadata has its ``help``, a ``metavar`` if the type's name says too little, and a
    ``group`` if its heading in the help is not ``panel``. Several numbers or names are written with
    commas; an option for several paths, or for NAME=VALUE, is given several times. Choices are
    shown and completed here, and checked by the recipe: it names the value and the nearest choice.
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


def of_its_paper(
    context: typer.Context, options: Mapping[str, Any], rows: Mapping[str, Any]
) -> dict[str, Any]:
    """What the network in ``options``, one of the table ``rows``, is trained with after its paper,
    but for the options that somebody gave. Nothing for an unknown network."""
    row = rows.get(options["network"].partition(":")[0])
    wanted = row.recipe if row else {}
    return {name: value for name, value in wanted.items() if is_default(context, name)}


def read_options(recipe: type[_Recipe], options: dict[str, Any]) -> _Recipe:
    """Raises UsageError where a list cannot be read, and what ``recipe`` raises."""
    hints = get_type_hints(recipe)
    values = {
        name: read_list(name, value, _item(hints[name]))
        if _listed(hints[name]) and isinstance(value, str)
        else value
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
    default, about, choices = field.default, field.metadata, choices_of(hint)
    metavar, help = about.get("metavar"), about["help"]
    if hint == tuple[Path, ...] or "=" in (metavar or ""):
        hint, default = list[hint.__args__[0]], list(default)
    elif _listed(hint):
        metavar = metavar or ("N,…" if _item(hint) is float else "NAME,…")
        hint, default = str, ",".join(map(str, default))
    elif choices:
        hint, metavar = str, "|".join(choices)
        metavar = metavar if len(metavar) < _WIDEST_METAVAR else "NAME"
    elif not metavar:
        metavar = "NAME" if hint is str else _range(about)
    if choices and "|" not in metavar:
        help = f"{help.rstrip('.')}: {', '.join(choices)}."
    option = typer.Option(
        help=help,
        metavar=metavar,
        rich_help_panel=about.get("group") or panel,
        autocompletion=(lambda: list(choices)) if choices else None,
    )
    return inspect.Parameter(
        field.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=Annotated[hint, option],
    )


def _range(about: Mapping[str, Any]) -> str:
    """``0..1``; N where a bound is far away, or there is none."""
    least, most = about.get("least"), about.get("most")
    text = "" if least is None or most is None else f"{shown(least)}..{shown(most)}"
    return text if text and len(text) < _WIDEST_RANGE and "e" not in text else "N"


def _item(hint: Any) -> Callable[[str], Any]:
    """What reads an item of a list of type ``hint``."""
    return str if choices_of(hint) else hint.__args__[0]


def _listed(hint: Any) -> bool:
    return get_origin(hint) is tuple
