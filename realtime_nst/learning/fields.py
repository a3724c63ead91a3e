"""Options as fields of a frozen dataclass: each with its help, its bounds or its choices."""

import sys
from collections.abc import Sequence
from dataclasses import field, fields
from typing import Any

from realtime_nst.errors import UnknownName, UsageError

LARGEST_SEED = 2**63 - 1
_LARGEST = sys.float_info.max


def option(
    default: Any,
    help: str,
    least: float = 0,
    most: float = _LARGEST,
    *,
    choices: Sequence[str] = (),
    changes_result: bool = True,
) -> Any:
    """A dataclass field: a finite number from ``least`` to ``most``, or one of ``choices``."""
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
        allowed = f"from {_shown(bounds['least'])}"
        if bounds["most"] != _LARGEST:
            allowed += f" to {_shown(bounds['most'])}"
        raise UsageError(f"{flag} {_shown(value)} cannot be; give a finite number {allowed}")


def _shown(number: float) -> str:
    return str(number) if isinstance(number, int) else f"{number:g}"
