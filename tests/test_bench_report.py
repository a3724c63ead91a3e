"""The report: one self-contained file with everything that was measured."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import bench_factory as factory
import pytest

from realtime_nst.bench.case import Row
from realtime_nst.bench.cases import load_cases
from realtime_nst.bench.cases.quality import front, measured_alike
from realtime_nst.bench.compare import compare
from realtime_nst.bench.report import Comparison, headlines, plots, report, tables
from realtime_nst.bench.result import Measured
from realtime_nst.bench.rows import grouped, number

CASES = load_cases()


class Reader(HTMLParser):
    """The tags, attributes and text of a page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def result():
    return factory.full_result()


@pytest.fixture(scope="module")
def page(result):
    return report(result, CASES)


def test_every_table_is_there(result, page):
    read = Reader(page)
    for case in result.cases:
        for text in (case.title, case.explains, case.omits):
            assert text in read.text
    assert read.tags.count("table") == sum(
        len(tables(result.rows(c.name))) for c in result.cases
    ) + bool(result.left_out)
    figures = {
        figure
        for c in result.cases
        for row in result.rows(c.name)
        for figure, value in row.figures.items()
        if value is not None
    }
    assert all(figure in read.text for figure in figures)


def test_nothing_comes_from_elsewhere(page):
    assert not re.search(r"https?:|//[a-z]|@import|<script|<link", page)
    linked = [value for name, value in Reader(page).attributes if name.endswith(("href", "src"))]
    assert linked
    assert all(value.startswith("#") for value in linked)


def test_every_name_within_the_page_is_there_once(page):
    attributes = Reader(page).attributes
    names = [value for name, value in attributes if name == "id"]
    assert len(names) == len(set(names))
    used = {value[1:] for name, value in attributes if name.endswith("href")}
    assert used | set(re.findall(r"url\(#([^)]*)\)", page)) <= set(names)


def test_colours_are_the_pages_own(page):
    assert "#0102" not in page
    for plot in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        assert "var(--ink)" in plot
        assert not re.search(r"(fill|stroke): (#(?!fff)|black|white)", plot)


def test_what_was_left_out_is_told_and_escaped(page):
    assert "no loss network &lt;here&gt;; give --loss-weights" in page


def test_a_plot_whose_case_was_not_measured_is_left_out(result):
    titles = [plot.title for plot in plots(result, CASES)]
    assert len(titles) == 5
    for case, title in (
        ("network", "Frames a second against size"),
        ("baseline", "Speed-up over pixel optimisation"),
        ("stages", "Where a frame's time goes"),
        ("quality", "Quality against speed"),
        ("end-to-end", "Latency"),
    ):
        alone = factory.result(*(unit for unit in result.units if unit.case == case))
        assert [plot.title for plot in plots(alone, CASES)] == [title]


def test_a_result_of_nothing_and_one_of_dashes_have_a_report():
    assert "Machine and method" in report(factory.result(), CASES)
    key = {"network": "fast", "style": "a", "provider": "cpu", "size": "64x48"}
    key |= {"mode": "paced 30", "stage": "read", "state": "warm"}
    rows = (Row(key, {"fps": None, "median ms": None, "content": None}),)
    cases = ("network", "stages", "end-to-end", "baseline", "quality", "reference", "start-up")
    empty = factory.result(*(Measured(case, "x", 1.0, rows) for case in cases))
    assert "<td>–</td>" not in report(empty, CASES)  # columns of dashes are left out
    assert plots(empty, CASES) == []
    assert headlines(empty, CASES) == []


def test_one_row_is_enough_for_every_plot(result):
    units = []
    for unit in result.units:
        rows = [r for r in unit.rows if unit.case != "baseline" or "network" in r.key]
        rows = [r for r in rows if unit.case != "end-to-end" or "latency ms" in r.samples]
        units += [Measured(unit.case, unit.unit, 1.0, (rows[0],))] if rows else []
    assert len(plots(factory.result(*units), CASES)) == 5


def test_an_unfinished_and_a_quick_run_say_so():
    assert "interrupted" in report(replace(factory.result(), finished=False), CASES)
    assert "interrupted" not in report(factory.result(), CASES)
    assert "quick run" in report(factory.result(quick=True), CASES)


def test_a_comparison_is_told():
    old, new = factory.full_result(slowness=1.2), factory.full_result()
    changes = compare(old, new)
    page = report(
        factory.result(), CASES, Comparison("old.json", changes, ["providers differ: a, b"])
    )
    read = Reader(page)
    assert "Compared with old.json" in read.text
    assert "providers differ: a, b" in read.text
    assert [c.verdict for c in changes if c.case == "network"] == ["faster"] * 45
    assert read.text.count("faster") >= 45


def test_headlines(result):
    told = {line.text: line.value for line in headlines(result, CASES)}
    # 500 steps of 1.24 s over 12.1 ms
    assert told["faster than 500 steps of pixel optimisation at 512x512"] == "51,240 ×"
    reference = "the usual Johnson network (random weights) in torch f32, 640x480"
    assert told[f"faster on openvino-bf16 than {reference}"] == "129 ×"
    assert told["from the command to the first painted frame, cache warm"] == "1.18 s"


