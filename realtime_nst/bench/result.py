"""What was measured, and with what: kept after every unit as JSON and CSV."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from realtime_nst.bench.case import Row
from realtime_nst.bench.conditions import Conditions
from realtime_nst.bench.typed import typed
from realtime_nst.errors import UsageError, one_line
from realtime_nst.files import write_whole

SCHEMA = 2

_LARGEST = 2**28
"""Bytes of a file; the whole suite gives some 1,000,000."""


@dataclass(frozen=True)
class CaseText:
    """What the report says of a case; see :class:`realtime_nst.bench.case.Case`."""

    name: str
    title: str
    explains: str
    omits: str


@dataclass(frozen=True)
class Measured:
    """One unit: its rows, or in ``left_out`` why there are none, and the ``seconds`` it took.
    A ``defect`` is an error that no case should raise. ``yardstick`` holds the seconds that
    :mod:`~realtime_nst.bench.yardstick` took beside it."""

    case: str
    unit: str
    seconds: float
    rows: tuple[Row, ...] = ()
    left_out: str = ""
    defect: bool = False
    yardstick: tuple[float, ...] = ()


@dataclass(frozen=True)
class Result:
    """``date`` (ISO 8601) is when the first of its units was begun; ``finished`` is true when the
    last run went over all units it was asked for."""

    conditions: Conditions
    date: str
    cases: tuple[CaseText, ...] = ()
    units: tuple[Measured, ...] = ()
    finished: bool = False

    def rows(self, case: str) -> list[Row]:
        return [row for unit in self.units if unit.case == case for row in unit.rows]

    @property
    def left_out(self) -> list[Measured]:
        return [unit for unit in self.units if unit.left_out]

    def kept(self, case: str, unit: str) -> bool:
        """Whether that unit is measured."""
        return any((u.case, u.unit) == (case, unit) and not u.left_out for u in self.units)

    def with_unit(self, measured: Measured) -> "Result":
        """This result with ``measured`` added, in place of an earlier unit of that name."""
        name = measured.case, measured.unit
        others = tuple(unit for unit in self.units if (unit.case, unit.unit) != name)
        return replace(self, units=(*others, measured))


def prepare(folder: Path) -> None:
    """Make ``folder`` if it is not there. Raises UsageError if it cannot be written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_text(folder / ".writable", "")
        (folder / ".writable").unlink()
    except OSError as error:
        raise UsageError(
            f"cannot write to folder {str(folder)!r}: {error.strerror}; choose another with -o"
        ) from error


def write(result: Result, folder: Path) -> Path:
    """Write STEM.json and STEM.csv, each whole or not at all. Returns the path of the JSON."""
    path = folder / f"{result.conditions.stem}.json"
    write_text(path, to_json(result))
    write_text(path.with_suffix(".csv"), to_csv(result))
    return path


def write_text(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8, whole or not at all."""
    with write_whole(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8", newline="")


def read(path: Path) -> Result:
    """Raises UsageError if there is no such file, or it is not a result."""
    try:
        if path.exists() and (not path.is_file() or path.stat().st_size > _LARGEST):
            raise ValueError("it is not a file, or too large")
        return from_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UsageError(
            f"there is no file {str(path)!r}; give the .json of an earlier run"
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(
            f"{str(path)!r} cannot be read as a benchmark result ({one_line(error)}); "
            "give the .json of an earlier run"
        ) from error


def to_json(result: Result) -> str:
    return json.dumps({"schema": SCHEMA, **asdict(result)}, default=str, allow_nan=False)


def from_json(text: str) -> Result:
    """Raises ValueError or RecursionError if ``text`` is not a result."""
    data = json.loads(text, parse_constant=_refuse)
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        schema = str(data.get("schema"))[:40] if isinstance(data, dict) else "missing"
        raise ValueError(f"its schema is {schema}, and this version reads {SCHEMA}")
    result: Result = typed(data, Result, "result")
    return result


def _refuse(constant: str) -> None:
    raise ValueError(f"it holds {constant}")


def to_csv(result: Result) -> str:
    """A tidy table, one line for each figure: case, the columns of all keys, figure, value."""
    rows = [(unit.case, row) for unit in result.units for row in unit.rows]
    columns = list(dict.fromkeys(column for _, row in rows for column in row.key))
    text = io.StringIO()
    table = csv.DictWriter(text, ["case", *columns, "figure", "value"], restval="")
    table.writeheader()
    table.writerows(_lines(rows))
    return text.getvalue()


def _lines(rows: list[tuple[str, Row]]) -> Iterator[dict[str, Any]]:
    for case, row in rows:
        for figure, value in row.figures.items():
            yield {"case": case, **row.key, "figure": figure, "value": value}
