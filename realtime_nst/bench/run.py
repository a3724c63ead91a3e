"""Goes over the cases' units, and keeps what each gives before the next begins."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from realtime_nst.bench.case import Case, Figure, Row, Unit
from realtime_nst.bench.conditions import Conditions
from realtime_nst.bench.result import CaseText, Measured, Result, write
from realtime_nst.bench.resume import begin
from realtime_nst.bench.settings import Settings
from realtime_nst.bench.timer import Timer
from realtime_nst.bench.yardstick import Yardstick
from realtime_nst.errors import RealtimeNstError, one_line


@dataclass(frozen=True)
class UnitProgress:
    """``done`` of ``total`` units are gone over. ``measured`` is None before the unit is measured,
    and what came of it afterwards."""

    case: str
    unit: str
    done: int
    total: int
    measured: Measured | None = None


OnUnit = Callable[[UnitProgress], None]


def measure(
    cases: Sequence[Case],
    conditions: Conditions,
    folder: Path,
    *,
    restart: bool = False,
    on_unit: OnUnit = lambda progress: None,
    notify: Callable[[str], None] = lambda text: None,
) -> Result:
    """Go on from what ``folder`` holds of these conditions, and write the result there.

    After Ctrl-C the result is what was measured until then, with ``finished`` false; it is written
    unless it is empty. ``notify`` gets lines for the person.
    """
    result, notice = begin(conditions, folder, [case.name for case in cases], restart)
    if notice:
        notify(notice)

    def save(so_far: Result) -> None:
        nonlocal result
        result = so_far
        write(so_far, folder)

    timer = _QUICK_TIMER if conditions.settings.quick else Timer()
    try:
        return run(cases, result, save, timer, on_unit, Yardstick())
    except KeyboardInterrupt:
        result = replace(result, finished=False)
        if not any(unit.rows for unit in result.units):
            notify("stopped before anything was measured")
            return result
        again = "; leave out `restart` to go on" if restart else "; the same command goes on"
        notify(f"stopped; what is measured is kept{again}")
        save(result)
        return result


_QUICK_TIMER = Timer(repetitions=10, warm_up=1, budget=3.0)


def run(
    cases: Sequence[Case],
    result: Result,
    save: Callable[[Result], object],
    timer: Timer,
    on_unit: OnUnit = lambda progress: None,
    yardstick: Yardstick | None = None,
) -> Result:
    """Measure the units of ``cases`` that ``result`` does not hold; ``save`` is called after each.
    The ``yardstick`` is timed beside them.

    A unit that cannot be measured, or that fails, is kept with the reason, and the next one is
    measured. KeyboardInterrupt is raised on: all that was measured is saved by then.
    """
    settings = result.conditions.settings
    result = replace(result, cases=_texts(result, cases), finished=False)
    planned = [(case, unit) for case in cases for unit in _units(case, settings)]
    for done, (case, unit) in enumerate(planned):
        if result.kept(case.name, unit.name):
            continue
        on_unit(UnitProgress(case.name, unit.name, done, len(planned)))
        measured = _measure(case, unit, settings, timer, yardstick)
        result = result.with_unit(measured)
        save(result)
        on_unit(UnitProgress(case.name, unit.name, done + 1, len(planned), measured))
    result = replace(result, finished=True)
    save(result)
    return result


def _texts(result: Result, cases: Sequence[Case]) -> tuple[CaseText, ...]:
    texts = {text.name: text for text in result.cases}
    texts |= {c.name: CaseText(c.name, c.title, c.explains, c.omits) for c in cases}
    return tuple(texts.values())


def _units(case: Case, settings: Settings) -> Iterable[Unit]:
    """The case's units; if naming them raises, one unit that raises the same error."""
    try:
        return list(case.units(settings))
    except Exception as error:
        return [Unit("units", _raising(error))]


def _raising(error: Exception) -> Callable[[Settings, Timer], Sequence[Row]]:
    def measure(_settings: Settings, _timer: Timer) -> Sequence[Row]:
        raise error

    return measure


def _measure(
    case: Case, unit: Unit, settings: Settings, timer: Timer, yardstick: Yardstick | None
) -> Measured:
    rows: tuple[Row, ...] = ()
    reason, defect = "", False
    if yardstick:
        timer = replace(timer, between=yardstick.between)
        yardstick.around()
    began = timer.clock()
    try:
        rows = _checked(unit.measure(settings, timer))
    except RealtimeNstError as error:
        reason = str(error)
    except Exception as error:
        reason, defect = (
            f"defect of case {case.name!r}: {type(error).__name__}: {one_line(error, 300)}",
            True,
        )
    seconds = timer.clock() - began
    beside: tuple[float, ...] = ()
    if yardstick:
        yardstick.around()
        beside = yardstick.take()
    return Measured(case.name, unit.name, seconds, rows, reason, defect, beside)


def _checked(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Raises ValueError for no rows, two rows with one key, or a figure named like a key."""
    keys = [tuple(row.key.items()) for row in rows]
    if not keys or len(set(keys)) < len(keys):
        raise ValueError("it gave two rows with the same key" if keys else "it gave no rows")
    if doubled := {name for row in rows for name in row.key.keys() & row.figures.keys()}:
        raise ValueError(f"{', '.join(sorted(doubled))} names both a key and a figure")
    return tuple(map(_plain, rows))


def _plain(row: Row) -> Row:
    """With Python's own numbers, None for infinite and undefined ones, readings of six digits."""
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
