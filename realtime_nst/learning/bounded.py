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
    changes_result: bool = True,
) -> Any:
    """A dataclass field. Numbers go from ``least`` to ``most``, texts are one of ``choices``."""
    told = f"{help}: {', '.join(choices)}" if choices else help
    bounds = {"help": told, "least": least, "most": most, "choices": choices}
    return field(default=default, metadata={**bounds, "changes_result": changes_result})


def check(options: Any) -> None:
    """Raises UsageError or UnknownName for the first field outside its bounds.

    A list may be empty only where the weight of its name is 0.
    """
    for each in fields(options):
        value = getattr(options, each.name)
        items = value if isinstance(value, tuple) else (value,)
        if not items and getattr(options, each.name.replace("layers", "weight"), True):
            raise UsageError(
                f"{_flag(each.name)} is empty; name at least one, or set its weight to 0"
            )
        for item in items:
            _check(_flag(each.name), item, each.metadata)


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _check(flag: str, value: Any, bounds: Any) -> None:
    if isinstance(value, str):
        if bounds["choices"] and value not in bounds["choices"]:
            raise UnknownName(flag, value, bounds["choices"])
    elif not bounds["least"] <= value <= bounds["most"]:
        allowed = f"from {bounds['least']:g}"
        if bounds["most"] != float("inf"):
            allowed += f" to {bounds['most']:g}"
        raise UsageError(f"{flag} {value:g} cannot be; it goes {allowed}")
