"""Options as fields of a frozen dataclass, each with its help and its range or choices."""

from dataclasses import field, fields
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from realtime_nst.errors import UnknownName, UsageError
from realtime_nst.values import check_number, choices_of

LARGEST_SEED = 2**63 - 1
_MOST = 1_000_000
"""Far more than any weight or number of steps of use; beyond, float32 has no room for sums."""

_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


def option(
    default: Any,
    help: str,
    least: float = 0,
    most: float = _MOST,
    *,
    group: str = "",
    changes_result: bool = True,
) -> Any:
    """A dataclass field that holds a number from ``least`` to ``most``, one of the choices of its
    ``Literal`` type, any other text, or a tuple of these.

    ``group`` is the heading in the help. ``changes_result`` is False for a field on which the
    result does not depend.
    """
    metadata = {"help": f"{help}.", "group": group, "least": least, "most": most}
    return field(default=default, metadata={**metadata, "changes_result": changes_result})


def check(options: Any) -> None:
    """Raises UsageError or UnknownName for the first field that is out of its range or choices, or
    of the wrong type.

    A list of layers or scales may be empty only if the weight that belongs to it is 0.
    """
    hints = get_type_hints(type(options))
    for each in fields(options):
        flag, value = f"`{each.name}`", getattr(options, each.name)
        choices = choices_of(hints[each.name])
        if not fits(value, hints[each.name]) and not choices:
            raise UsageError(f"{flag} is {_expected(hints[each.name])}, not {str(value)[:40]!r}")
        items = value if isinstance(value, tuple) else (value,)
        if not items and getattr(options, each.name.replace("layers", "weight"), True):
            raise UsageError(f"{flag} is empty; name at least one, or set its weight to 0")
        for item in items:
            if choices and item not in choices:
                raise UnknownName(flag, str(item)[:40], choices)
            if not isinstance(item, str):
                check_number(flag, item, each.metadata["least"], each.metadata["most"])


def fits(value: object, hint: Any) -> bool:
    """Whether ``value`` is of the type ``hint``: a class, a union, or a tuple, list or dict of
    such. A whole number is a number, a truth value is not."""
    origin, of = get_origin(hint), get_args(hint)
    if hint is Any:
        return True
    if origin is UnionType:
        return any(fits(value, each) for each in of)
    if origin is dict:
        return isinstance(value, dict) and all(
            fits(key, of[0]) and fits(each, of[1]) for key, each in value.items()
        )
    if origin in (list, tuple):
        return isinstance(value, origin) and all(fits(each, of[0]) for each in value)
    if choices_of(hint):
        return value in choices_of(hint)
    if isinstance(value, bool) and hint is not bool:
        return False
    return isinstance(value, int | float if hint is float else hint)


def _expected(hint: Any) -> str:
    listed = get_origin(hint) is tuple
    word = _WORDS[get_args(hint)[0] if listed else hint]
    return f"a list, each {word}" if listed else word
