"""What holds where no option is given: variables of the environment, then a file of settings."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from realtime_nst.errors import UnknownName, UsageError
from realtime_nst.look import Look, View, settings_of

FILE_VARIABLE = "REALTIME_NST_CONFIG"
ALL = "defaults"
"""The table of the file that is for every command."""

_PREFIX = "REALTIME_NST"
_OF_LOOKS = {*settings_of(Look), *settings_of(View)}
_SHARED = {*_OF_LOOKS, "provider", "loss_network", "workers", "quiet", "verbose"}
_OF_ONE_RUN = {
    *("output", "save", "list_", "events", "as_json"),
    *("overwrite", "resume", "restart", "skip_existing", "install", "remove"),
    *("recursive", "watch"),
}
"""Options that only make sense where they are typed."""


@dataclass(frozen=True)
class Setting:
    """``where`` it is set: a variable, or a table of the file."""

    option: str
    value: str
    where: str


def path() -> Path:
    """Of the file of settings; ``$REALTIME_NST_CONFIG`` names another one."""
    given = os.environ.get(FILE_VARIABLE)
    return Path(given) if given else platformdirs.user_config_path("realtime_nst") / "config.toml"


def variables_of(command: Any, param: Any) -> list[str] | None:
    """The variables that stand for ``param`` of ``command``, the first one before the others."""
    if not _can_be_set(param):
        return None
    own = _variable(command.name, _option(param))
    return [own, _variable(_option(param))] if _is_shared(command, param) else [own]


def defaults(commands: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The values that the file sets, by command and parameter, as if they had been typed.

    Raises UsageError for a file that cannot be read, and for what no command knows in it.
    """
    tables = _read(path())
    found: dict[str, dict[str, Any]] = {name: {} for name in commands}
    for table in sorted(tables, key=lambda name: name != ALL):  # the command's own wins
        if table != ALL and table not in commands:
            choices = (ALL, *commands)
            raise UnknownName("table", table, choices, f"in {path()}: write [defaults] or [video]")
        keys = _keys(commands, table)
        for key, value in _table(tables, table).items():
            known = keys.get(key.replace("_", "-"))
            if known is None:
                raise UnknownName("setting", key, keys, f"it is in {path()}, [{table}]")
            for command, param in known:
                found[command][param.name] = _typed(param, value, table)
    return found


def found(commands: Mapping[str, Any]) -> list[Setting]:
    """Everything that is set by a variable or in the file, for the person to see."""
    by_variable = {
        name: _option(param)
        for command in commands.values()
        for param in command.params
        for name in param.envvar or ()
        if os.environ.get(name)
    }
    variables = [Setting(option, os.environ[name], name) for name, option in by_variable.items()]
    tables = _read(path())
    return variables + [
        Setting(key, str(value), f"[{table}]")
        for table in tables
        for key, value in _table(tables, table).items()
    ]


def origin(command: Any, name: str, source: str) -> str:
    """Where the parameter ``name`` has its value from, if it was not typed; else empty.

    ``source`` is the name of Typer's ParameterSource.
    """
    if source == "DEFAULT_MAP":
        tables, param = _read(path()), _param(command, name)
        own = {key.replace("_", "-") for key in tables.get(command.name, ())}
        return f"{path()}, [{command.name if _option(param) in own else ALL}]"
    if source == "ENVIRONMENT":
        return next(str(each) for each in _param(command, name).envvar if os.environ.get(each))
    return ""


def origin_of(command: Any, context: Any, message: str) -> str:
    """Where what ``message`` complains of has its value from, if it was not typed; else empty."""
    for param in command.params:
        source = context.get_parameter_source(param.name)
        where = origin(command, param.name, source.name) if source else ""
        option, value = _option(param), str(context.params.get(param.name))
        named = f"--{option} ", f"`{param.name}`", f"unknown {option} ", repr(value)
        if where and any(part in message for part in named):
            return where
    return ""


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if os.environ.get(FILE_VARIABLE):
            raise UsageError(f"there is no file {file}; {FILE_VARIABLE} names it") from None
        return {}
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"the settings in {file} cannot be read: {why}; mend the file") from None


def _table(tables: dict[str, Any], name: str) -> dict[str, Any]:
    if not isinstance(tables[name], dict):
        raise UsageError(f"{path()}: {name!r} stands outside of a table; put it below [{ALL}]")
    return dict(tables[name])


def _keys(commands: Mapping[str, Any], table: str) -> dict[str, list[tuple[str, Any]]]:
    """What may be set in ``table``: by option, the commands and parameters that it sets."""
    keys: dict[str, list[tuple[str, Any]]] = {}
    for name, command in commands.items():
        for param in filter(_can_be_set, command.params):
            if name == table or (table == ALL and _is_shared(command, param)):
                keys.setdefault(_option(param), []).append((name, param))
    return keys


def _typed(param: Any, value: Any, table: str) -> Any:
    option = _option(param)
    if getattr(param, "is_flag", False):
        kind, fits = "true or false", isinstance(value, bool)
    elif param.multiple:
        kind, fits = 'a list, as ["a", "b"]', isinstance(value, list)
    else:
        kind, fits = "a text or a number", isinstance(value, str | int | float)
        fits = fits and not isinstance(value, bool)
    if not fits:
        raise UsageError(f"{path()}, [{table}]: {option} is {value!r}; give {kind}")
    if isinstance(value, list):
        return [str(item) for item in value]
    return value if isinstance(value, bool) else str(value)


def _can_be_set(param: Any) -> bool:
    return (
        param.param_type_name == "option"
        and not param.hidden
        and not param.is_eager
        and param.name not in _OF_ONE_RUN
    )


def _is_shared(command: Any, param: Any) -> bool:
    """Whether the option means the same in every command that has it: the style of training is a
    painting, and the benchmark measures every provider."""
    if param.name not in _SHARED or param.multiple:
        return False
    return param.name not in _OF_LOOKS or any(p.name == "look_file" for p in command.params)


def _param(command: Any, name: str) -> Any:
    return next(param for param in command.params if param.name == name)


def _option(param: Any) -> str:
    """Its long name, without dashes."""
    return str(max(param.opts, key=len)).lstrip("-")


def _variable(*parts: str) -> str:
    return "_".join((_PREFIX, *parts)).replace("-", "_").replace(" ", "_").upper()
