"""The cases: the files of ``benchmarks/``, one case each, loaded as one package."""

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

from realtime_nst.bench.case import Case
from realtime_nst.errors import MissingPackage, RealtimeNstError, UnknownName

PACKAGE = "realtime_nst_benchmarks"
"""The name under which the folder is imported; its files import each other by ``from . import``."""

_HERE = Path(__file__).resolve().parent.parent
_FOLDERS = (_HERE / "benchmarks", _HERE.parent / "benchmarks")
"""Inside an installed package, and beside it in a checkout."""

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
"""As the report tells it; a case that is not listed comes last, by its name."""


def load_cases(names: Sequence[str] | None = None, folder: Path | None = None) -> list[Case]:
    """The cases called ``names`` (default: all), always in the same order, each once.

    A file whose name begins with ``_`` is a helper of the cases and holds none. Raises
    :class:`UnknownName`, :class:`MissingPackage` when a file imports what is not installed, and
    :class:`RealtimeNstError` when there are no cases at all or a file holds none.
    """
    cases = {case.name: case for case in sorted(_all(folder or _folder()), key=_place)}
    for name in names or ():
        if name not in cases:
            raise UnknownName("case", name, cases)
    return [case for name, case in cases.items() if not names or name in names]


def _place(case: Case) -> tuple[int, str]:
    return _ORDER.index(case.name) if case.name in _ORDER else len(_ORDER), case.name


def _folder() -> Path:
    for folder in _FOLDERS:
        if folder.is_dir():
            return folder
    raise RealtimeNstError("this installation holds no benchmark cases; install realtime_nst again")


def _all(folder: Path) -> list[Case]:
    _as_package(folder)
    return [_case(path) for path in sorted(folder.glob("[!_]*.py"))]


def _as_package(folder: Path) -> None:
    """Make ``folder`` importable as ``PACKAGE``, whether or not it lies on the path."""
    package = sys.modules.get(PACKAGE)
    if package is not None and list(package.__path__) == [str(folder)]:
        return
    for name in [n for n in sys.modules if n.split(".")[0] == PACKAGE]:
        del sys.modules[name]
    package = ModuleType(PACKAGE, "The benchmark cases.")
    package.__path__ = [str(folder)]
    sys.modules[PACKAGE] = package


def _case(path: Path) -> Case:
    try:
        module = import_module(f"{PACKAGE}.{path.stem}")
    except ModuleNotFoundError as error:
        raise MissingPackage(error.name or str(error), "bench", f"case {path.stem!r}") from error
    case = getattr(module, "CASE", None)
    if not isinstance(case, Case):
        raise RealtimeNstError(f"{str(path)!r} holds no case: it takes CASE = Case(…)")
    return case
