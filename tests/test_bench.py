"""The benchmark's engine: timing, cases, results, and going on with an earlier run."""

import csv
import importlib
import io
import json
import sys
from dataclasses import replace

import bench_factory as factory
import numpy as np
import pytest

from realtime_nst.bench.case import Case, LeftOut, Row, Unit
from realtime_nst.bench.cases import load_cases
from realtime_nst.bench.compare import compare, differences
from realtime_nst.bench.conditions import precision
from realtime_nst.bench.result import (
    Measured,
    from_json,
    read,
    to_csv,
    to_json,
    write,
    write_text,
)
from realtime_nst.bench.resume import begin
from realtime_nst.bench.run import run
from realtime_nst.bench.timer import Timer, around, spread
from realtime_nst.bench.yardstick import Yardstick
from realtime_nst.errors import MissingPackage, RealtimeNstError, UnknownName, UsageError


@pytest.fixture
def clock():
    return factory.Clock()


@pytest.fixture
def timer(clock):
    return Timer(repetitions=4, warm_up=2, clock=clock)


def case(name, *units):
    return Case(name, name.title(), "explained", "omitted", lambda settings: units)


def gives(name, calls=None, figure=1.0):
    """A unit that gives one row, and appends its name to ``calls``."""

    def measure(settings, timer):
        if calls is not None:
            calls.append(name)
        return [Row({"what": name}, {"ms": figure})]

    return Unit(name, measure)


def raises(name, error):
    def measure(settings, timer):
        raise error

    return Unit(name, measure)


def measure_all(cases, timer, result=None, **more):
    saved = []
    return run(cases, result or factory.result(), saved.append, timer, **more), saved


# timing


def test_readings_are_the_seconds_a_call_slept(clock, timer):
    readings = timer.in_turn({"long": lambda: clock.sleep(2), "short": lambda: clock.sleep(0.5)})
    assert readings == {"long": [2, 2, 2, 2], "short": [0.5, 0.5, 0.5, 0.5]}


def test_calls_are_warmed_up_then_take_turns(timer):
    order = []
    timer.in_turn({name: lambda name=name: order.append(name) for name in "AB"})
    assert "".join(order) == "AABB" + "ABABABAB"


def test_a_unit_over_its_budget_ends_after_the_least_readings(clock):
    timer = Timer(repetitions=100, warm_up=0, budget=10, least=3, clock=clock)
    assert len(timer.in_turn({"a": lambda: clock.sleep(30)})["a"]) == 3
    assert len(timer.in_turn({"a": lambda: clock.sleep(2)})["a"]) == 6  # 5 x 2 s are within 10 s


def test_percentiles_are_numpys():
    seconds = list(np.random.default_rng(0).gamma(2, 0.01, 101))
    assert spread(seconds) == pytest.approx(
        {
            "median ms": 1000 * np.median(seconds),
            "p5 ms": 1000 * np.percentile(seconds, 5),
            "p95 ms": 1000 * np.percentile(seconds, 95),
        }
    )
    five = spread([0.001, 0.002, 0.003, 0.004, 0.005])
    assert five["p95 ms"] == pytest.approx(4.8)  # 4 + 0.8 of the last step


def test_of_few_readings_the_lowest_and_highest_are_told():
    assert around([3.0, 1.0, 2.0, 9.0], "fps") == {"lowest fps": 1.0, "highest fps": 9.0}


# the engine


def test_a_case_that_sleeps_is_measured_on_the_clock_given(clock, timer):
    def measure(settings, timer):
        readings = timer.in_turn({"nap": lambda: clock.sleep(0.25)})
        return [Row({"what": "nap"}, spread(readings["nap"]), {"median ms": readings["nap"]})]

    result, _ = measure_all([case("sleeper", Unit("nap", measure))], timer)
    (row,) = result.rows("sleeper")
    assert row.figures == {"median ms": 250, "lowest ms": 250, "highest ms": 250}
    assert row.samples == {"median ms": [0.25] * 4}
    assert result.units[0].seconds == 0.25 * 6  # two to warm up


def test_what_fails_is_kept_with_its_reason_and_the_rest_goes_on(timer):
    cases = [
        case("a", raises("absent", LeftOut("no camera here; plug one in")), gives("one")),
        case("b", raises("broken", ZeroDivisionError("division\nby zero")), gives("two")),
    ]
    result, _ = measure_all(cases, timer)
    assert result.finished
    assert [row.key["what"] for name in "ab" for row in result.rows(name)] == ["one", "two"]
    absent, broken = result.left_out
    assert (absent.left_out, absent.defect) == ("no camera here; plug one in", False)
    assert broken.defect
    assert broken.left_out == "defect of case 'b': ZeroDivisionError: division by zero"


