"""Scripts read ``--json``: every line is an event that the schema describes."""

import json
import signal
from functools import partial
from importlib import resources

import cv2
import media_factory
import numpy as np
import pytest
from made_up_cases import naps

from realtime_nst.bench import cases
from realtime_nst.runtime import styles
from realtime_nst.runtime.stages import Stylise

validation = pytest.importorskip("jsonschema", reason="needs the extra 'dev'")

SCHEMA = json.loads(
    resources.files("realtime_nst.cli").joinpath("events.schema.json").read_text(encoding="utf-8")
)
VALIDATOR = validation.Draft202012Validator(SCHEMA)


@pytest.fixture
def events(cli, monkeypatch):
    """Runs a command with ``--json``; gives the exit code and its events, which are all valid."""
    monkeypatch.setattr("realtime_nst.cli.progress._EVENTS_APART", 0)

    def run(*arguments):
        code, said, _ = cli(*arguments, "--json")
        told = [json.loads(line) for line in said.splitlines()]
        for event in told:
            VALIDATOR.validate(event)
            assert event["command"] == arguments[0]
        return code, told

    return run


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    cv2.imwrite(str(path), np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8))
    return path


def kinds(told):
    return [event["event"] for event in told]


def only(told, kind):
    (found,) = [event for event in told if event["event"] == kind]
    return found


def test_the_schema_is_one_and_refuses_what_it_does_not_know():
    VALIDATOR.check_schema(SCHEMA)
    for wrong in (
        {"event": "done", "command": "video"},
        {"event": "notice", "command": "video", "message": 3},
        {"event": "progress", "command": "video", "done": 1},
        {"event": "result", "command": "video", "path": "a.mp4"},
        {"event": "error", "command": "video", "message": "no", "exit_code": 2},
    ):
        assert not VALIDATOR.is_valid(wrong)


def test_video_tells_how_far_it_is_and_what_it_made(events, style, tmp_path):
    clip, out = media_factory.clip(tmp_path / "clip.mp4", count=20), tmp_path / "out.mp4"
    code, told = events("video", clip, "-o", out, "--style", style)
    assert code == 0
    assert kinds(told) == ["started", *["progress"] * 20, "result"]
    assert [event["done"] for event in told[1:-1]] == [*range(1, 21)]
    assert {event["total"] for event in told[1:-1]} == {20}
    assert told[-1]["path"] == str(out)
    assert (told[-1]["frames"], told[-1]["frames_before"]) == (20, 0)


def test_several_films_are_a_result_each_and_one_in_all(events, style, tmp_path):
    folder, out = tmp_path / "films", tmp_path / "out"
    folder.mkdir()
    for name in ("a.mp4", "b.mp4", "c.mp4"):
        media_factory.clip(folder / name, count=5)
    (folder / "bad.mp4").write_bytes(b"no film")
    how = (folder, "-o", out, "--style", style, "--brush", "fine", "--stabilise", "off")
    code, told = events("video", *how)
    assert code == 1
    assert "bad.mp4" in only(told, "error")["message"]
    *each, last = [event for event in told if event["event"] == "result"]
    assert [event["path"] for event in each] == [str(out / f"{n}-tiny.mp4") for n in "abc"]
    assert (last["films"], last["painted"], last["finished_before"], last["left"]) == (4, 3, 0, 0)
    assert [failed["path"] for failed in last["failed"]] == [str(folder / "bad.mp4")]
    films = [e["done"] for e in told if e["event"] == "progress" and e["unit"] == "film"]
    assert films == sorted(films)
    assert {*films} == {0, 1, 2, 3, 4}


def test_an_error_tells_its_kind_its_choices_and_the_exit_code(events, style, tmp_path):
    clip = media_factory.clip(tmp_path / "clip.mp4")
    for arguments, kind, choice in (
        (("--stabilise", "stong"), "UnknownName", "strong"),
        (("--crf", "many"), "BadParameter", None),
        (("--nope",), "NoSuchOption", None),
    ):
        code, told = events("video", clip, "--style", style, *arguments)
        error = only(told, "error")
        assert told[-1] == error
        assert (code, error["exit_code"], error["kind"]) == (2, 2, kind)
        assert choice is None or choice in error["choices"]


