"""What commands say while they work, on a terminal and in a log."""

import io
import re
from pathlib import Path

import media_factory
import model_factory
import pytest
from rich.console import Console

from realtime_nst.cli import console, progress
from realtime_nst.cli.progress import Gauge

HOUR = 3600
HOSTILE = "a{b}[red]\x1b]0;owned\x07\x9b2J\x1b[31m.mp4"
CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


@pytest.fixture(autouse=True)
def manner(monkeypatch):
    monkeypatch.setattr(console, "manner", console.Manner())
    return console.manner


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def lines_of(capsys, hours, *, total=1000, before=0, units=1000):
    """What a log holds of a run of ``hours``, in which all ``units`` take the same time."""
    clock = Clock()
    gauge = Gauge("film.mp4", "frame", total, before=before, clock=clock)
    for done in range(before + 1, units + 1):
        clock.now += hours * HOUR / (units - before)
        gauge(done)
    return capsys.readouterr().err.splitlines()


def shares(lines):
    return [int(re.search(r"\((\d+) %\)", line)[1]) for line in lines]


def test_a_log_gets_a_line_at_few_shares(capsys):
    lines = lines_of(capsys, 0.5)
    assert shares(lines) == [1, 2, 5, *range(10, 100, 10)]
    assert lines[0] == "note: film.mp4: 10 of 1000 frames (1 %), 0:29:42 left"


def test_a_short_work_says_nothing_and_a_long_one_every_ten_minutes(capsys):
    assert lines_of(capsys, 5 / HOUR) == []
    lines = lines_of(capsys, 10)
    assert {*range(10, 100, 10)} <= set(shares(lines))
    assert 60 <= len(lines) <= 80


def test_a_part_of_a_large_picture_counts(capsys):
    clock = Clock()
    gauge = Gauge("out", "picture", 2, clock=clock)
    clock.now = 30
    gauge(0, part=0.5)
    assert capsys.readouterr().err == "note: out: 0 of 2 pictures (25 %), 0:01:30 left\n"


def test_nobody_knows_how_long_a_stream_is(capsys):
    lines = lines_of(capsys, 1, total=None)
    assert len(lines) == 5
    assert re.fullmatch(r"note: film.mp4: \d+ frames", lines[0])


def test_what_earlier_runs_did_counts_for_the_share_and_not_for_the_time(capsys):
    lines = lines_of(capsys, 1, before=500)
    assert min(shares(lines)) > 50
    assert "note: film.mp4: 600 of 1000 frames (60 %), 0:48:00 left" in lines


def test_quiet_and_verbose(capsys, manner):
    manner.quiet = True
    assert lines_of(capsys, 1) == []
    manner.quiet, manner.verbose = False, True
    assert len(lines_of(capsys, 1)) > 300


def drawn(monkeypatch, width, title, unit, total, more):
    """The last state of a bar."""
    terminal = io.StringIO()
    shown = Console(file=terminal, force_terminal=True, width=width, color_system=None)
    with monkeypatch.context() as patch:
        patch.setattr(console, "err", shown)
        with progress.progress(title, unit, total) as gauge:
            gauge(123, more)
    (*_, last) = [line for line in re.split(r"[\r\n]", terminal.getvalue()) if "123" in line]
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", last)


@pytest.mark.parametrize("width", [80, 110])
def test_the_bar_of_training_fits(monkeypatch, width):
    losses = "content 1.234  style 3.322  total variation 0.003  deep style 2.220  total 4.500"
    line = drawn(monkeypatch, width, "training", "step", 2000, losses)
    assert len(line) <= width
    assert "━" in line or "╸" in line
    assert re.search(r"123 of 2000 steps \(6 %\), \d+:\d\d:\d\d left", line)


