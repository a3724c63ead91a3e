"""The benchmark cases, one a file. A new file here is a new case; helpers begin with ``_``."""

import pkgutil
from collections.abc import Iterator, Sequence
from importlib import import_module

from realtime_nst.bench.case import Case
from realtime_nst.errors import MissingPackage, RealtimeNstError, UnknownName

_ORDER = (
    "network",
    "stages",
    "end-to-end",
    "start-up",
    "baseline",
    "reference",
    "ceiling",
    "quality",
    "temporal",
)
"""The order of the report. A case that is not listed comes last, by its name."""


def load_cases(names: Sequence[str] | None = None, package: str = __name__) -> list[Case]:
    """The cases called ``names`` (default: all), each once, in the order of the report.

    Raises :class:`UnknownName`, :class:`MissingPackage` if a file imports a package that is not
    installed, and :class:`RealtimeNstError` if a file holds no case.
    """
    cases = {case.name: case for case in sorted(_all(package), key=_place)}
    for name in names or ():
        if name not in cases:
            raise UnknownName("case", name, cases)
    return [case for name, case in cases.items() if not names or name in names]


def _place(case: Case) -> tuple[int, str]:
    return _ORDER.index(case.name) if case.name in _ORDER else len(_ORDER), case.name


def _all(package: str) -> Iterator[Case]:
    for _, name, _ in pkgutil.iter_modules(import_module(package).__path__):
        if not name.startswith("_"):
            yield _case(f"{package}.{name}")


def _case(name: str) -> Case:
    file = name.rpartition(".")[2]
    try:
        module = import_module(name)
    except ModuleNotFoundError as error:
        raise MissingPackage(error.name or str(error), "bench", f"case {file!r}") from error
    case = getattr(module, "CASE", None)
    if not isinstance(case, Case):
        raise RealtimeNstError(f"'{file}.py' holds no case; it must define CASE = Case(…)")
    return case
