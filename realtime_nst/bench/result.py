"""What was measured, and with what: kept after every unit as JSON and CSV."""

import csv
import io
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from realtime_nst.bench.case import Row, Settings
from realtime_nst.bench.machine import Machine
from realtime_nst.bench.precision import precision
from realtime_nst.bench.provenance import Code
from realtime_nst.errors import UsageError

SCHEMA = 2


@dataclass(frozen=True)
class CaseText:
    """What the report says of a case; see :class:`realtime_nst.bench.case.Case`."""

    name: str
    title: str
    explains: str
    omits: str


@dataclass(frozen=True)
class Measured:
    """One unit: its rows, or in ``left_out`` why there are none; ``seconds`` is what it took.
    A ``defect`` is an error that no case should raise."""

    case: str
    unit: str
    seconds: float
    rows: tuple[Row, ...] = ()
    left_out: str = ""
    defect: bool = False


@dataclass(frozen=True)
class Conditions:
    """What must be equal for two units to belong to one result.

    ``providers`` maps each provider asked for to the one in use, ``styles`` each style to the
    digest of its file, ``inputs`` each loss network and folder of pictures to its digest.
    """

    code: Code
    machine: Machine
    settings: Settings
    providers: Mapping[str, str]
    styles: Mapping[str, str]
    inputs: Mapping[str, str] = field(default_factory=dict)

    @property
    def stem(self) -> str:
        """Of the files' names: "realtime_nst-0.1.0-bf16-openvino-xeon_2c"."""
        used = next(iter(self.providers.values()), "none")
        provider = used.partition("-")[0]
        parts = ["realtime_nst", self.code.version, precision(used), provider, self.machine.label]
        return "-".join([*parts, "quick"] if self.settings.quick else parts)

    def equal(self, other: "Conditions") -> bool:
        """Whether the figures of both may stand in one table; the commit's name is no matter."""
        code = replace(self.code, commit=other.code.commit)
        return replace(self, code=code) == other


@dataclass(frozen=True)
class Result:
    """``date`` is when the first unit it holds was begun, ISO 8601; ``finished`` whether all that
    was asked for last was gone over."""

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
        """With that unit added, in place of an earlier one of its name."""
        name = measured.case, measured.unit
        others = tuple(unit for unit in self.units if (unit.case, unit.unit) != name)
        return replace(self, units=(*others, measured))


def write(result: Result, folder: Path) -> Path:
    """Write ``folder``/stem.json and .csv, each whole or not at all; gives the JSON's path."""
    path = folder / f"{result.conditions.stem}.json"
    write_whole(path, to_json(result))
    write_whole(path.with_suffix(".csv"), to_csv(result))
    return path


def write_whole(path: Path, text: str) -> None:
    """The file appears under its name only when all of it is there."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        unfinished.write_text(text, encoding="utf-8", newline="")
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def read(path: Path) -> Result:
    """Raises :class:`UsageError` when there is no such file, or it is no result."""
    try:
        return from_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UsageError(
            f"there is no file {str(path)!r}; give the .json of an earlier run"
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise UsageError(
            f"{str(path)!r} cannot be read as a benchmark result ({reason}); "
            "give the .json of an earlier run"
        ) from error


def to_json(result: Result) -> str:
    return json.dumps({"schema": SCHEMA, **asdict(result)}, default=str, allow_nan=False)


def from_json(text: str) -> Result:
    """Raises ValueError, KeyError, TypeError or AttributeError for anything else."""
    data = json.loads(text)
    if data["schema"] != SCHEMA:
        raise ValueError(f"its schema is {data['schema']}, this version reads {SCHEMA}")
    units = (
        Measured(**{**unit, "rows": tuple(Row(**row) for row in unit["rows"])})
        for unit in data["units"]
    )
    cases = (CaseText(**case) for case in data["cases"])
    conditions = _conditions(data["conditions"])
    return Result(conditions, data["date"], tuple(cases), tuple(units), data["finished"])


def to_csv(result: Result) -> str:
    """Tidy: a line a figure; case, the columns of every case's key, figure, value."""
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


def _conditions(data: Mapping[str, Any]) -> Conditions:
    machine = {**data["machine"], "precisions": tuple(data["machine"]["precisions"])}
    return Conditions(
        Code(**data["code"]),
        Machine(**machine),
        _settings(data["settings"]),
        data["providers"],
        data["styles"],
        data["inputs"],
    )


def _settings(data: Mapping[str, Any]) -> Settings:
    return Settings(
        styles=tuple(data["styles"]),
        providers=tuple(data["providers"]),
        sizes=tuple((width, height) for width, height in data["sizes"]),
        loss_weights=tuple(map(Path, data["loss_weights"])),
        photos=Path(data["photos"]) if data["photos"] else None,
        paintings=Path(data["paintings"]) if data["paintings"] else None,
        clips=Path(data["clips"]) if data.get("clips") else None,
        raft_weights=Path(data["raft_weights"]) if data.get("raft_weights") else None,
        sintel=Path(data["sintel"]) if data.get("sintel") else None,
        baseline=data.get("baseline", ""),
        coherent=Path(data["coherent"]) if data.get("coherent") else None,
        painter=data.get("painter", ""),
        quick=data["quick"],
    )
