"""The comparisons of the literature: their commands are those of the program."""

import importlib.util
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the extra 'train'")

ROOT = Path(__file__).parent.parent
NAMES = sorted(path.stem for path in (ROOT / "benchmarks" / "literature").glob("*.toml"))


@pytest.fixture(scope="module")
def literature():
    spec = importlib.util.spec_from_file_location("literature", ROOT / "tools" / "literature.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", NAMES)
def test_its_commands_are_understood(literature, tmp_path, cli, name):
    given = {each: str(tmp_path / "absent.jpg") for each in literature.INPUTS}
    runs = list(literature.commands(literature.read(name), given, 0.1, tmp_path))
    assert len({made for _, _, made in runs}) == len(runs)
    for _, arguments, _ in runs:
        code, _, said = cli(*arguments)
        assert code in (1, 2)
        assert "absent.jpg" in said, said


def test_a_missing_input_and_an_unknown_name_are_said(literature, tmp_path):
    with pytest.raises(SystemExit, match="needs --style and --content"):
        list(literature.commands(literature.read("instance_norm"), {}, 1, tmp_path))
    with pytest.raises(SystemExit, match="choices: from_noise"):
        literature.read("noise")


def test_the_table_has_a_column_for_each_figure(literature):
    lines = list(literature.table({"a": {"seconds": 3.0}, "b": {"style": 0.5}}))
    assert lines == ["run | seconds | style", "a | 3 | ", "b |  | 0.5"]


def test_what_another_command_made_is_not_taken(literature, tmp_path, monkeypatch):
    import model_factory

    run = []

    def train(command, check):
        run.append(command)
        card = model_factory.card(quality={"style": 0.5}, recipe={"processor_minutes": 2.0})
        model_factory.write_style(tmp_path / "a.onnx", card=card)

    monkeypatch.setattr(literature.subprocess, "run", train)
    made = tmp_path / "a.onnx"
    first = literature.measured(["train", "--steps", "9"], made)
    again = literature.measured(["train", "--steps", "9"], made)
    assert (first["style"], again["CPU min"], len(run)) == (0.5, 2.0, 1)
    assert "seconds" not in again
    with pytest.raises(SystemExit, match="another command"):
        literature.measured(["train", "--steps", "90"], made)