def test_names_neither_format_nor_reach_the_terminal_raw(monkeypatch, capsys):
    line = drawn(monkeypatch, 120, HOSTILE, "frame", None, "12.3 frames a second")
    assert "a{b}[red]\\x1b]0;owned\\x07\\x9b2J" in line
    assert not CONTROLS.search(line)
    for say in (console.say, console.say_error, console.say_notice, console.say_progress):
        say(HOSTILE)
    console.show(console.table(("style",), [[HOSTILE]]))
    said = "".join(capsys.readouterr())
    assert said.count("\\x1b]0;owned") == 5
    assert not CONTROLS.search(said)


def test_a_name_of_two_lines_forges_no_line(capsys):
    console.say_error("no such file: a\nnote: all is well")
    assert capsys.readouterr().err == "error: no such file: a\\nnote: all is well\n"


def test_only_one_place_writes_to_the_terminal():
    """Else a name would find its way around what makes it visible."""
    folder = Path(console.__file__).parent
    for path in folder.glob("*.py"):
        if path.name not in ("console.py", "__init__.py"):
            assert not re.search(r"\.print\(|\bConsole\(|sys\.std\w+\.write", path.read_text())


@pytest.fixture
def painted(cli, tmp_path):
    style = model_factory.write_style(tmp_path / "tiny.onnx", card=model_factory.card())
    clip = media_factory.clip(tmp_path / "clip.mp4", count=4)
    return lambda *options: cli(*options, "video", clip, "-o", tmp_path / "o.mp4", "-s", style)


def test_the_options_stand_before_the_command_or_behind_it(painted, cli, monkeypatch):
    monkeypatch.setattr(progress, "_APART", 0)
    code, said, err = painted()
    assert (code, "4 frames" in said, "o.mp4: " in err) == (0, True, True)
    code, said, err = cli("--quiet", "styles", "-v")
    assert (code, said) == (2, "")
    assert "give one of them" in err
    assert painted("-v")[0] == 2


def test_verbose_tells_what_an_error_hides(painted, cli):
    _, _, err = painted("-v")
    assert "detail: painting at 256x192 on " in err
    _, _, err = painted("--verbose")
    assert "already exists" in err
    assert "detail: TargetExists: " in err
    assert re.search(r"detail:   \S+realtime_nst\S+:\d+, in \w+", err)


def test_quiet_leaves_results_and_errors(painted, monkeypatch):
    monkeypatch.setattr(progress, "_APART", 0)
    code, said, err = painted("-q")
    assert (code, "4 frames" in said, err) == (0, True, "")
    code, _, err = painted("-q")
    assert (code, err.count("\n")) == (2, 1)


@pytest.fixture
def terminal(monkeypatch):
    """What is shown on one."""
    shown = Console(file=io.StringIO(), force_terminal=True, width=80)
    monkeypatch.setattr(console, "err", shown)
    return shown.file


def test_events_reach_the_pipe_while_a_bar_is_shown(capsys, terminal, manner):
    manner.json = True
    with progress.progress("film.mp4", "frame", 10) as gauge:
        gauge(1)
        console.say_result("", path="film.mp4")
    assert '"event": "progress"' in capsys.readouterr().out
    assert "event" not in terminal.getvalue()


def test_the_time_left_of_all_films_counts_their_frames(terminal):
    """And what earlier runs had painted takes no time."""
    clock = Clock()
    films = progress.FilmsGauge(3, 100, None, clock=clock)
    films.within(0, 10)
    for done in range(1, 11):
        clock.now += 1
        films.within(done, 10)
    assert films.line() == "0 of 3 films (20 %), 0:01:20 left"
    films.film(20)
    assert films.line() == "1 of 3 films (33 %), 0:01:20 left"
    films.film(0)  # it could not be read
    films.film(80)
    assert films.line() == "3 of 3 films (100 %), 0:00:00 left"


def test_all_films_have_a_bar_above_that_of_one(terminal):
    with (
        progress.films_progress(2, 40) as films,
        progress.progress("one.mp4", "frame", 20) as gauge,
    ):
        gauge(1)
        assert [task.fields["gauge"] for task in films.bar.tasks] == [films, gauge]
    assert films.bar.tasks == [films.bar.tasks[0]]