def test_the_headline_of_stillness_is_the_mean_over_the_filmed_clips():
    def row(clip, way, ratio, flow):
        figures = {
            "e_stab ratio": ratio,
            "sharpness ratio": 0.9,
            "style loss ratio": None,
            "flow": flow,
        }
        return Row({"style": "a", "clip": clip, "way": way}, figures)

    scene = row("turn", "strong", 0.1, "exact")
    clips = [row(f"{n}.mp4", "strong", ratio, "RAFT-small") for n, ratio in enumerate((0.4, 0.6))]
    (told,) = headlines(factory.result(Measured("temporal", "all", 1.0, (scene, *clips))), CASES)
    assert (told.value, told.text) == (
        "0.500 ×",
        "of the baseline's flicker (e_stab) is left in a, strong, sharpness 0.900 ×; "
        "mean of 2 clips",
    )
    (told,) = headlines(factory.result(Measured("temporal", "all", 1.0, (scene,))), CASES)
    assert told.text.endswith("mean of 1 generated scene")
    per_frame = row("turn", "per frame", 1.0, "exact")
    assert not headlines(factory.result(Measured("temporal", "all", 1.0, (per_frame,))), CASES)


def test_a_headline_says_what_it_was_worked_out_from():
    told = [
        line.text for line in headlines(factory.full_result(1.0, "scaled from 9", "random"), CASES)
    ]
    steps = "faster than 500 steps of pixel optimisation at 512x512"
    assert f"{steps} (scaled from 9, random weights)" in told


def test_the_made_up_rows_have_the_columns_of_the_cases(result):
    for case, (key, figures) in factory.COLUMNS.items():
        for row in result.rows(case):
            assert (set(row.key), set(row.figures)) == (key, figures)


def test_ten_providers_make_ten_lines():
    keys = [{"network": "n", "style": "s", "provider": f"p{i}", "size": "64x48"} for i in range(10)]
    rows = tuple(Row(key, {"fps": 10.0 + i}) for i, key in enumerate(keys))
    (plot,) = plots(factory.result(Measured("network", "all", 1.0, rows)), CASES)
    assert all(f">p{i}<" in plot.svg for i in range(10))


def test_a_front_joins_one_stylemeasured_alike():
    def row(style, network, ms, loss, where):
        figures = {"median ms": ms, "content loss": loss, "style loss": 0.0, "measured on": where}
        return Row({"style": style, "network": network}, figures)

    rows = (row("a", "fast", 10.0, 1.0, "card"), row("a", "tiny", 5.0, 2.0, "card"),
            row("a", "slow", 4.0, 0.1, "3 photos"), row("b", "fast", 3.0, 0.1, "card"))  # fmt: skip
    groups = grouped(rows, measured_alike)
    assert [len(group) for group in groups.values()] == [2, 1, 1]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"), ("bf16", "bf16"), (0, "0"), (12345, "12,345"), (51239.7, "51,240"),
        (123.4, "123"), (14.24, "14.2"), (3.0, "3.00"), (0.01234, "0.0123"), (0.0, "0"),
        (999.7, "1,000"), (-2.5, "-2.50"),
    ],
)  # fmt: skip
def test_numbers_have_three_digits(value, text):
    assert number(value) == text


def test_the_front_holds_what_nothing_beats():
    points = [(1.0, 5.0), (2.0, 6.0), (3.0, 2.0), (3.0, 1.0), (4.0, 1.0)]
    assert front(points) == [(1.0, 5.0), (3.0, 1.0)]


def test_the_dots_of_quality_are_named_even_a_single_one():
    def plot(*styles):
        figures = {"median ms": 9.0, "content loss": 0.5, "style loss": 0.2, "measured on": "card"}
        rows = tuple(Row({"style": style, "network": "fast"}, figures) for style in styles)
        (drawn,) = plots(factory.result(Measured("quality", "all", 1.0, rows)), CASES)
        return drawn.svg

    assert plot("great_wave").count(">great_wave<") == 2  # beside the dot, and in the legend
    assert ">fast<" in plot("great_wave")
    assert plot("a", "b").count(">a<") == 2


def test_a_column_of_dashes_is_left_out_and_a_large_table_says_that_it_scrolls():
    rows = tuple(
        Row({"size": str(i)}, {"median ms": 1.0 + i, "of the ceiling %": None}) for i in range(20)
    )
    (table,) = tables(rows)
    assert list(table.columns) == ["size", "median ms"]
    page = report(factory.result(Measured("ceiling", "all", 1.0, rows)), [])
    assert "20 rows, 2 columns: scroll down where the table is cut" in page
    few = report(factory.result(Measured("ceiling", "all", 1.0, rows[:3])), [])
    assert "where the table is cut" not in few
