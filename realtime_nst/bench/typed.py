"""JSON values as the types of dataclasses say, checked: a file may hold anything."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

_LARGEST = 2.0**1000
"""Beyond it whole numbers become infinite, and ratios undefined."""


def typed(value: Any, wanted: Any, where: str) -> Any:
    """``value`` as the type ``wanted``: a dataclass, a tuple, a sequence, a mapping from texts, a
    number, a text, a truth value, a path, or a union of these.

    Unknown fields of a dataclass are ignored, as a later version may have added them. Raises
    ValueError, which says ``where`` the first value of another type is.
    """
    kind, inner = get_origin(wanted) or wanted, get_args(wanted)
    if is_dataclass(wanted) and isinstance(value, dict):
        return _dataclass(value, wanted, where)
    if kind is UnionType:
        return _one_of(value, inner, where)
    if kind is Mapping and isinstance(value, dict):
        return {key: typed(each, inner[1], f"{where}.{key}") for key, each in value.items()}
    if kind in (tuple, Sequence) and isinstance(value, list):
        items = _items(value, inner, where)
        return tuple(items) if kind is tuple else items
    if kind is Path and isinstance(value, str):
        return Path(value)
    fits = type(value) is kind or (kind is float and type(value) is int)
    if fits and (not isinstance(value, int | float) or abs(value) < _LARGEST):
        return value
    raise ValueError(f"{where} is {str(value)[:40]!r}")


def _dataclass(value: Mapping[str, Any], wanted: Any, where: str) -> Any:
    hints = get_type_hints(wanted)
    given = {}
    for each in fields(wanted):
        if each.name in value:
            given[each.name] = typed(value[each.name], hints[each.name], f"{where}.{each.name}")
        elif each.default is MISSING and each.default_factory is MISSING:
            raise ValueError(f"{where}.{each.name} is missing")
    return wanted(**given)


def _one_of(value: Any, choices: tuple[Any, ...], where: str) -> Any:
    for each in choices:
        try:
            return typed(value, each, where)
        except ValueError:
            continue
    raise ValueError(f"{where} is {str(value)[:40]!r}")


def _items(value: Sequence[Any], inner: tuple[Any, ...], where: str) -> list[Any]:
    """``inner`` is one type for all items, or that of each."""
    if len(inner) == 1 or inner[-1] is Ellipsis:
        inner = (inner[0],) * len(value)
    if len(inner) != len(value):
        raise ValueError(f"{where} has {len(value)} items, not {len(inner)}")
    return [
        typed(each, kind, f"{where}[{number}]")
        for number, (each, kind) in enumerate(zip(value, inner, strict=True))
    ]
