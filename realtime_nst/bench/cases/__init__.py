"""The benchmark cases, one a file. A new file here is a new case; helpers begin with ``_``."""

import ast
import pkgutil
from collections.abc import Iterator, Sequence
from dataclasses import fields
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from realtime_nst.bench.case import Case
from realtime_nst.errors import MissingPackage, RealtimeNstError, UnknownName

_ORDER = (
    "network",
    "stages",
    "end-to-end",
    "hd",
    "start-up",
    "baseline",
    "reference",
    "ceiling",
    "quality",
    "atlas",
    "strokes",
    "temporal",
)
"""The order of the report. A case that is not listed comes last, by its name."""


def load_cases(names: Sequence[str] | None = None, package: str = __name__) -> list[Case]:
    """The cases called ``names`` (default: all), each once, in the order of the report.

    Raises :class:`UnknownName`, :class:`MissingPackage` if a file imports a package that is not
    installed, and :class:`RealtimeNstError` if a file holds no case.
    """
    cases = {case.name: case for case in sorted(_all(package), key=lambda case: _place(case.name))}
    for name in names or ():
        if name not in cases:
            raise UnknownName("case", name, cases)
    return [case for name, case in cases.items() if not names or name in names]


def titles(package: str = __name__) -> dict[str, str]:
    """The title of each case by its name, in the order of the report, read from the files: nothing
    that they import need be installed. A case whose texts are not written out is left out."""
    found: dict[str, str] = {}
    for finder in pkgutil.iter_modules(import_module(package).__path__):
        spec = find_spec(f"{package}.{finder.name}")
        if spec is None or spec.origin is None or finder.name.startswith("_"):
            continue
        for node in ast.parse(Path(spec.origin).read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                texts = _texts(node.value)
                if {"name", "title"} <= texts.keys():
                    found[texts["name"]] = texts["title"]
    return dict(sorted(found.items(), key=lambda case: _place(case[0])))


def _texts(call: ast.Call) -> dict[str, str]:
    """The texts among the arguments of ``Case(...)``, by their names."""
    if not isinstance(call.func, ast.Name) or call.func.id != Case.__name__:
        return {}
    names = [field.name for field in fields(Case)]
    given = [*zip(names, call.args, strict=False), *((k.arg, k.value) for k in call.keywords)]
    return {
        str(name): value.value
        for name, value in given
        if isinstance(value, ast.Constant) and isinstance(value.value, str)
    }


def _place(name: str) -> tuple[int, str]:
    return _ORDER.index(name) if name in _ORDER else len(_ORDER), name


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