def test_image_lists_its_files_and_what_it_could_not_read(events, photo, style, tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_text("no picture")
    code, told = events("image", photo, bad, "-o", tmp_path / "out", "--style", style)
    assert code == 1
    assert only(told, "result")["files"] == [str(tmp_path / "out" / "photo.png")]
    assert "bad.png" in only(told, "error")["message"]
    code, told = events("image", photo, "-o", tmp_path / "out", "--style", style, "--skip-existing")
    assert (code, only(told, "result")["files"]) == (0, [])


def test_a_signal_is_an_error_with_its_exit_code(events, photo, style, tmp_path, monkeypatch):
    def signalled(stage, frame):
        signal.raise_signal(signal.SIGTERM)
        return frame

    monkeypatch.setattr(Stylise, "__call__", signalled)
    code, told = events("image", photo, "-o", tmp_path / "out.png", "--style", style)
    assert (code, told[-1]["kind"], told[-1]["exit_code"]) == (143, "Stopped", 143)


@pytest.mark.skipif(not styles.installed(), reason="no styles in weights/")
def test_styles_are_a_result_each(events):
    code, told = events("styles")
    assert code == 0
    assert set(kinds(told)) == {"result"}
    assert {entry.name for entry in styles.installed()} <= {event["name"] for event in told}


def test_doctor_tells_everything_in_one_result(events, style, monkeypatch):
    monkeypatch.setenv("REALTIME_NST_VIDEO_STRENGTH", "0.5")
    code, told = events("doctor", "--style", style)
    assert code == 0
    found = only(told, "result")
    assert {"option": "strength", "value": "0.5", "where": "REALTIME_NST_VIDEO_STRENGTH"} in found[
        "settings"
    ]
    timed = {each["name"]: each["timing"] for each in found["providers"]}
    assert timed["cpu"]["milliseconds"] > 0
    assert timed["directml"] is None
    assert found["painted_at"]["1920x1080"] == "856x480"


def test_bench_tells_its_figures_and_files(events, style, tmp_path, monkeypatch):
    monkeypatch.setattr(naps, "MEASURED", [])
    monkeypatch.setattr(cases, "load_cases", partial(cases.load_cases, package="made_up_cases"))
    asked = ("--quick", "--style", style, "--provider", "cpu", "--size", "32x24")
    code, told = events("bench", *asked, "-o", tmp_path / "results")
    assert code == 0
    found = only(told, "result")
    assert found["finished"]
    assert any("120 fps" in figure["value"] for figure in found["figures"])
    assert [path.rsplit(".")[-1] for path in found["files"]] == ["html", "json", "csv"]
    assert "progress" in kinds(told)
    code, told = events("bench", "--list")
    assert {"name", "title"} == set(only(told, "result")["cases"][0])


def test_training_tells_its_steps_losses_and_file(events, tmp_path, monkeypatch):
    pytest.importorskip("torch", reason="needs the extra 'train'")
    import learning_factory as factory

    def exported(checkpoint, output):
        output.write_bytes(b"onnx")
        return 0.01, 1

    monkeypatch.setattr("realtime_nst.learning.export.export", exported)
    code, told = events(
        "train", "--style", factory.write_painting(tmp_path / "painting.png"),
        "--content", factory.write_photos(tmp_path / "photos"), "-o", tmp_path / "out.onnx",
        "--loss-weights", factory.write_vgg19(tmp_path / "vgg.safetensors"), "--steps", 2,
        "--batch", 1, "--crop", 48, "--held-out", 1, "--workers", 0, "--style-scales", "1",
        "--network", "fast:width=8,blocks=1",
    )  # fmt: skip
    assert code == 0
    steps = [event for event in told if event["event"] == "progress"]
    assert [(event["done"], event["total"]) for event in steps] == [(1, 2), (2, 2)]
    assert steps[0]["losses"]["total"] > 0
    quality, file = [event for event in told if event["event"] == "result"]
    assert quality["photos"] == 1
    assert (file["path"], file["bytes"], file["step"]) == (str(tmp_path / "out.onnx"), 4, 2)
    assert all("losses" in event or event["event"] != "progress" for event in told)


def test_optimise_tells_its_steps_and_pictures(events, photo, tmp_path):
    pytest.importorskip("torch", reason="needs the extra 'train'")
    import learning_factory as factory

    cv2.imwrite(str(photo), cv2.resize(cv2.imread(str(photo)), (64, 64)))
    code, told = events(
        "optimise", photo, "--style", factory.write_painting(tmp_path / "painting.png"),
        "--loss-weights", factory.write_vgg19(tmp_path / "vgg.safetensors"), "--steps", 2,
        "-o", tmp_path / "out.png",
    )  # fmt: skip
    assert code == 0
    steps = [event for event in told if event["event"] == "progress"]
    assert [(event["done"], event["total"]) for event in steps] == [(0, 2), (1, 2), (2, 2)]
    assert only(told, "result")["pictures"] == 1


def test_what_is_no_number_becomes_null(capsys, monkeypatch):
    from realtime_nst.cli import console

    monkeypatch.setattr(console, "manner", console.Manner(command="train", json=True))
    console.event("progress", losses={"total": float("nan")}, name="\x1b]0;\x9b\ud800")
    said = capsys.readouterr().out
    assert json.loads(said)["losses"] == {"total": None}
    assert said.isascii()
    assert said.rstrip("\n").isprintable()
