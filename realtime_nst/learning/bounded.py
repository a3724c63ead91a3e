"""Options as fields of a frozen dataclass: each with its help, its bounds or its choices."""

from collections.abc import Sequence
from dataclasses import field, fields
from typing import Any

from realtime_nst.errors import UnknownName, UsageError


def option(
    default: Any,
    help: str,
    least: float = 0,
    most: float = float("inf"),
    *,
    choices: Sequence[str] = (),
) -> Any:
    """A dataclass field. Numbers go from ``least`` to ``most``, texts are one of ``choices``."""
    told = f"{help}: {', '.join(choices)}" if choices else help
    bounds = {"help": told, "least": least, "most": most, "choices": choices}
    return field(default=default, metadata=bounds)


def check(options: Any) -> None:
    """Raises UsageError or UnknownName for the first field outside its bounds."""
    for each in fields(options):
        value = getattr(options, each.name)
        for item in value if isinstance(value, tuple) else (value,):
            _check(each.name, item, each.metadata)


def _check(name: str, value: Any, bounds: Any) -> None:
    flag = f"--{name.replace('_', '-')}"
    if isinstance(value, str):
        if bounds["choices"] and value not in bounds["choices"]:
            raise UnknownName(flag, value, bounds["choices"])
    elif not bounds["least"] <= value <= bounds["most"]:
        allowed = f"from {bounds['least']:g}"
        if bounds["most"] != float("inf"):
            allowed += f" to {bounds['most']:g}"
        raise UsageError(f"{flag} {value:g} cannot be; it goes {allowed}")
