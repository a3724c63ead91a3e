"""Values as JSON has them."""

from collections.abc import Mapping
from dataclasses import fields
from fractions import Fraction
from pathlib import Path
from typing import Any


def plain(value: Any) -> Any:
    """Dataclasses as objects, sets as sorted lists, times as texts."""
    if isinstance(value, Fraction | Path):
        return str(value)
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    if isinstance(value, set):
        return sorted(value)
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items()}
    if hasattr(value, "__dataclass_fields__"):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    return value


def times(told: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """``told`` with times for the texts ``names`` (default: for all texts)."""
    wanted = names or [name for name, value in told.items() if isinstance(value, str)]
    found = {name: Fraction(told[name]) for name in wanted if told[name] is not None}
    return {**told, **found}
