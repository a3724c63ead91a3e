"""Where a run begins: at nothing, or with what an earlier run of the same conditions has kept."""

import os
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from realtime_nst.bench.result import Conditions, Result, read
from realtime_nst.errors import UsageError


def begin(
    conditions: Conditions, folder: Path, cases: Iterable[str], restart: bool
) -> tuple[Result, str]:
    """The result to go on from, and a notice for the person (empty where there is none).

    Units of other cases than ``cases`` are kept even on ``restart``. A result of other conditions
    is set aside as .previous.json, so that it can still be compared with.
    """
    path = folder / f"{conditions.stem}.json"
    fresh = Result(conditions, datetime.now().astimezone().isoformat(timespec="seconds"))
    if not path.exists():
        return fresh, ""
    try:
        earlier, why = read(path), "was measured with other code, settings or versions"
    except UsageError:
        earlier, why = fresh, "cannot be read"
    if earlier is fresh or not earlier.conditions.equal(conditions):
        aside = path.with_suffix(".previous.json")
        os.replace(path, aside)
        return fresh, f"{path} {why}: kept as {aside.name}, everything is measured anew"
    return _taken_over(earlier, conditions, set(cases), restart)


def _taken_over(
    earlier: Result, conditions: Conditions, cases: set[str], restart: bool
) -> tuple[Result, str]:
    kept = tuple(u for u in earlier.units if not (restart and u.case in cases))
    here = sum(1 for unit in kept if unit.case in cases and not unit.left_out)
    units = "unit measured before is" if here == 1 else "units measured before are"
    notice = f"{here} {units} taken over; --restart measures anew"
    return replace(earlier, conditions=conditions, units=kept), notice if here else ""