def test_a_case_that_cannot_say_its_units_is_a_defect(timer):
    broken = replace(case("a"), units=lambda settings: 1 / 0)
    result, _ = measure_all([broken, case("b", gives("one"))], timer)
    assert [unit.defect for unit in result.units] == [True, False]


@pytest.mark.parametrize(
    "rows",
    [[], [Row({"a": "1"}, {}), Row({"a": "1"}, {})], [Row({"a": "1"}, {"a": 2.0})]],
    ids=["no rows", "one key twice", "one name for key and figure"],
)
def test_rows_that_make_no_table_are_a_defect(timer, rows):
    result, _ = measure_all([case("a", Unit("x", lambda settings, timer: rows))], timer)
    assert result.left_out[0].defect


def test_numpys_numbers_become_plain_and_undefined_ones_none(timer):
    figures = {"a": np.float32(0.5), "b": np.int64(3), "c": float("nan"), "d": "text", "e": None}
    samples = {"a": np.array([1 / 3, np.inf])}
    unit = Unit("x", lambda settings, timer: [Row({"size": 64}, figures, samples)])
    result, _ = measure_all([case("a", unit)], timer)
    (row,) = from_json(to_json(result)).rows("a")
    assert row == Row({"size": "64"}, {"a": 0.5, "b": 3, "c": None, "d": "text", "e": None},
                      {"a": [0.333333]})  # fmt: skip


def test_progress_tells_of_each_unit_before_and_after(timer):
    told = []
    cases = [case("a", gives("one"), gives("two"))]
    run(cases, factory.result(), lambda result: None, timer, told.append)
    assert [(p.unit, p.done, p.total, p.measured is not None) for p in told] == [
        ("one", 0, 2, False),
        ("one", 1, 2, True),
        ("two", 1, 2, False),
        ("two", 2, 2, True),
    ]


def test_an_interrupted_run_goes_on_with_what_is_not_measured(timer):
    calls = []
    stop = case("a", gives("one", calls), raises("two", KeyboardInterrupt()))
    saved = []
    with pytest.raises(KeyboardInterrupt):
        run([stop], factory.result(), saved.append, timer)
    kept = saved[-1]
    assert not kept.finished
    assert [unit.unit for unit in kept.units] == ["one"]
    again = case("a", gives("one", calls), gives("two", calls))
    result, _ = measure_all([again], timer, kept)
    assert calls == ["one", "two"]
    assert result.finished
    assert len(result.rows("a")) == 2


def test_what_was_left_out_is_tried_again(timer):
    before, _ = measure_all([case("a", raises("one", LeftOut("no")), gives("two"))], timer)
    after, _ = measure_all([case("a", gives("one"), gives("two"))], timer, before)
    assert not after.left_out
    assert len(after.rows("a")) == 2


# results


def test_json_keeps_everything(tmp_path):
    result = factory.full_result()
    again = from_json(to_json(result))
    assert again == result
    path = write(result, tmp_path)
    assert path.name == "realtime_nst-0.1.0-bf16-openvino-xeon_2c.json"
    assert read(path) == result
    assert sorted(p.name for p in tmp_path.iterdir()) == [path.with_suffix(".csv").name, path.name]


def nodes(value, path=()):
    """The path of every value in JSON ``value``."""
    yield path
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from nodes(each, (*path, key))


def put(value, path, other):
    """``value`` with ``other`` at ``path``."""
    if not path:
        return other
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = put(value[path[0]], path[1:], other)
    return copy


def test_a_result_of_wrong_types_is_refused_or_harmless(tmp_path):
    row = Row({"size": "64x48"}, {"median ms": 3.0, "fps": None}, {"median ms": [3.0, 4.0] * 4})
    whole = factory.result(Measured("network", "all", 1.0, (row,), yardstick=factory.YARDSTICK[:2]))
    told = json.loads(to_json(whole))
    refused = []
    for path in nodes(told):
        for other in (None, 3, -1.5, 10**400, "x", True, [], {}, [None], {"a": []}):
            text = json.dumps(put(told, path, other))
            try:
                changed = from_json(text)
            except ValueError as error:
                refused.append(str(error))
                continue
            compare(whole, changed)
            differences(whole, changed)
            to_csv(changed)
    assert len(refused) > 400
    assert not any("\n" in said for said in refused)


