"""One HTML file that tells a result: nothing in it comes from elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from realtime_nst.bench.case import Figure, Row
from realtime_nst.bench.compare import Change
from realtime_nst.bench.headline import headlines
from realtime_nst.bench.report_plots import plots
from realtime_nst.bench.result import CaseText, Result
from realtime_nst.bench.text import number


@dataclass(frozen=True)
class Comparison:
    """``old`` names the earlier result, ``differences`` what beside the code is not the same."""

    old: str
    changes: Sequence[Change]
    differences: Sequence[str]


@dataclass(frozen=True)
class Table:
    """``columns`` are headings, each with whether it holds words (set to the left) or numbers."""

    columns: Mapping[str, bool]
    rows: Sequence[Sequence[str]]


def report(result: Result, comparison: Comparison | None = None) -> str:
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
        headlines=headlines(result),
        plots=[(plot, Markup(plot.svg)) for plot in plots(result)],
        cases=[(case, tables(result.rows(case.name))) for case in _measured(result)],
        comparison=comparison,
        number=number,
    )


def tables(rows: Sequence[Row]) -> list[Table]:
    """Rows that are told apart by the same columns make one table."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row.key), []).append(row)
    return [_table(keys, group) for keys, group in groups.items()]


def _table(keys: tuple[str, ...], rows: Sequence[Row]) -> Table:
    lines = [{**row.key, **row.figures} for row in rows]
    headings = dict.fromkeys([*keys, *(name for line in lines for name in line)])
    columns = {name: all(_is_words(line.get(name)) for line in lines) for name in headings}
    return Table(columns, [[number(line.get(name)) for name in columns] for line in lines])


def _is_words(value: Figure) -> bool:
    return value is None or isinstance(value, str)


def _measured(result: Result) -> list[CaseText]:
    return [case for case in result.cases if result.rows(case.name)]
