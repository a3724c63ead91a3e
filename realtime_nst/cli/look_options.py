"""The options of a look, made from its fields: a new setting appears in every command by itself."""

import inspect
from collections.abc import Callable, Container, Sequence
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from realtime_nst.cli.recipe_options import is_default
from realtime_nst.look import PAINTING, Look, View, choices_of, settings_of

_PRESETS, _SAVE = "Presets", "save"

_LOOK_FILE = Annotated[
    Path | None,
    typer.Option(
        "--look",
        metavar="FILE.json",
        rich_help_panel=_PRESETS,
        help="Take the settings from a look that was saved; options given beside it override it.",
    ),
]
SaveLook = Annotated[
    Path | None,
    typer.Option(
        "--save-look",
        metavar="FILE.json",
        rich_help_panel=_PRESETS,
        help="Save the settings as a look, to use again or to share.",
    ),
]


def with_look(
    *,
    look: Look | None = None,
    view: View | None = None,
    without: Container[str] = (),
    start: Callable[[], tuple[Look, View]] | None = None,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options of a look in place of its parameter ``look``, and those of a view
    in place of ``view`` where it has one, but for the settings ``without``.

    ``look`` and ``view`` hold the defaults that are shown. ``start`` gives what holds instead of
    them where neither an option nor ``--look`` says otherwise.
    """
    defaults: dict[str, Look | View] = {"look": look or Look(), "view": view or View()}

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(command)
        names = {
            part: [name for name in settings_of(type(usual)) if name not in without]
            for part, usual in defaults.items()
            if part in signature.parameters
        }

        @wraps(command)
        def run(context: typer.Context, look_file: Path | None, **given: Any) -> None:
            before = dict(defaults)
            if look_file or start:
                chosen = _load(look_file) if look_file else start()  # type: ignore[misc]
                before = dict(zip(before, chosen, strict=True))
            for part, settings in names.items():
                options = {name: given.pop(name) for name in settings}
                asked = {name: options[name] for name in settings if not is_default(context, name)}
                given[part] = replace(before[part], **asked)
            command(**given)

        own = {
            name: parameter.replace(kind=parameter.KEYWORD_ONLY)
            for name, parameter in signature.parameters.items()
            if name not in names
        }
        save = [own.pop(_SAVE)] if _SAVE in own else []
        made = [_option(defaults[part], name) for part, found in names.items() for name in found]
        parameters = [
            _keyword("context", typer.Context),
            *(option for option in made if _is_common(option)),
            *own.values(),
            *(option for option in made if not _is_common(option)),
            _keyword("look_file", _LOOK_FILE, default=None),
            *save,
        ]
        run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in parameters}
        return run

    return decorate


def save_look(
    path: Path | None, look: Look, view: View | None = None, *, overwrite: bool = False
) -> None:
    """What ``--save-look`` asks for, if it was given."""
    from realtime_nst import presets

    if path is not None:
        presets.save(path, look, view or View(), overwrite=overwrite)


def _load(path: Path) -> tuple[Look, View]:
    from realtime_nst import presets

    return presets.load(path)


def _option(usual: Look | View, name: str) -> inspect.Parameter:
    """Choices and ranges are shown and completed here, and checked by the look itself: it names
    the value and the nearest choice, which Typer does not."""
    hint, about = settings_of(type(usual))[name]
    default, choices = getattr(usual, name), choices_of(hint)
    option = typer.Option(
        *(["--style", "-s"] if name == "style" else []),
        help=about.help,
        rich_help_panel=None if about.group == PAINTING else about.group,
        metavar="|".join(choices) or about.metavar or None,
        show_default=default not in ("", None, False),
        autocompletion=_completion(choices, about.names),
    )
    return _keyword(name, Annotated[str if choices else hint, option], default=default)


def _is_common(option: inspect.Parameter) -> bool:
    """Whether help shows ``option`` first, above the command's own."""
    return option.annotation.__metadata__[0].rich_help_panel is None


def _completion(choices: Sequence[str], names: str) -> Callable[[str], list[str]] | None:
    if not choices and names != "styles":
        return None

    def complete(incomplete: str) -> list[str]:
        from realtime_nst.runtime.styles import installed

        known = choices or [entry.name for entry in installed()]
        return [name for name in known if name.startswith(incomplete)]

    return complete


def _keyword(name: str, annotation: Any, **more: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, **more)
