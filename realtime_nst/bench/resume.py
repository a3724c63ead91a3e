"""Where a run begins: at nothing, or with what an earlier run of the same conditions has kept."""

import os
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from glob import escape
from itertools import count
from pathlib import Path

from realtime_nst.bench.result import Conditions, Result, read
from realtime_nst.errors import UsageError

_SUFFIXES = (".json", ".csv", ".html")


def begin(
    conditions: Conditions, folder: Path, cases: Iterable[str], restart: bool
) -> tuple[Result, str]:
    """The result to go on from, and a notice for the person (empty where there is none).

    What is in the way is set aside under a dated name, never overwritten: a result of other
    conditions, a damaged one, and on ``restart`` any. A result of the same conditions that was set
    aside before is taken back. Units of other cases than ``cases`` are kept even on ``restart``.
    """
    path = folder / f"{conditions.stem}.json"
    equal = kept(conditions, path)
    aside = _set_aside(path) if path.exists() and (restart or equal != path) else ""
    why = "is set aside" if restart else _why(folder / aside)
    notice = f"{path} {why}: kept as {aside}" if aside else ""
    if equal is None:
        fresh = Result(conditions, _now())
        return fresh, f"{notice}, everything is measured anew" if notice and not restart else notice
    if equal == path and aside:
        equal = folder / aside
    earlier = read(equal)
    if equal != path and not restart:
        _rename(equal, path)
    result, taken = _taken_over(earlier, conditions, set(cases), restart)
    return result, "; ".join(filter(None, (notice, taken)))


def kept(conditions: Conditions, path: Path) -> Path | None:
    """The result of these conditions: ``path`` itself, or the latest set aside."""
    others = path.parent.glob(f"{escape(path.stem)}.*.json")
    latest_first = sorted(others, key=lambda other: other.stat().st_mtime, reverse=True)
    return next((p for p in (path, *latest_first) if _is_of(conditions, p)), None)


def _is_of(conditions: Conditions, path: Path) -> bool:
    try:
        return read(path).conditions.equal(conditions)
    except UsageError:
        return False


def _why(path: Path) -> str:
    try:
        read(path)
    except UsageError:
        return "cannot be read"
    return "was measured with other code, settings or versions"


def _set_aside(path: Path) -> str:
    """Rename the result and its table and page; gives the new name of the JSON."""
    date = datetime.fromtimestamp(path.stat().st_mtime).strftime("%Y-%m-%dT%H%M")
    for number in count(1):
        stem = f"{path.stem}.{date}" + (f"-{number}" if number > 1 else "")
        target = path.with_name(f"{stem}.json")
        if not any(target.with_suffix(suffix).exists() for suffix in _SUFFIXES):
            break
    _rename(path, target)
    return target.name


def _rename(path: Path, target: Path) -> None:
    for suffix in _SUFFIXES:
        if path.with_suffix(suffix).exists():
            os.replace(path.with_suffix(suffix), target.with_suffix(suffix))


def _taken_over(
    earlier: Result, conditions: Conditions, cases: set[str], restart: bool
) -> tuple[Result, str]:
    units_kept = tuple(u for u in earlier.units if not (restart and u.case in cases))
    here = sum(1 for unit in units_kept if unit.case in cases and not unit.left_out)
    units = "unit measured before is" if here == 1 else "units measured before are"
    notice = f"{here} {units} taken over; --restart measures anew"
    date = earlier.date if any(not unit.left_out for unit in units_kept) else _now()
    result = replace(earlier, conditions=conditions, date=date, units=units_kept)
    return result, notice if here else ""


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")
