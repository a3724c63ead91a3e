"""Options as fields of a frozen dataclass, each with its help and its range or choices."""

import sys
from collections.abc import Mapping
from dataclasses import field, fields
from typing import Any, get_type_hints

from realtime_nst.errors import UnknownName, UsageError
from realtime_nst.spec import choices_of

LARGEST_SEED = 2**63 - 1
_LARGEST = sys.float_info.max


def option(
    default: Any,
    help: str,
    least: float = 0,
    most: float = _LARGEST,
    *,
    group: str = "",
    changes_result: bool = True,
) -> Any:
    """A dataclass field that holds a finite number from ``least`` to ``most``, one of the choices
    of its ``Literal`` type, any other text, or a tuple of these.

    ``group`` is the heading in the help. ``changes_result`` is False for a field on which the
    result does not depend.
    """
    metadata = {"help": f"{help}.", "group": group, "least": least, "most": most}
    return field(default=default, metadata={**metadata, "changes_result": changes_result})


def check(options: Any) -> None:
    """Raises UsageError or UnknownName for the first field that is out of its range or choices.

    A list of layers or scales may be empty only if the weight that belongs to it is 0.
    """
    hints = get_type_hints(type(options))
    for each in fields(options):
        flag, value = f"--{each.name.replace('_', '-')}", getattr(options, each.name)
        items = value if isinstance(value, tuple) else (value,)
        if not items and getattr(options, each.name.replace("layers", "weight"), True):
            raise UsageError(f"{flag} is empty; name at least one, or set its weight to 0")
        choices = choices_of(hints[each.name])
        for item in items:
            if not isinstance(item, str):
                _check_number(flag, item, each.metadata)
            elif choices and item not in choices:
                raise UnknownName(flag, item, choices)


def _check_number(flag: str, value: float, bounds: Mapping[str, float]) -> None:
    if bounds["least"] <= value <= bounds["most"]:
        return
    allowed = f"from {_shown(bounds['least'])}"
    if bounds["most"] != _LARGEST:
        allowed += f" to {_shown(bounds['most'])}"
    raise UsageError(f"{flag} {_shown(value)} is out of range; give a finite number {allowed}")


def _shown(number: float) -> str:
    return str(number) if isinstance(number, int) else f"{number:g}"
