"""One self-contained HTML file that presents a result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from realtime_nst.bench.case import Case, Figure, Headline, Plot, Row
from realtime_nst.bench.compare import Change
from realtime_nst.bench.plots import styled
from realtime_nst.bench.result import CaseText, Result
from realtime_nst.bench.rows import number


@dataclass(frozen=True)
class Comparison:
    """``old`` names the earlier result; ``differences`` are what differs apart from the code."""

    old: str
    changes: Sequence[Change]
    differences: Sequence[str]


@dataclass(frozen=True)
class Table:
    """``columns`` maps each heading to true if the column holds words, which are set left."""

    columns: Mapping[str, bool]
    rows: Sequence[Sequence[str]]


def headlines(result: Result, cases: Sequence[Case]) -> list[Headline]:
    return [line for case in cases for line in case.headlines(result.rows(case.name))]


def plots(result: Result, cases: Sequence[Case]) -> list[Plot]:
    with styled():
        drawn = [case.plot(result.rows(case.name)) for case in cases]
    return [plot for plot in drawn if plot]


def report(result: Result, cases: Sequence[Case], comparison: Comparison | None = None) -> str:
    """``cases`` draw the headlines and plots of their rows; tables need no case."""
    environment = Environment(
        loader=PackageLoader("realtime_nst", "bench"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2").render(
        result=result,
        conditions=result.conditions,
        machine=result.conditions.machine,
        headlines=headlines(result, cases),
        plots=[(plot, Markup(plot.svg)) for plot in plots(result, cases)],
        cases=[(case, tables(result.rows(case.name))) for case in _measured(result)],
        comparison=comparison,
        number=number,
        yardstick=_milliseconds([s for unit in result.units for s in unit.yardstick]),
    )


def tables(rows: Sequence[Row]) -> list[Table]:
    """One table for all rows that have the same columns in their keys, without the columns in
    which nothing was measured."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row.key), []).append(row)
    return [_table(keys, group) for keys, group in groups.items()]


def _table(keys: tuple[str, ...], rows: Sequence[Row]) -> Table:
    lines = [{**row.key, **row.figures} for row in rows]
    measured = (name for line in lines for name, value in line.items() if value is not None)
    headings = dict.fromkeys([*keys, *measured])
    columns = {name: all(_is_words(line.get(name)) for line in lines) for name in headings}
    return Table(columns, [[number(line.get(name)) for name in columns] for line in lines])


def _milliseconds(seconds: Sequence[float]) -> float:
    return 1000 * median(seconds) if seconds else 0.0


def _is_words(value: Figure) -> bool:
    return value is None or isinstance(value, str)


def _measured(result: Result) -> list[CaseText]:
    return [case for case in result.cases if result.rows(case.name)]
