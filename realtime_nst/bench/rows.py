"""Questions that headlines and plots ask of rows, and figures as a person reads them."""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from realtime_nst.bench.case import Figure, Row


def number(value: Figure) -> str:
    """Three significant digits, thousands with a comma; a dash for what was not measured."""
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    size = abs(value)
    if isinstance(value, int) or size == 0 or size >= 99.95:
        return f"{value:,.0f}"
    return f"{value:.1f}" if size >= 9.995 else f"{value:#.3g}"


def is_number(row: Row, figure: str) -> bool:
    return isinstance(row.figures.get(figure), (int, float))


def value(row: Row, figure: str) -> float:
    """Raises KeyError or ValueError for what is not a number."""
    found: Any = row.figures[figure]
    return float(found)


def preferred(rows: Sequence[Row], column: str, wanted: str) -> Sequence[Row]:
    """The rows whose key has ``wanted`` in ``column``, or all rows if there is none."""
    return [row for row in rows if row.key.get(column) == wanted] or rows


def best(rows: Iterable[Row], figure: str, choose: Callable[..., Row]) -> list[Row]:
    """The row that ``choose`` (min or max) takes by ``figure``; none if no row has it."""
    found = [row for row in rows if is_number(row, figure)]
    return [choose(found, key=lambda row: row.figures[figure])] if found else []


def grouped(rows: Iterable[Row], name: Callable[[Row], str]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(name(row), []).append(row)
    return groups


def distinct_name(row: Row, *columns: str, among: Sequence[Row]) -> str:
    """What tells the row from ``among``: its values in the columns that differ, or the last."""
    telling = [c for c in columns if len({other.key.get(c) for other in among}) > 1]
    return ", ".join(row.key.get(c, "") for c in telling or columns[-1:])


def pixels(size: str) -> int:
    """307,200 for "640x480"."""
    return math.prod(int(side) for side in re.findall(r"\d+", size))
