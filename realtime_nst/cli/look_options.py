"""The options of a look, made from its fields: a new setting appears in every command by itself."""

import inspect
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import wraps
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import typer

from realtime_nst.cli import console
from realtime_nst.errors import UsageError
from realtime_nst.look import PAINTING, Look, View, amended, settings_of
from realtime_nst.values import choices_of

_PRESETS, _SAVE = "Presets", "save"

OF_VIEW = tuple(settings_of(View))
"""The settings that commands leave out which show nothing."""

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
    """Give a command the options of a look and a view in place of its parameters ``look`` and
    ``view``, but for the settings ``without``, which it does not use.

    ``look`` and ``view`` hold the defaults that are shown. ``start`` gives what holds instead of
    them where neither an option nor ``--look`` says otherwise: the settings of last time.
    """
    usual: tuple[Look, View] = look or Look(), view or View()
    names = [[name for name in settings_of(type(p)) if name not in without] for p in usual]

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def run(context: typer.Context, look_file: Path | None, **given: Any) -> None:
            options = {name: given.pop(name) for name in chain(*names)}
            # A look that is typed comes before what variables and the file of settings say.
            least = max(1, _rank(context, "look_file"))
            asked = {name: options[name] for name in options if _rank(context, name) >= least}
            before = usual
            if look_file:
                before = _load(look_file, asked)
                _say_what_is_unused(without, *before)
            elif start:
                before = start()
            look, view = _chosen(*before, asked)
            command(**given, look=look, view=view)

        signature = inspect.signature(command)
        own = {
            name: parameter.replace(kind=parameter.KEYWORD_ONLY)
            for name, parameter in signature.parameters.items()
            if name not in ("look", "view")
        }
        save = [own.pop(_SAVE)] if _SAVE in own else []
        made = [_option(usual[0], name, remembered=start is not None) for name in names[0]]
        made += [_option(usual[1], name, remembered=start is not None) for name in names[1]]
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


def _rank(context: typer.Context, option: str) -> int:
    """How firmly ``option`` was given: 0 not at all, 1 by the file of settings, 2, 3 typed."""
    source = context.get_parameter_source(option)
    ranks = ("DEFAULT", "DEFAULT_MAP", "ENVIRONMENT", "COMMANDLINE")
    return ranks.index(source.name) if source else 0


def _chosen(look: Look, view: View, asked: Mapping[str, Any]) -> tuple[Look, View]:
    of_view = {name: value for name, value in asked.items() if name in settings_of(type(view))}
    of_look = {name: value for name, value in asked.items() if name not in of_view}
    look = amended(look, **of_look)
    if "morph_seconds" in asked and not look.morph_to:
        raise UsageError("--morph-seconds has no effect without --morph-to; give both")
    if asked.get("painter"):
        from realtime_nst.runtime.player import check_painter

        check_painter(
            [each for each in (look.style, look.rest, look.morph_to) if each], look.painter
        )
    return look, replace(view, **of_view)


def refuse_replacing(written: Iterable[Path], look: Look, *read: Path) -> None:
    """Raises :class:`UsageError` where a file to be ``written`` is one that the command reads:
    one of ``read``, or one that ``look`` refers to."""
    from realtime_nst.references import files_of

    inputs = {_file(path) for path in (*read, *files_of(look)) if path.exists()}
    for path in written:
        if path.exists() and _file(path) in inputs:
            raise UsageError(f"{path} is read by this command; give the result another name")


def _file(path: Path) -> tuple[int, int]:
    """The same for two names of one file."""
    facts = path.stat()
    return facts.st_dev, facts.st_ino


def save_look(path: Path | None, look: Look, view: View, *, overwrite: bool = False) -> None:
    """Do what ``--save-look`` asks for, if it was given."""
    from realtime_nst import presets

    if path is not None:
        presets.save(path, look, view, overwrite=overwrite)


def _load(path: Path, asked: Container[str]) -> tuple[Look, View]:
    from realtime_nst import presets

    return presets.load(path, unchecked=asked)


def _say_what_is_unused(without: Container[str], *parts: Look | View) -> None:
    unused = [
        name.replace("_", " ")
        for part in parts
        for name in settings_of(type(part))
        if name in without and getattr(part, name) != getattr(type(part)(), name)
    ]
    if unused:
        console.say_notice(f"this command does not use the {', '.join(unused)} of the look")


def _option(usual: Look | View, name: str, *, remembered: bool) -> inspect.Parameter:
    """A command that remembers settings shows no defaults.

    Choices and ranges are shown and completed here, and checked by the look itself: it names
    the value and the nearest choice, which Typer does not."""
    hint, about = settings_of(type(usual))[name]
    default, choices = getattr(usual, name), choices_of(hint)
    help = about.help
    if remembered:
        help = help.partition(" (default:")[0]
    option = typer.Option(
        *(["--style", "-s"] if name == "style" else []),
        help=help,
        rich_help_panel=None if about.group == PAINTING else about.group,
        metavar="|".join(choices) or about.metavar or None,
        show_default=not remembered and default not in ("", None, False),
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
        from realtime_nst.runtime.styles import read_installed

        known = choices or list(read_installed().choices)
        return [name for name in known if name.startswith(incomplete)]

    return complete


def _keyword(name: str, annotation: Any, **more: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, **more)
