"""The engine: goes over the cases' units, and keeps what each gives before the next begins."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from realtime_nst.bench.case import Case, Figure, Row, Settings, Unit
from realtime_nst.bench.result import CaseText, Measured, Result
from realtime_nst.bench.timer import Timer
from realtime_nst.errors import RealtimeNstError


@dataclass(frozen=True)
class Progress:
    """Before a unit is measured ``measured`` is None, afterwards it is what came of it.
    ``done`` of ``total`` units are gone over."""

    case: str
    unit: str
    done: int
    total: int
    measured: Measured | None = None


def timer_for(settings: Settings) -> Timer:
    return Timer(repetitions=10, warm_up=1, budget=3.0) if settings.quick else Timer()


def run(
    cases: Sequence[Case],
    result: Result,
    save: Callable[[Result], object],
    timer: Timer,
    on_unit: Callable[[Progress], None] = lambda progress: None,
) -> Result:
    """Measure the units of ``cases`` that ``result`` does not hold; ``save`` is called after each.

    A unit that cannot be measured, and one that fails, is kept with the reason; the rest goes on.
    KeyboardInterrupt goes through: what was saved is all that was measured.
    """
    settings = result.conditions.settings
    result = replace(result, cases=_texts(result, cases), finished=False)
    planned = [(case, unit) for case in cases for unit in _units(case, settings)]
    for done, (case, unit) in enumerate(planned):
        if result.kept(case.name, unit.name):
            continue
        on_unit(Progress(case.name, unit.name, done, len(planned)))
        measured = _measure(case, unit, settings, timer)
        result = result.with_unit(measured)
        save(result)
        on_unit(Progress(case.name, unit.name, done + 1, len(planned), measured))
    result = replace(result, finished=True)
    save(result)
    return result


def _texts(result: Result, cases: Sequence[Case]) -> tuple[CaseText, ...]:
    texts = {text.name: text for text in result.cases}
    texts |= {c.name: CaseText(c.name, c.title, c.explains, c.omits) for c in cases}
    return tuple(texts.values())


def _units(case: Case, settings: Settings) -> Iterable[Unit]:
    """Where a case cannot even say its units, one unit that fails for the same reason."""
    try:
        return list(case.units(settings))
    except Exception as error:
        return [Unit("units", _raising(error))]


def _raising(error: Exception) -> Callable[[Settings, Timer], Sequence[Row]]:
    def measure(_settings: Settings, _timer: Timer) -> Sequence[Row]:
        raise error

    return measure


def _measure(case: Case, unit: Unit, settings: Settings, timer: Timer) -> Measured:
    began = timer.clock()
    rows: tuple[Row, ...] = ()
    reason, defect = "", False
    try:
        rows = _checked(unit.measure(settings, timer))
    except RealtimeNstError as error:
        reason = str(error)
    except Exception as error:
        said = " ".join(str(error).split())[:300]
        reason, defect = f"defect of case {case.name!r}: {type(error).__name__}: {said}", True
    return Measured(case.name, unit.name, timer.clock() - began, rows, reason, defect)


def _checked(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Raises ValueError for no rows, two with the same key, or a figure named as a key's column."""
    keys = [tuple(row.key.items()) for row in rows]
    if not keys or len(set(keys)) < len(keys):
        raise ValueError("it gave no rows" if not keys else "it gave two rows with the same key")
    if doubled := {name for row in rows for name in row.key.keys() & row.figures.keys()}:
        raise ValueError(f"{', '.join(sorted(doubled))} names both a key and a figure")
    return tuple(map(_plain, rows))


def _plain(row: Row) -> Row:
    """Numbers as Python's own, infinite and undefined ones as None; readings to six digits."""
    samples = {
        name: [float(f"{reading:.6g}") for reading in readings if math.isfinite(reading)]
        for name, readings in row.samples.items()
    }
    return Row(_strings(row.key), {n: _figure(value) for n, value in row.figures.items()}, samples)


def _strings(key: Mapping[str, Any]) -> dict[str, str]:
    return {column: str(value) for column, value in key.items()}


def _figure(value: Any) -> Figure:
    if value is None or isinstance(value, str):
        return value
    number: float | int = value.item() if hasattr(value, "item") else value
    return number if math.isfinite(number) else None
