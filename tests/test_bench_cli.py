"""``realtime-nst bench`` on the command line, with a made-up case."""

import json
import os
from functools import partial
from pathlib import Path

import model_factory
import painter_factory
import pytest
from made_up_cases import naps as made_up

from realtime_nst import packages
from realtime_nst.bench import cases


@pytest.fixture
def cli(cli, monkeypatch, tmp_path):
    """Runs the command in ``tmp_path``; gives (exit code, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)
    return partial(cli, "bench")


@pytest.fixture
def stop_with(monkeypatch):
    """Sets what the second unit raises."""
    return partial(monkeypatch.setattr, made_up, "stop_with")


@pytest.fixture
def naps(monkeypatch):
    """Replaces the cases by a made-up one; gives a function that counts its measured naps."""
    monkeypatch.setattr(made_up, "MEASURED", [])
    for name in ("load_cases", "titles"):
        monkeypatch.setattr(cases, name, partial(getattr(cases, name), package="made_up_cases"))
    return lambda: len(made_up.MEASURED)


@pytest.fixture
def asked(tmp_path, naps):
    """Options that make a run short."""
    (tmp_path / "empty").mkdir()
    style = model_factory.write_style(tmp_path / "tiny.onnx", card=model_factory.card())
    return ("--quick", "--style", style, "--provider", "cpu", "--size", "32x24")


def error_of(said):
    code, _, err = said
    (line,) = [line for line in err.splitlines() if not line.startswith("note: ")]
    assert code in (1, 2)
    assert line.startswith("error: ")
    return line


def test_a_run_gives_json_csv_and_report(cli, asked, tmp_path):
    code, out, err = cli(*asked)
    assert code == 0, err
    folder = tmp_path / "bench-results"
    (path,) = folder.glob("*.json")
    assert sorted(p.suffix for p in folder.iterdir()) == [".csv", ".html", ".json"]
    assert all(str(p.relative_to(tmp_path)) in out for p in folder.iterdir())
    assert "120 fps" in out
    assert "naps: stop left out: no camera; plug one in" in err
    told = json.loads(path.read_text())
    assert told["finished"]
    assert told["conditions"]["providers"] == {"cpu": "cpu"}
    assert path.stem.startswith("realtime_nst-")
    assert "-f32-cpu-" in path.stem
    assert "Naps" in path.with_suffix(".html").read_text()


def test_the_list_measures_nothing_and_needs_nothing(cli, naps, tmp_path, monkeypatch):
    monkeypatch.setitem(packages.EXTRAS, "bench", ("no_such_package",))
    code, out, _ = cli("--list")
    assert code == 0
    assert "naps" in out
    assert "Naps" in out
    assert naps() == 0
    assert not (tmp_path / "bench-results").exists()


def test_interrupted_it_goes_on(cli, asked, naps, stop_with):
    stop_with(KeyboardInterrupt())
    code, _, err = cli(*asked)
    assert code == 130
    assert "the same command goes on" in err
    stop_with(None)
    code, _, err = cli(*asked)
    assert code == 0
    assert "1 unit measured before is taken over" in err
    assert naps() == 1
    assert cli(*asked, "--restart")[0] == 0
    assert naps() == 2


def test_interrupted_it_reports_what_there_is(cli, asked, stop_with, tmp_path):
    stop_with(KeyboardInterrupt())
    _, out, _ = cli(*asked)
    (page,) = (tmp_path / "bench-results").glob("*.html")
    assert "interrupted" in page.read_text()
    assert page.name in out
    assert cli(*asked, "--restart")[0] == 130
    listed = [line for line in cli(*asked)[1].splitlines() if "bench-results" in line]
    assert len(listed) == 3
    assert all((tmp_path / line.strip()).exists() for line in listed)


def test_interrupted_before_the_first_unit_it_says_so(cli, asked, tmp_path, monkeypatch):
    def pressed():
        raise KeyboardInterrupt

    monkeypatch.setattr("realtime_nst.cli.interrupt.check", pressed)
    code, out, err = cli(*asked)
    assert code == 130
    assert "stopped before anything was measured" in err
    assert out == ""
    assert not list((tmp_path / "bench-results").iterdir())


def test_photos_alone_measure_no_losses_and_it_says_so(cli, asked, tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").touch()
    _, _, err = cli(*asked, "--photos", "photos")
    assert "note: --photos without --loss-weights and --paintings" in err


def test_a_defect_is_an_error_but_the_report_is_there(cli, asked, stop_with, tmp_path):
    stop_with(ZeroDivisionError("no good"))
    said = cli(*asked)
    assert "1 unit failed by a defect" in error_of(said)
    assert "defect of case 'naps': ZeroDivisionError: no good" in said[2]
    assert list((tmp_path / "bench-results").glob("*.html"))


def next_back(folder):
    """The result that the next run would take back: the latest set aside."""
    return max((folder / "old").glob("*.20*.json"), key=lambda path: path.stat().st_mtime)


def test_compared_with_an_earlier_run(cli, asked, tmp_path):
    assert cli(*asked, "-o", "old")[0] == 0
    (old,) = (tmp_path / "old").glob("*.json")
    code, out, _ = cli(*asked, "-o", "new", "--compare", old)
    assert code == 0
    assert "noise" in out
    (page,) = (tmp_path / "new").glob("*.html")
    assert f"Compared with {old.name}" in page.read_text()
    assert "--restart" in error_of(cli(*asked, "-o", "old", "--compare", old))
    assert cli(*asked, "-o", "old", "--compare", old, "--restart")[0] == 0
    assert len(list((tmp_path / "old").glob("*.json"))) == 2
    assert cli(*asked, "-o", "old", "--size", "48x32")[0] == 0
    assert "--restart" in error_of(cli(*asked, "-o", "old", "--compare", next_back(tmp_path)))


def test_runs_with_nothing_in_common_get_one_line(cli, asked, tmp_path):
    assert cli(*asked, "-o", "old")[0] == 0
    (old,) = (tmp_path / "old").glob("*.json")
    code, out, err = cli(*asked[:-1], "48x32", "-o", "new", "--compare", old)
    assert code == 0
    assert "no figure was measured in both runs" in err
    assert "verdict" not in out
    (page,) = (tmp_path / "new").glob("*.html")
    assert "No figure was measured in both runs." in page.read_text()
    assert "<th>ratio</th>" not in page.read_text()


def test_a_result_of_wrong_types_is_one_line(cli, asked, naps, tmp_path):
    (tmp_path / "bad.json").write_text('{"schema": 2, "units": [3], "date": null}')
    assert "cannot be read as a benchmark result" in error_of(cli(*asked, "--compare", "bad.json"))
    (tmp_path / "bad.json").write_text("[" * 100_000)
    assert "cannot be read as a benchmark result" in error_of(cli(*asked, "--compare", "bad.json"))
    assert "not a file" in error_of(cli(*asked, "--compare", "/dev/zero"))
    assert naps() == 0


def test_other_settings_keep_the_result_before(cli, asked, tmp_path):
    assert cli(*asked)[0] == 0
    code, _, err = cli(*asked, "--size", "48x32")
    assert code == 0
    assert "measured again" in err
    assert len(list((tmp_path / "bench-results").glob("*.json"))) == 2


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["nasp"], "did you mean 'naps'"),
        (["--provider", "cup"], "unknown provider 'cup'; did you mean 'cpu'"),
        (["--style", "great_wav"], "unknown style 'great_wav'"),
        (["--style", "absent.onnx"], "absent.onnx"),
        (["--size", "big"], "the size 'big' is not valid"),
        (["--size", "640"], "--size '640' is one side"),
        (["--size", "0x480"], "the size '0x480' is not valid"),
        (["--size", "99999x480"], "from 1 to 32768"),
        (["--style", "absent.jpg"], "there is no picture 'absent.jpg'"),
        (["--photos", "nowhere"], "--photos 'nowhere' is not a folder"),
        (["--photos", "empty"], "--photos 'empty' holds no picture"),
        (["--paintings", "nowhere"], "--paintings 'nowhere' is not a folder"),
        (["--sintel", "empty"], "--sintel 'empty' holds no true flow"),
        (["--coherent", "absent.onnx"], "there is no file 'absent.onnx'"),
        (["--coherent", "tiny.onnx"], "'single-style', not 'coherent'"),
        (["--loss-weights", "absent.safetensors"], "'absent.safetensors' is not a file"),
        (["--compare", "absent.json"], "there is no file 'absent.json'"),
        (["--compare", "tiny.onnx"], "cannot be read as a benchmark result"),
        (["-o", "tiny.onnx"], "cannot write to folder 'tiny.onnx'"),
        (["-o", "tiny.onnx/below"], "cannot write to folder 'tiny.onnx/below'"),
    ],
)
def test_what_cannot_be_met_is_said_before_anything_is_measured(cli, asked, naps, arguments, named):
    assert named in error_of(cli(*asked, *arguments))
    assert naps() == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_without_rights(cli, asked, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    assert "cannot write to folder" in error_of(cli(*asked, "-o", closed))


def test_an_absent_package_is_named(cli, asked, naps, monkeypatch):
    monkeypatch.setitem(packages.EXTRAS, "bench", ("no_such_package",))
    assert 'pip install "realtime_nst[bench]"' in error_of(cli(*asked))
    assert naps() == 0


def test_without_a_provider_nothing_is_measured(cli, asked, naps, monkeypatch):
    from realtime_nst.runtime import providers

    rows = {row.name: row for row in providers.PROVIDERS.values() if row.name == "directml"}
    monkeypatch.setattr(providers, "PROVIDERS", rows)
    style = asked[asked.index("--style") + 1]
    assert 'pip install "realtime_nst[' in error_of(cli("--style", style))
    assert naps() == 0


def test_by_default_every_style_and_each_provider_in_use_once(cli, naps, tmp_path):
    from realtime_nst.runtime.providers import available
    from realtime_nst.runtime.styles import installed

    assert cli("--size", "32x32")[0] == 0
    (path,) = Path("bench-results").glob("*.json")
    conditions = json.loads(path.read_text())["conditions"]
    assert conditions["settings"]["styles"] == [style.name for style in installed()]
    used = list(conditions["providers"].values())
    assert len(used) == len(set(used))
    assert set(conditions["providers"]) <= {row.name for row in available()}


def test_a_painting_is_told_from_another_and_painters_too(cli, naps, tmp_path, monkeypatch):
    painter_factory.install(tmp_path / "installed", monkeypatch)
    for colour in ((250, 20, 20), (20, 20, 250)):
        painting = painter_factory.painting(tmp_path / "painting.png", colour)
        assert cli("--style", painting, "--provider", "cpu", "--size", "32x24")[0] == 0
    another = model_factory.write_painter(tmp_path / "another.onnx", gain=0.5)
    asked = ("--style", painting, "--painter", another, "--provider", "cpu", "--size", "32x24")
    assert cli(*asked)[0] == 0
    results = map(json.loads, (path.read_text() for path in Path("bench-results").glob("*.json")))
    assert len({result["conditions"]["styles"][str(painting)] for result in results}) == 3
