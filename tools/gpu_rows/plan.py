"""Rows of a check, and the budget they share."""

import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from realtime_nst.errors import MissingPackage, one_line

Figures = Mapping[str, float | int | str]

MEASURED, LACKS, FAILED, CUT = "measured", "lacks", "failed", "cut"


class Lacks(Exception):
    """What a row needs and this computer does not have."""


@dataclass(frozen=True)
class Row:
    """``measure()`` gives one or more readings. ``seconds`` is what it may take, to tell whether it
    still fits into the budget."""

    name: str
    measure: Callable[[], Sequence[Figures]]
    seconds: float = 5.0


@dataclass(frozen=True)
class Outcome:
    """``status`` is one of the four above; ``reason`` says why a row was not measured."""

    row: str
    status: str
    seconds: float = 0.0
    reason: str = ""
    readings: Sequence[Figures] = ()
    trace: str = field(default="", repr=False)


def run(
    rows: Iterable[Row], budget: float, clock: Callable[[], float] = time.perf_counter
) -> Iterator[Outcome]:
    """Measure ``rows`` in turn. One that may not end within ``budget`` seconds from the first is
    cut, and a later one that takes less may still be measured. A row that fails stops no other."""
    began = clock()
    for row in rows:
        left = budget - (clock() - began)
        if row.seconds > left:
            reason = f"{row.seconds:.0f} s may not end within the {max(0, left):.0f} s left"
            yield Outcome(row.name, CUT, reason=reason)
        else:
            yield _measured(row, clock)


def _measured(row: Row, clock: Callable[[], float]) -> Outcome:
    began = clock()
    try:
        readings = row.measure()
    except (Lacks, MissingPackage) as error:
        return Outcome(row.name, LACKS, clock() - began, one_line(error))
    except Exception as error:
        reason = f"{type(error).__name__}: {one_line(error)}"
        return Outcome(row.name, FAILED, clock() - began, reason, trace=traceback.format_exc())
    return Outcome(row.name, MEASURED, clock() - began, readings=readings)
