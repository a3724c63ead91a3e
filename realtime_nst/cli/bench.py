"""``realtime-nst bench``: measure what this computer does with the program, and report it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from realtime_nst.bench.settings import SIZES, Settings
from realtime_nst.cli import console, interrupt, options
from realtime_nst.cli.progress import progress
from realtime_nst.cli.recipe_options import with_options_of

if TYPE_CHECKING:
    from realtime_nst.bench.case import Case
    from realtime_nst.bench.report import Comparison
    from realtime_nst.bench.result import Result
    from realtime_nst.bench.run import OnUnit, UnitProgress


@with_options_of(
    Settings,
    "Inputs of single cases",
    without={"styles", "providers", "sizes", "painter", "quick"},
)
def bench(
    cases: Annotated[
        list[str] | None, typer.Argument(metavar="CASE", help="See --list. (default: all)")
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="For the results and the report.")
    ] = Path("bench-results"),
    quick: Annotated[
        bool,
        typer.Option(
            "--quick",
            help="Two to three minutes: one style and provider, fewer sizes and readings.",
        ),
    ] = False,
    style: Annotated[
        list[str] | None,
        typer.Option("--style", "-s", metavar=options.STYLE, help="(default: all of the program)"),
    ] = None,
    painter: options.Painter = "",
    provider: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="See: realtime-nst doctor. (default: all present)"),
    ] = None,
    size: Annotated[
        list[str] | None,
        typer.Option(metavar="WxH", help=f"May be given again. (default: {', '.join(SIZES)})"),
    ] = None,
    compare: Annotated[
        Path | None,
        typer.Option(metavar="OLD.json", help="Compare with an earlier run: ratios and spread."),
    ] = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Measure again what was measured before.")
    ] = False,
    list_: Annotated[bool, typer.Option("--list", help="List the cases.")] = False,
    **inputs: Any,
) -> None:
    """Measure speed and quality. After an interruption, the same command goes on."""
    from realtime_nst.bench.cases import load_cases, titles
    from realtime_nst.packages import require

    if list_:
        _say_list([*titles().items()])
        return
    require("the benchmark", "bench")
    from realtime_nst.bench.conditions import conditions_for
    from realtime_nst.bench.result import prepare
    from realtime_nst.bench.resume import read_to_compare
    from realtime_nst.bench.run import measure

    chosen = load_cases(cases)
    conditions = conditions_for(style, provider, size, painter=painter, quick=quick, inputs=inputs)
    if conditions.settings.notice:
        console.say_notice(conditions.settings.notice)
    old = read_to_compare(compare, conditions, output, restart) if compare else None
    prepare(output)
    with _progress() as on_unit:
        result = measure(
            chosen, conditions, output, restart=restart, on_unit=on_unit, notify=console.say_notice
        )
    if result.finished or any(unit.rows for unit in result.units):
        _report(result, load_cases(), output, _comparison(compare, old, result))
    if not result.finished:
        raise typer.Exit(interrupt.exit_code())


def _say_list(cases: list[tuple[str, str]]) -> None:
    if console.manner.json:
        console.say_result("", cases=[{"name": name, "title": title} for name, title in cases])
    else:
        console.show(console.table(("case", "what"), cases))


@contextmanager
def _progress() -> "Iterator[OnUnit]":
    """A bar on a terminal, elsewhere a line for each unit."""
    with progress("measuring", "unit", None, logs=False) as gauge:

        def show(unit: "UnitProgress") -> None:
            interrupt.check()
            name = f"{unit.case}: {unit.unit}"
            gauge.total = unit.total
            gauge(unit.done, name, name=name)
            if unit.measured and unit.measured.left_out:
                console.say_notice(f"{name} left out: {unit.measured.left_out}")
            elif unit.measured and not console.err.is_terminal:
                console.say_progress(f"{name}: {unit.measured.seconds:.1f} s; {gauge.line()}")

        yield show


def _comparison(path: Path | None, old: "Result | None", new: "Result") -> "Comparison | None":
    from realtime_nst.bench.compare import compare, differences
    from realtime_nst.bench.report import Comparison

    if path is None or old is None:
        return None
    return Comparison(path.name, compare(old, new), differences(old, new))


def _report(
    result: "Result", cases: "list[Case]", folder: Path, comparison: "Comparison | None"
) -> None:
    from realtime_nst.bench.report import headlines, report
    from realtime_nst.bench.result import write_text

    path = folder / f"{result.conditions.stem}.html"
    write_text(path, report(result, cases, comparison))
    pages = _pages(result, cases, folder)
    if comparison and not console.manner.json:
        _say_comparison(comparison)
    told = [(line.value, line.text) for line in headlines(result, cases)]
    files = [path, path.with_suffix(".json"), path.with_suffix(".csv"), *pages]
    if console.manner.json:
        _say_event(result, told, files, comparison)
    else:
        console.show(console.table(("", ""), told))
        for written in files:
            console.say(str(written))
    defects = [unit for unit in result.left_out if unit.defect]
    if defects:
        console.say_error(
            f"{console.counted(len(defects), 'unit')} failed by a defect, see the report; "
            "the same command tries them again"
        )
        raise typer.Exit(1)


def _pages(result: "Result", cases: "list[Case]", folder: Path) -> list[Path]:
    """Write the pages that cases have of their own."""
    from realtime_nst.bench.result import write_text

    written = []
    for case in cases:
        left_out = {unit.unit: unit.left_out for unit in result.left_out if unit.case == case.name}
        text = case.page(result.conditions.settings, result.rows(case.name), left_out)
        if text:
            written.append(folder / f"{case.name}.html")
            write_text(written[-1], text)
    return written


def _say_event(
    result: "Result",
    told: list[tuple[str, str]],
    files: list[Path],
    comparison: "Comparison | None",
) -> None:
    changes = comparison.changes if comparison else ()
    console.say_result(
        "",
        finished=result.finished,
        figures=[{"value": value, "text": text} for value, text in told],
        files=files,
        left_out=[f"{unit.case}: {unit.unit}: {unit.left_out}" for unit in result.left_out],
        differences=list(comparison.differences) if comparison else [],
        changes=[asdict(change) for change in changes],
    )


def _say_comparison(comparison: "Comparison") -> None:
    for line in comparison.differences:
        console.say_notice(line)
    if not comparison.changes:
        console.say_notice("no figure was measured in both runs")
        return
    headings = (
        *("case", "measured", "figure", "verdict", "old", "new", "ratio", "95 %"),
        "beside the reference",
    )
    rows = [
        (
            change.case,
            ", ".join(change.key.values()),
            change.figure,
            change.verdict,
            f"{change.old:.4g}",
            f"{change.new:.4g}",
            f"{change.ratio.value:.3f}",
            f"{change.ratio.low:.3f} to {change.ratio.high:.3f}",
            f"{change.beside.value:.3f}" if change.beside else "–",
        )
        for change in comparison.changes
    ]
    console.show(console.table(headings, rows))
    console.say("")