def test_csv_holds_every_figure_of_the_json():
    result = factory.full_result()
    told = list(csv.DictReader(io.StringIO(to_csv(result))))
    kept = [
        (unit.case, dict(row.key), figure, "" if value is None else str(value))
        for unit in result.units
        for row in unit.rows
        for figure, value in row.figures.items()
    ]
    keys = [c for c in told[0] if c not in ("case", "figure", "value")]
    assert kept == [
        (line["case"], {k: line[k] for k in keys if line[k] or k in key}, line["figure"],
         line["value"])
        for line, (_, key, _, _) in zip(told, kept, strict=True)
    ]  # fmt: skip


def test_a_quick_result_has_a_file_of_its_own():
    assert factory.conditions(quick=True).stem.endswith("-xeon_2c-quick")


@pytest.mark.parametrize(
    ("provider", "computes_in"),
    [("openvino-bf16", "bf16"), ("cpu", "f32"), ("tensorrt", "f16"), ("openvino-gpu", "f16")],
)
def test_precision(provider, computes_in):
    assert precision(provider) == computes_in


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"schema": 99}', '{"schema": 1}', '{"schema": 1, "units": 3}', "\x00"]
)
def test_a_damaged_result_is_one_clear_line(tmp_path, text):
    path = tmp_path / "old.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"old\.json' cannot be read as a benchmark result"):
        read(path)
    with pytest.raises(UsageError, match="there is no file"):
        read(tmp_path / "absent.json")


def test_a_file_cut_off_anywhere_is_damaged(tmp_path):
    text = to_json(factory.result(Measured("a", "x", 1.0, (Row({"k": "v"}, {"ms": 1.0}),))))
    path = tmp_path / "old.json"
    for end in range(0, len(text), 40):
        path.write_text(text[:end])
        with pytest.raises(UsageError):
            read(path)


def test_a_file_that_cannot_be_finished_leaves_the_old_one(tmp_path):
    path = tmp_path / "result.json"
    write_text(path, "whole")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "half \ud800")
    assert path.read_text() == "whole"
    assert list(tmp_path.iterdir()) == [path]


# taking over


def unit_of(name, unit="x", **more):
    return Measured(name, unit, 1.0, (Row({"k": unit}, {"ms": 1.0}),), **more)


def test_a_run_takes_over_what_the_same_conditions_measured(tmp_path):
    earlier = factory.result(unit_of("a"), unit_of("b"))
    write(earlier, tmp_path)
    code = replace(earlier.conditions.code, commit="def456")  # another name for the same sources
    result, notice = begin(replace(earlier.conditions, code=code), tmp_path, ["a"], restart=False)
    assert result.units == earlier.units
    assert result.conditions.code.commit == "def456"
    assert notice.startswith("1 unit")


def test_restart_forgets_the_cases_asked_for_alone(tmp_path):
    earlier = factory.result(unit_of("a"), unit_of("b"))
    write(earlier, tmp_path)
    result, notice = begin(earlier.conditions, tmp_path, ["a"], restart=True)
    assert [unit.case for unit in result.units] == ["b"]
    assert "is set aside" in notice
    assert "taken over" not in notice


def set_aside(path):
    """The results that were set aside beside ``path``."""
    return sorted(path.parent.glob(f"{path.stem}.*.json"))


def test_restart_sets_the_whole_result_aside_and_has_a_date_of_its_own(tmp_path):
    earlier = factory.result(unit_of("a"))
    path = write(earlier, tmp_path)
    path.with_suffix(".html").write_text("page")
    result, _ = begin(earlier.conditions, tmp_path, ["a"], restart=True)
    (aside,) = set_aside(path)
    assert read(aside) == earlier
    assert aside.with_suffix(".html").read_text() == "page"
    assert aside.with_suffix(".csv").exists()
    assert not path.exists()
    assert result.date > earlier.date


def test_the_date_is_that_of_the_first_unit_held(tmp_path):
    earlier = factory.result(unit_of("a"))
    write(earlier, tmp_path)
    assert begin(earlier.conditions, tmp_path, ["a"], restart=False)[0].date == earlier.date
    empty = factory.result(Measured("a", "x", 1.0, (), "no camera"))
    write(empty, tmp_path)
    assert begin(empty.conditions, tmp_path, ["a"], restart=False)[0].date > empty.date


def test_nothing_set_aside_is_overwritten_and_equal_conditions_are_taken_back(tmp_path):
    first = factory.result(unit_of("a"))
    others = [factory.result(unit_of("a"), sizes=((side, side),)) for side in (32, 64)]
    path = write(first, tmp_path)
    for other in others:
        begin(other.conditions, tmp_path, ["a"], restart=False)
        write(other, tmp_path)
    assert {read(p).conditions.settings.sizes for p in set_aside(path)} == {
        first.conditions.settings.sizes,
        others[0].conditions.settings.sizes,
    }
    result, notice = begin(first.conditions, tmp_path, ["a"], restart=False)
    assert result.units == first.units
    assert "1 unit measured before is taken over" in notice
    assert read(path) == first
    assert len(set_aside(path)) == 2


