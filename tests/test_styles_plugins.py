"""Packages that bring styles by an entry point; the one in ``example_plugin`` is the example."""

import json
import shutil
import tomllib
from pathlib import Path

import painter_factory
import pytest

from realtime_nst.errors import StyleWarning
from realtime_nst.library import remove_style
from realtime_nst.look import Look
from realtime_nst.paint import Paint
from realtime_nst.runtime.style_folders import GROUP
from realtime_nst.runtime.styles import read_installed

EXAMPLE = Path(__file__).parent / "example_plugin"


@pytest.fixture(autouse=True)
def weights(tmp_path, monkeypatch):
    return painter_factory.install(tmp_path / "weights", monkeypatch)


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder of installed packages."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    return folder


def put(site, name, points):
    """The record of an installed package ``name`` with the entry points ``points``."""
    record = site / f"{name.replace('-', '_')}-1.0.dist-info"
    record.mkdir()
    (record / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = "\n".join(f"{key} = {value}" for key, value in points.items())
    (record / "entry_points.txt").write_text(f"[{GROUP}]\n{lines}\n")


@pytest.fixture
def example(site):
    """The example, as pip would install it."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    put(site, project["name"], project["entry-points"][GROUP])
    return Path(shutil.copytree(EXAMPLE / "example_styles", site / "example_styles"))


def test_the_example_brings_a_style_that_paints(cli, example):
    entry = read_installed().by_name["sunset_at_sea"]
    assert entry.origin == "example-styles"
    assert entry.folder == example
    Paint(Look("sunset_at_sea", rest="sunset_at_sea", mask="moving")).prepare(32, 24)
    listed = [json.loads(line) for line in cli("styles", "--json")[1].splitlines()]
    (found,) = (one for one in listed if one["name"] == "sunset_at_sea")
    assert (found["origin"], found["title"]) == ("example-styles", "Sunset at Sea")
    with pytest.raises(Exception, match="comes with the package example-styles"):
        remove_style("sunset_at_sea")


def test_the_code_of_the_package_does_not_run(example):
    (example / "__init__.py").write_text("raise SystemExit('it ran')")
    assert "sunset_at_sea" in read_installed().by_name


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("no_such_package", "names no package: 'no_such_package'"),
        ("json.tool", "names no package: 'json.tool'"),
        ("broken.styles", "oh no"),
        ("leaving.styles", "good bye"),
        ("", "bad-one"),
    ],
)
def test_a_broken_package_is_named_and_the_rest_goes_on(cli, example, site, value, said):
    (site / "broken.py").write_text("raise RuntimeError('oh\\nno')")
    (site / "leaving.py").write_text("raise SystemExit('good bye')")
    put(site, "bad-one", {"a": value})
    code, listed, error = cli("styles")
    assert code == 0
    assert "wave" in listed
    assert "sunset_at_sea" in listed
    assert "'bad-one'" in error
    assert said in error
    assert error.count("\n") == 1
    assert cli("styles")[2] == ""  # said once


def test_a_damaged_style_of_a_package_is_left_out(example):
    (example / "sunset_at_sea.json").write_text('{"name": "sunset_at_sea"}')
    with pytest.warns(StyleWarning, match="of the package 'example-styles' .*'file' is missing"):
        assert "sunset_at_sea" not in read_installed().by_name


def test_a_name_of_the_program_stays(example, tmp_path):
    for path in example.glob("*.json"):
        values = json.loads(path.read_text()) | {"name": "wave"}
        (example / "wave.json").write_text(json.dumps(values))
    with pytest.warns(StyleWarning, match="'wave' of the package .* the name is taken"):
        assert read_installed().by_name["wave"].origin == ""
