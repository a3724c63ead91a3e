"""The commands as a person types them."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import cv2
import media_factory
import model_factory
import numpy as np
import pytest

from realtime_nst.runtime import styles
from realtime_nst.sizes import Size


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    cv2.imwrite(str(path), np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8))
    return path


def one_line_error(said):
    """The error, which must be the last and only line that says so."""
    lines = [line for line in said.splitlines() if line and not line.startswith("note: ")]
    assert len(lines) == 1, said
    assert lines[0].startswith("error: ")
    return lines[0]


def test_video_keeps_sound_times_and_says_what_it_did(cli, clip, style, tmp_path):
    out = tmp_path / "out.mp4"
    code, said, _ = cli("video", clip, "-o", out, "--style", style)
    assert code == 0
    assert media_factory.times(out) == media_factory.times(clip)
    assert media_factory.packets(out, "audio") == media_factory.packets(clip, "audio")
    assert str(out) in said
    assert "fps" in said


@pytest.mark.parametrize(
    ("option", "value", "near"),
    [("--stabilise", "stong", "'strong'"), ("--flow", "fastest", "'fast'")],
)
def test_video_names_the_choices_of_stabilising(cli, clip, style, tmp_path, option, value, near):
    out = tmp_path / "out.mp4"
    code, _, said = cli("video", clip, "-o", out, "--style", style, option, value)
    assert code == 2
    assert f"did you mean {near}" in one_line_error(said)
    assert not out.exists()


def test_video_runs_the_network_on_every_nth_frame(cli, clip, style, tmp_path):
    out = tmp_path / "out.mp4"
    options = ("-o", out, "--style", style, "--network-every", 3, "--stabilise", "off")
    assert cli("video", clip, *options)[0] == 0
    assert media_factory.times(out) == media_factory.times(clip)
    code, _, said = cli("video", clip, *options[:-2], "--overwrite", "--network-every", 0)
    assert code == 2
    assert "not '0'" in one_line_error(said)


def test_video_names_its_output_after_the_style(cli, clip, style, tmp_path):
    assert cli("video", clip, "--style", style)[0] == 0
    assert (tmp_path / "clip-tiny.mp4").exists()


def test_video_never_overwrites_unless_asked(cli, clip, style, tmp_path):
    out = tmp_path / "out.mp4"
    out.write_bytes(b"mine")
    code, _, said = cli("video", clip, "-o", out, "--style", style)
    assert code == 2
    assert "--overwrite" in one_line_error(said)
    assert out.read_bytes() == b"mine"
    assert cli("video", clip, "-o", out, "--style", style, "--overwrite")[0] == 0
    assert media_factory.times(out) == media_factory.times(clip)


def test_video_at_a_smaller_size(cli, clip, style, tmp_path):
    out = tmp_path / "out.mp4"
    assert cli("video", clip, "-o", out, "--style", style, "--size", "32x24")[0] == 0
    ((height, width),) = {image.shape[:2] for image in decoded(out)}
    assert (width, height) == (32, 24)


def decoded(path):
    from realtime_nst import VideoSource

    with VideoSource(path) as source:
        return [frame.image for frame in source]


def test_strength_zero_is_the_source(cli, photo, style, tmp_path):
    out = tmp_path / "out.png"
    assert cli("image", photo, "-o", out, "--style", style, "--strength", "0")[0] == 0
    assert np.array_equal(cv2.imread(str(out)), cv2.imread(str(photo)))


@pytest.mark.parametrize("options", [["--overwrite"], ["--resume"], []])
def test_video_never_touches_its_input_under_an_unfinished_name(cli, style, tmp_path, options):
    clip = media_factory.clip(tmp_path / "film.partial.mp4", count=50)
    before, out = clip.read_bytes(), tmp_path / "film.mp4"
    assert cli("video", clip, "-o", out, "--style", style, *options)[0] == 0
    assert clip.read_bytes() == before
    assert media_factory.times(out) == media_factory.times(clip)


@pytest.mark.parametrize("command", ["image", "video"])
def test_a_signal_while_the_network_is_compiled_stops_at_once(
    cli, clip, photo, style, tmp_path, monkeypatch, command
):
    from realtime_nst.paint import Paint

    went_on = []

    def compiling(*_):
        signal.raise_signal(signal.SIGINT)
        went_on.append(True)

    monkeypatch.setattr(Paint, "prepare", compiling)
    source, out = (photo, "out.png") if command == "image" else (clip, "out.mp4")
    code, _, said = cli(command, source, "-o", tmp_path / out, "--style", style)
    assert (code, went_on) == (130, [])
    assert "nothing was written" in said
    assert not (tmp_path / out).exists()


def test_resume_and_overwrite_contradict_each_other(cli, clip, style, tmp_path):
    out = tmp_path / "out.mp4"
    code, _, said = cli("video", clip, "-o", out, "--style", style, "--resume", "--overwrite")
    assert code == 2
    assert "--resume goes on and --overwrite starts anew" in one_line_error(said)
    assert not out.exists()


def test_a_film_that_is_stretched_is_said(cli, clip, style, tmp_path):
    out = tmp_path / "out.mp4"
    code, _, said = cli("video", clip, "-o", out, "--style", style, "--size", "48x48")
    assert code == 0
    assert "note: the size 48x48 stretches pictures" in said


def test_a_film_with_oblong_pixels_keeps_its_shape_at_any_size(cli, style, tmp_path):
    clip, out = tmp_path / "clip.mp4", tmp_path / "out.mp4"
    media_factory.clip(clip, aspect=Fraction(4, 3))
    code, _, said = cli("video", clip, "-o", out, "--style", style, "--size", "128x72")
    assert code == 0
    assert "stretches" not in said
    with av.open(str(out)) as container:
        video = container.streams.video[0]
        assert video.sample_aspect_ratio * Fraction(video.width, video.height) == Fraction(16, 9)


def test_interrupted_video_keeps_the_finished_part_and_goes_on(cli, style, tmp_path, monkeypatch):
    from realtime_nst.runtime.stages import Stylise

    clip = media_factory.clip(tmp_path / "long.mp4", count=120, sound="aac")
    whole, out = tmp_path / "whole.mp4", tmp_path / "out.mp4"
    cli("video", clip, "-o", whole, "--style", style)
    stylise, seen = Stylise.__call__, []

    def interrupted(self, frame):
        seen.append(frame)
        if len(seen) == 110:
            raise KeyboardInterrupt
        return stylise(self, frame)

    with monkeypatch.context() as patch:
        patch.setattr(Stylise, "__call__", interrupted)
        code, _, said = cli("video", clip, "-o", out, "--style", style)
    assert code == 130
    assert "the same command begins anew" in said
    assert not out.exists()
    assert media_factory.times(tmp_path / "out.partial.mp4")
    code, _, said = cli("video", clip, "-o", out, "--style", style, "--resume", "--strength", "0.5")
    assert code == 2
    assert "another strength" in one_line_error(said.replace("note: failed", "note: "))
    assert cli("video", clip, "-o", out, "--style", style, "--resume")[0] == 0
    assert media_factory.times(out) == media_factory.times(whole)
    assert media_factory.packets(out, "audio") == media_factory.packets(whole, "audio")
    assert not (tmp_path / "out.partial.mp4").exists()


def test_a_truncated_video_gives_its_good_frames_and_fails(cli, tmp_path, style):
    cut = media_factory.cut(media_factory.clip(tmp_path / "clip.mkv"), 0.6)
    out = tmp_path / "out.mkv"
    code, _, said = cli("video", cut, "-o", out, "--style", style)
    assert code == 1
    assert "cut off" in one_line_error(said)
    assert len(decoded(out)) == len(decoded(cut)) > 0


@pytest.mark.parametrize(
    ("name", "content", "code", "said"),
    [
        ("missing.mp4", None, 2, "no such file"),
        ("folder.mp4", "folder", 2, "is a folder"),
        ("empty.mp4", b"", 1, "is empty"),
        ("text.mp4", b"dear diary\n" * 50, 1, "text"),
    ],
)
def test_bad_videos_are_one_line(cli, style, tmp_path, name, content, code, said):
    path = tmp_path / name
    if content == "folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    out = tmp_path / "out.mp4"
    found, _, err = cli("video", path, "-o", out, "--style", style)
    assert found == code
    assert said in one_line_error(err)
    assert not list(tmp_path.glob("out*"))


def test_bad_requests_are_one_line(cli, clip, style, tmp_path):
    out = tmp_path / "out.mp4"
    for arguments, code, said in (
        (("--style", "great_wav"), 2, "unknown style 'great_wav'"),
        (("--style", style, "--provider", "cudaa"), 2, "did you mean 'cuda'"),
        (("--style", style, "--codec", "h26"), 2, "h264"),
        (("--style", style, "--size", "big"), 2, "640x360"),
        (("--style", style, "--strength", "2"), 2, "from 0 to 1"),
        (("--style", clip.parent / "none.png"), 2, "none.png"),
        (("--style", clip.parent / "none.onnx"), 2, "none.onnx"),
        (("--style", style, "-o", tmp_path / "none" / "out.mp4"), 2, "none"),
        (("--style", style, "-o", clip), 2, "input itself"),
        (("--style", style, "-o", tmp_path / "out.xyz"), 2, ".mp4"),
    ):
        found, _, err = cli("video", clip, "-o", out, *arguments)
        assert found == code, (arguments, err)
        assert said in one_line_error(err)
        assert not list(tmp_path.glob("out*")), arguments


def test_a_graph_without_a_card_is_one_line(cli, clip, tmp_path):
    bare = model_factory.write_style(tmp_path / "bare.onnx")
    code, _, err = cli("video", clip, "--style", bare)
    assert code == 1
    assert "card" in one_line_error(err)


def test_image_file_to_file_and_folder_to_folder(cli, photo, style, tmp_path):
    out, folder = tmp_path / "out.jpg", tmp_path / "photos"
    assert cli("image", photo, "-o", out, "--style", style)[0] == 0
    assert cv2.imread(str(out)).shape == (48, 64, 3)
    folder.mkdir()
    for name in ("a.png", "b.jpg"):
        cv2.imwrite(str(folder / name), cv2.imread(str(photo)))
    assert cli("image", folder, "-o", tmp_path / "made", "--style", style)[0] == 0
    assert sorted(p.name for p in (tmp_path / "made").iterdir()) == ["a.png", "b.jpg"]


def test_image_passes_over_what_is_no_picture_and_fails(cli, photo, style, tmp_path):
    text = tmp_path / "text.jpg"
    text.write_text("hello")
    code, _, err = cli("image", text, photo, "-o", tmp_path / "made", "--style", style)
    assert code == 1
    assert "text.jpg" in one_line_error(err)
    assert [p.name for p in (tmp_path / "made").iterdir()] == ["photo.png"]


@pytest.mark.parametrize(
    ("names", "output", "said"),
    [
        (("none.png",), "out.png", "does not exist; did you mean 'one.png'?"),
        (("one.png", "two.png"), "out.png", "name a folder instead"),
        (("one.png",), "one.png", "input itself"),
        (("one.png",), "out.xyz", ".webp"),
    ],
)
def test_bad_image_requests_are_one_line(cli, style, tmp_path, names, output, said):
    for name in ("one.png", "two.png"):
        cv2.imwrite(str(tmp_path / name), np.zeros((8, 8, 3), np.uint8))
    before = {p: p.read_bytes() for p in tmp_path.iterdir()}
    sources = [tmp_path / name for name in names]
    code, _, err = cli("image", *sources, "-o", tmp_path / output, "--style", style, "--overwrite")
    assert code == 2
    assert said in one_line_error(err)
    assert {p: p.read_bytes() for p in tmp_path.iterdir()} == before


@pytest.mark.parametrize("size", [(1, 1), (100, 8000)])
def test_image_of_an_odd_size(cli, style, tmp_path, size):
    path, out = tmp_path / "in.png", tmp_path / "out.png"
    cv2.imwrite(str(path), np.full((*size, 3), 90, np.uint8))
    assert cli("image", path, "-o", out, "--style", style)[0] == 0
    assert cv2.imread(str(out)).shape == (*size, 3)


def test_demo_writes_source_and_result_side_by_side(cli, style, tmp_path, monkeypatch):
    monkeypatch.setattr("realtime_nst.cli.demo._SECONDS", 1)
    code, said, _ = cli("demo", "-o", tmp_path / "demo.mp4", "--style", style)
    assert code == 0
    frames = decoded(tmp_path / "demo.mp4")
    assert len(frames) == 30
    assert frames[0].shape == (480, 1280, 3)
    assert "fps" in said
    assert "what to type next" in said


def test_doctor_measures_and_lists(cli, style):
    code, said, _ = cli("doctor", "--style", style)
    assert code == 0
    for word in (
        "openvino",
        "tensorrt",
        "absent",
        "fps",
        "H.264",
        "videotoolbox",
        'pip install "realtime_nst[gpu]"',
        "1280x720 at 856x480",
    ):
        assert word in " ".join(said.split())
    assert re.search(r"--workers: \d+ fps by \d+ of .* film of 640x480: --workers \d", said)


needs_styles = pytest.mark.skipif(not styles.installed(), reason="no styles in weights/")


@needs_styles
def test_styles_lists_every_style_with_its_licence(cli):
    code, said, _ = cli("styles")
    assert code == 0
    for entry in styles.installed():
        assert entry.name in said
        assert entry.artist in said


@needs_styles
def test_styles_sheet_of_several_pictures_has_a_row_for_each_style(cli, photo, tmp_path):
    path = tmp_path / "sheet.png"
    assert cli("styles", "--sheet", path, "--on", photo, "--on", photo)[0] == 0
    height, width = cv2.imread(str(path)).shape[:2]
    tile = cv2.imread(str(photo)).shape
    row = round(480 * tile[0] / tile[1]) + 28 + 8
    assert (height, width) == ((len(styles.installed()) + 1) * row + 8, 2 * 488 + 8)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("video",), "Missing argument"),
        (("video", "a.mp4", "--strenght", "1"), "No such option"),
        (("image", "a.png", "-o", "b.png", "--strength", "much"), "--strength"),
        (("vidio",), "No such command"),
    ],
)
def test_mistyped_commands_are_one_line(cli, arguments, said):
    code, _, err = cli(*arguments)
    assert code == 2
    assert said in one_line_error(err)
    assert "--help" in err


def test_ctrl_c_that_an_import_swallows_still_stops(cli, photo, style, tmp_path, monkeypatch):
    from realtime_nst import paint

    def swallow(text):
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        return Size(shorter=10)

    monkeypatch.setattr(paint, "parse_size", swallow)
    out = tmp_path / "out.png"
    code, _, _ = cli("image", photo, "-o", out, "--style", style, "--size", "10")
    assert code == 130
    assert not out.exists()


def test_version_and_help(cli):
    assert "realtime-nst 0." in cli("--version")[1]
    code, said, _ = cli("--help")
    assert code == 0
    for command in ("demo", "video", "image", "live", "styles", "train", "export", "doctor"):
        assert command in said


def test_it_is_a_module_too():
    asked = [sys.executable, "-m", "realtime_nst"]
    said = subprocess.run([*asked, "--version"], capture_output=True, text=True, check=True).stdout
    assert "realtime-nst 0." in said
    refused = subprocess.run([*asked, "image"], capture_output=True, text=True)
    assert refused.returncode == 2


def test_interrupted_demo_leaves_nothing(cli, style, tmp_path, monkeypatch):
    from realtime_nst.runtime.stages import Stylise

    def interrupted(self, frame):
        raise KeyboardInterrupt

    monkeypatch.setattr(Stylise, "__call__", interrupted)
    (tmp_path / "made").mkdir()
    assert cli("demo", "-o", tmp_path / "made" / "demo.mp4", "--style", style)[0] == 130
    assert not list((tmp_path / "made").iterdir())


class TestTraining:
    @pytest.fixture(autouse=True)
    def _needs_torch(self):
        pytest.importorskip("torch", reason="needs the extra 'train'")

    @pytest.fixture
    def command(self, tmp_path):
        import learning_factory as factory

        return (
            "train", "--style", factory.write_painting(tmp_path / "painting.png"),
            "--content", factory.write_photos(tmp_path / "photos"),
            "--loss-weights", factory.write_vgg19(tmp_path / "vgg.safetensors"),
            "-o", tmp_path / "stripes.onnx", "--artist", "nobody", "--steps", 3, "--batch", 1,
            "--crop", 48, "--held-out", 1, "--workers", 0, "--style-scales", "1,0.5",
            "--network", "fast:width=8,blocks=1",
        )  # fmt: skip

    def test_a_painting_becomes_a_style_that_stylises(self, cli, command, clip, photo, tmp_path):
        code, said, _ = cli(*command)
        assert code == 0
        assert "held out" in said
        assert "grey levels" in said
        assert (tmp_path / "stripes.train" / "losses.png").exists()
        out = tmp_path / "out.mp4"
        assert cli("video", clip, "-o", out, "--style", tmp_path / "stripes.onnx")[0] == 0
        # The checkpoint exports again to the same network.
        checkpoint = tmp_path / "stripes.train" / "checkpoint.pt"
        assert cli("export", checkpoint, "-o", tmp_path / "again.onnx")[0] == 0
        made = []
        for name in ("stripes", "again"):
            out = tmp_path / f"{name}.png"
            cli("image", photo, "-o", out, "--style", tmp_path / f"{name}.onnx")
            made.append(out.read_bytes())
        assert made[0] == made[1]

    def test_bad_requests_are_one_line(self, cli, command, tmp_path):
        for arguments, code, said in (
            (("--network", "fats"), 2, "did you mean 'fast'"),
            (("--steps", "0"), 2, "--steps"),
            (("--style-layers", ""), 2, "--style-layers"),
            (("--style-scales", "1,x"), 2, "--style-scales"),
            (("--content", tmp_path / "none"), 2, "no such folder"),
            (("--loss-weights", tmp_path / "none.pth"), 2, "none.pth"),
            (("-o", tmp_path / "style.bin"), 2, ".onnx"),
        ):
            found, _, err = cli(*command, *arguments)
            assert found == code, err
            assert said in one_line_error(err)
        assert not list(Path(tmp_path).glob("*.onnx"))

    def test_export_of_what_is_no_checkpoint_is_one_line(self, cli, tmp_path):
        code, _, err = cli("export", tmp_path / "none.pt", "-o", tmp_path / "x.onnx")
        assert code == 2
        assert "none.pt" in one_line_error(err)


def test_control_characters_of_names_do_not_reach_the_terminal(cli, style, tmp_path):
    strange = tmp_path / "a\x1b]0;owned\x07\x9b2Jb\r.mp4"
    code, _, said = cli("video", strange, "--style", style)
    assert code == 2
    assert not any(0 < ord(c) < 32 or 126 < ord(c) < 160 for c in said.replace("\n", ""))
    assert "\\x1b]0;owned" in said


def test_the_old_name_of_an_option_is_answered_by_the_new_one(cli, clip, style, tmp_path):
    code, _, said = cli("video", clip, "-o", tmp_path / "o.mp4", "--style", style, "--quality", 20)
    assert code == 2
    assert "--crf 20" in one_line_error(said)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("image", "", "-o", "x"), "the input has no name; give a file"),
        (("video", "a.mp4", "-o", ""), "-o is empty; give a value, or leave it out"),
        (("styles", "--remove", ""), "--remove is empty; give a value, or leave it out"),
        (("image", "a.png", "-o", "-"), "-o - is for video; name a picture or a folder"),
        (("video", "a.mp4", "-o", "b.png"), "name the output b.mp4, or b_%04d.png for pictures"),
    ],
)
def test_what_a_script_leaves_empty_is_no_folder_and_no_usual_name(cli, tmp_path, arguments, said):
    with contextlib.chdir(tmp_path):
        media_factory.clip(tmp_path / "a.mp4", count=2)
        cv2.imwrite("a.png", np.zeros((8, 8, 3), np.uint8))
        code, _, error = cli(*arguments)
        assert (code, said in error) == (2, True), error
        assert sorted(os.listdir()) == ["a.mp4", "a.png"]


def test_no_result_replaces_a_pipe(cli, tmp_path):
    clip = media_factory.clip(tmp_path / "a.mp4", count=2)
    os.mkfifo(tmp_path / "b.mp4")
    code, _, error = cli("video", clip, "-o", tmp_path / "b.mp4", "--overwrite")
    assert (code, "is a pipe or a device" in error) == (2, True)
    assert (tmp_path / "b.mp4").is_fifo()