@pytest.mark.parametrize("changed", ["code", "machine", "styles", "settings", "inputs"])
def test_a_result_of_other_conditions_is_set_aside(tmp_path, changed):
    earlier = factory.result(unit_of("a"))
    path = write(earlier, tmp_path)
    now = earlier.conditions
    others = {
        "code": replace(now.code, digest="another"),
        "machine": replace(now.machine, memory=32.0),
        "styles": {**now.styles, "udnie": "another"},
        "settings": replace(now.settings, sizes=((64, 64),)),
        "inputs": {"vgg.safetensors": "another"},
    }
    result, notice = begin(replace(now, **{changed: others[changed]}), tmp_path, ["a"], False)
    assert result.units == ()
    assert "measured again" in notice
    assert [read(p) for p in set_aside(path)] == [earlier]


def test_a_damaged_result_is_set_aside(tmp_path):
    conditions = factory.conditions()
    path = tmp_path / f"{conditions.stem}.json"
    path.write_text("{")
    result, notice = begin(conditions, tmp_path, ["a"], restart=False)
    assert result.units == ()
    assert "cannot be read" in notice
    assert [p.read_text() for p in set_aside(path)] == ["{"]


# cases


@pytest.fixture
def write_case(tmp_path, monkeypatch, request):
    """Writes a file of a package of cases, and gives the package's name."""
    name = f"cases_of_{request.node.name}"
    (tmp_path / name).mkdir()
    monkeypatch.syspath_prepend(tmp_path)

    def write_file(stem, text):
        (tmp_path / name / f"{stem}.py").write_text(text)
        importlib.invalidate_caches()
        return name

    yield write_file
    for module in [module for module in sys.modules if module.partition(".")[0] == name]:
        del sys.modules[module]


CASE = """
from realtime_nst.bench.case import Case
CASE = Case({name}, "T", "E", "O", lambda settings: [])
"""


def test_cases_come_in_one_order_each_once(write_case):
    for stem, name in (("quality", "quality"), ("zebra", "zebra"), ("net", "network")):
        package = write_case(stem, CASE.format(name=repr(name)))

    def names(wanted):
        return [case.name for case in load_cases(wanted, package)]

    assert names(None) == names([]) == ["network", "quality", "zebra"]
    assert names(["zebra", "network", "zebra"]) == ["network", "zebra"]
    with pytest.raises(UnknownName, match="did you mean 'network'"):
        names(["netwrok"])


def test_helpers_are_no_cases_and_can_be_imported(write_case):
    write_case("_helper", "NAME = 'helped'")
    package = write_case("own", "from ._helper import NAME" + CASE.format(name="NAME"))
    assert [case.name for case in load_cases(None, package)] == ["helped"]


def test_an_absent_package_is_named(write_case):
    package = write_case("wants", "import no_such_package")
    with pytest.raises(MissingPackage, match="case 'wants' needs 'no_such_package'"):
        load_cases(None, package)


def test_a_file_without_a_case_is_named(write_case):
    with pytest.raises(RealtimeNstError, match=r"wants\.py' holds no case"):
        load_cases(None, write_case("wants", "CASE = 3"))


def test_the_json_is_strict(timer):
    """It holds nothing that only Python can read, such as NaN."""
    json.loads(to_json(factory.full_result()), parse_constant=lambda text: pytest.fail(text))


# the yardstick


def test_the_yardstick_is_timed_around_units_and_between_rounds_once_a_second(clock):
    def slow(settings, timer):
        timer.in_turn({"call": lambda: clock.sleep(0.6)})
        return [Row({"what": "call"}, {"ms": 600.0})]

    yardstick = Yardstick(lambda: clock.sleep(0.01), clock)
    units = Unit("slow", slow), gives("quick")
    timer = Timer(repetitions=5, warm_up=0, clock=clock)
    result, _ = measure_all([case("a", *units)], timer, yardstick=yardstick)
    slow, quick = (unit.yardstick for unit in result.units)
    assert slow == (0.01,) * (3 + 2 + 3)  # after 1.2 and 2.4 seconds
    assert quick == (0.01,) * 6
    assert [unit.seconds for unit in result.units][1] == 0


def test_the_work_of_the_yardstick_takes_time_and_leaves_no_thread():
    yardstick = Yardstick()
    yardstick.around()
    assert all(0 < seconds < 10 for seconds in yardstick.take())
    assert yardstick.take() == ()
