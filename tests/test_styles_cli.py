"""The commands styles and doctor: what scripts read from them."""

import json

import painter_factory
import pytest


@pytest.fixture
def weights(tmp_path, monkeypatch):
    return painter_factory.install(tmp_path / "weights", monkeypatch)


def test_each_style_and_painter_is_one_json_object_on_a_line(cli, weights):
    code, said, _ = cli("styles", "--json")
    assert code == 0
    found = {entry["name"]: entry for entry in map(json.loads, said.splitlines())}
    assert found["wave"] == {
        "event": "result",
        "command": "styles",
        "name": "wave",
        "title": "Wave",
        "artist": "Somebody",
        "kind": "single-style",
        "bytes": (weights / "wave.onnx").stat().st_size,
        "speed_class": "",
        "licence": "MIT",
        "styles": ["wave"],
        "blends_in": "",
        "origin": "program",
    }
    played = {name: (entry["styles"], entry["blends_in"]) for name, entry in found.items()}
    assert played["several"] == (["red", "blue"], "several")
    assert played["any"] == ([], "pictures")


def test_in_a_pipe_each_style_is_one_line(cli, weights, monkeypatch):
    manifest = json.loads((weights / "manifest.json").read_text())
    for entry in manifest["styles"]:
        entry["title"] = "A long title, " * 20
    (weights / "manifest.json").write_text(json.dumps(manifest))
    _, said, _ = cli("styles")
    (line,) = (line for line in said.splitlines() if line.startswith("wave"))
    assert manifest["styles"][0]["title"].strip() in line
    assert "MIT" in line


def test_doctor_with_an_unknown_style_shows_the_rest_and_fails(cli, weights):
    code, said, error = cli("doctor", "--style", "nope")
    assert code == 2
    assert "unknown style 'nope'" in error
    assert "openvino" in said
    assert "H.264" in said


def test_doctor_with_a_damaged_style_fails(cli, weights):
    (weights / "wave.onnx").write_bytes(b"no network")
    code, said, error = cli("doctor", "--style", "wave")
    assert code == 1
    assert "is not the file of style 'wave'" in error
    assert "H.264" in said
