"""Where a run begins: with nothing, or with what a run of the same conditions has kept."""

import os
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from glob import escape
from itertools import count
from pathlib import Path

from realtime_nst.bench.conditions import Conditions
from realtime_nst.bench.result import Result, read
from realtime_nst.errors import UsageError

_SUFFIXES = (".json", ".csv", ".html")


def begin(
    conditions: Conditions, folder: Path, cases: Iterable[str], restart: bool
) -> tuple[Result, str]:
    """The result to go on from, and a notice for the person (empty if there is none).

    A result of other conditions or a damaged one is renamed, never overwritten: it is set aside
    under a dated name. So is any result on ``restart``. A result of the same conditions that was
    set aside earlier is taken back. Units of other cases than ``cases`` are kept even on
    ``restart``.
    """
    path = folder / f"{conditions.stem}.json"
    equal = kept(conditions, path)
    aside = _set_aside(path) if path.exists() and (restart or equal != path) else ""
    why = "is set aside" if restart else _why(folder / aside)
    notice = f"{path} {why}: kept as {aside}" if aside else ""
    if equal is None:
        fresh = Result(conditions, _now())
        return (
            fresh,
            f"{notice}, everything is measured again" if notice and not restart else notice,
        )
    if equal == path and aside:
        equal = folder / aside
    earlier = read(equal)
    if equal != path and not restart:
        _rename(equal, path)
    result, taken = _taken_over(earlier, conditions, set(cases), restart)
    return result, "; ".join(filter(None, (notice, taken)))


def read_to_compare(path: Path, conditions: Conditions, folder: Path, restart: bool) -> Result:
    """The earlier result in ``path``. Raises UsageError if :func:`begin` would go on with it."""
    old = read(path)
    going_on = None if restart else kept(conditions, folder / f"{conditions.stem}.json")
    if going_on and path.samefile(going_on):
        raise UsageError(
            f"`compare` {str(path)!r} is the file this run would go on with; "
            "give another, or measure again with `restart`"
        )
    return old


def kept(conditions: Conditions, path: Path) -> Path | None:
    """The file with a result of these conditions: ``path``, or the latest one set aside."""
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
    """Rename the result, its table and its page. Returns the new name of the JSON file."""
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
    notice = f"{here} {units} taken over; `restart` measures again"
    date = earlier.date if any(not unit.left_out for unit in units_kept) else _now()
    result = replace(earlier, conditions=conditions, date=date, units=units_kept)
    return result, notice if here else ""


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")
