"""Paintings, blends and painters as a person types them."""

import json
from pathlib import Path

import cv2
import media_factory
import model_factory
import numpy as np
import painter_factory
import pytest
from painter_factory import DARK, LIGHT

from realtime_nst.live import state
from realtime_nst.sinks import null, window
from realtime_nst.sources.video import VideoSource

pytestmark = pytest.mark.usefixtures("weights")


@pytest.fixture
def photo(tmp_path):
    return painter_factory.painting(tmp_path / "photo.png", (100, 90, 80))


def read(path):
    return cv2.imread(str(path))[..., ::-1].astype(int)


def error_of(said):
    lines = [line for line in said.splitlines() if line and not line.startswith("note: ")]
    assert len(lines) == 1, said
    assert lines[0].startswith("error: ")
    return lines[0]


@pytest.mark.parametrize(
    ("style", "adds"),
    [
        ("{light}", LIGHT),
        ("{dark}:1,{light}:1", (35, 40, 45)),
        ("red", (50, 0, 0)),
        ("red:1,blue:1", (25, 5, 40)),
    ],
)
def test_image(cli, photo, dark, light, tmp_path, style, adds):
    out = tmp_path / "out.png"
    style = style.format(dark=dark, light=light)
    code, _, said = cli("image", photo, "-o", out, "--style", style)
    assert code == 0, said
    assert np.abs(read(out) - read(photo) - adds).max() <= 1


def test_image_with_a_painter_that_is_not_installed(cli, photo, dark, tmp_path):
    own = model_factory.write_painter(tmp_path / "own.onnx", gain=2)
    out = tmp_path / "out.png"
    assert cli("image", photo, "-o", out, "--style", dark, "--painter", own)[0] == 0
    assert np.abs(read(out) - read(photo) - 2 * np.array(DARK)).max() <= 1


def test_strength_is_blended_for_paintings_too(cli, photo, dark, tmp_path):
    out = tmp_path / "out.png"
    assert cli("image", photo, "-o", out, "--style", dark, "--strength", 0)[0] == 0
    assert (read(out) == read(photo)).all()
    half = ("--style", dark, "--strength", 0.5, "--overwrite")
    assert cli("image", photo, "-o", out, *half)[0] == 0
    assert np.abs(read(out) - read(photo) - np.array(DARK) / 2).max() <= 1


@pytest.mark.parametrize(
    ("style", "code", "says"),
    [
        ("none.jpg", 2, "there is no picture 'none.jpg'"),
        ("{text}", 1, "is not a picture, or is damaged"),
        ("wave,{dark}", 2, "pictures blend with pictures"),
        ("{dark}:-1", 2, "the weight '-1'"),
        ("wav", 2, "did you mean 'wave'"),
    ],
)
def test_what_cannot_be_is_one_line(cli, photo, dark, tmp_path, style, code, says):
    text = tmp_path / "text.jpg"
    text.write_text("no picture")
    out = tmp_path / "out.png"
    returned, _, said = cli(
        "image", photo, "-o", out, "--style", style.format(dark=dark, text=text)
    )
    assert returned == code
    assert says in error_of(said)
    assert not out.exists()


@pytest.fixture
def clip(tmp_path):
    return media_factory.clip(tmp_path / "clip.mp4")


def frames_of(path):
    with VideoSource(path) as frames:
        return [frame.image.astype(int) for frame in frames]


def test_video(cli, clip, dark, tmp_path):
    code, _, said = cli("video", clip, "--style", dark)
    assert code == 0, said
    assert media_factory.times(tmp_path / "clip-dark.mp4") == media_factory.times(clip)


def test_video_of_a_blend_is_named_after_all(cli, clip, dark, light, tmp_path):
    assert cli("video", clip, "--style", f"{dark}:3,{light}")[0] == 0
    assert (tmp_path / "clip-dark+light.mp4").exists()


def test_video_goes_over_to_another_painting(cli, clip, dark, light, tmp_path):
    seconds = float(media_factory.times(clip)[-1])
    plain, out = tmp_path / "plain.mp4", tmp_path / "out.mp4"
    common = ("--style", dark, "--stabilise", "off")
    assert cli("video", clip, "-o", plain, *common)[0] == 0
    morph = ("--morph-to", light, "--morph-seconds", seconds)
    code, _, said = cli("video", clip, "-o", out, *common, *morph)
    assert code == 0, said
    pairs = zip(frames_of(out), frames_of(plain), strict=True)
    brighter = [float((one - other)[..., 0].mean()) for one, other in pairs]
    assert abs(brighter[0]) < 3
    assert brighter[-1] > 30
    middle = brighter[len(brighter) // 2]
    assert 0.3 * brighter[-1] < middle < 0.7 * brighter[-1]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--morph-to", "wave"), "one network must play both"),
        (("--morph-to", "blue", "--morph-seconds", "0"), "morph-seconds is a number"),
        (("--morph-to", "none.jpg"), "there is no picture"),
    ],
)
def test_a_morph_that_cannot_be_is_one_line(cli, clip, tmp_path, options, says):
    out = tmp_path / "out.mp4"
    code, _, said = cli("video", clip, "-o", out, "--style", "red", *options)
    assert code == 2
    assert says in error_of(said)
    assert not out.exists()


def test_styles_lists_painters_apart(cli):
    code, said, _ = cli("styles")
    assert code == 0
    own, _, painters = said.partition("painter")
    assert "wave" in own
    assert "dots" in own
    assert "any " not in own
    assert "paints any picture you give" in painters
    assert "styles: red, blue" in painters


def test_the_manifest_tells_the_kinds_apart(weights):
    entries = json.loads((weights / "manifest.json").read_text())["styles"]
    kinds = {entry["name"]: entry["kind"] for entry in entries}
    assert kinds == {
        "wave": "single-style", "dots": "single-style", "any": "arbitrary",
        "several": "multi-style",
    }  # fmt: skip
    painter = next(entry for entry in entries if entry["name"] == "any")
    assert painter["encoder_bytes"] == (weights / "any.encoder.onnx").stat().st_size


def test_a_painter_without_its_encoder_is_not_installed(weights, tmp_path, monkeypatch):
    lone = model_factory.write_painter(tmp_path / "lone.onnx", name="lone")
    lone.with_suffix(".encoder.onnx").unlink()
    before = sorted(path.name for path in weights.iterdir())
    with pytest.raises(Exception, match=r"lone\.encoder\.onnx"):
        painter_factory.install_file(lone, weights, monkeypatch)
    assert sorted(path.name for path in weights.iterdir()) == before


@pytest.fixture
def screen(monkeypatch):
    """A window that keeps what it was shown, presses ``keys`` at frame 3, and closes after
    ``closes_after`` frames."""

    class Screen(null.NullSink):
        closes_after, keys, shown = 12, "", []

        def __init__(self, title):
            super().__init__()
            self.shown.clear()

        def write(self, frame):
            for key in self.keys if self.frames == 3 else "":
                self.on_key(key)
            self.shown.append(frame.image.astype(int))
            return super().write(frame) and self.frames < self.closes_after

        def toggle_full_screen(self):
            pass

    monkeypatch.setattr(window, "WindowSink", Screen)
    return Screen


def live(cli, *options):
    return cli(
        "live", "--camera", "synthetic", "--camera-size", "64x48", "--target-fps", 0, *options
    )


@pytest.mark.parametrize("style", ["dark.png", "dark.png:3,light.png"])
def test_live_with_a_painting_is_remembered(cli, screen, dark, light, tmp_path, monkeypatch, style):
    monkeypatch.chdir(tmp_path)
    code, _, said = live(cli, "--style", style)
    assert code == 0, said
    monkeypatch.chdir(tmp_path.parent)
    code, _, said = live(cli)
    assert code == 0, said
    assert said == ""
    assert str(dark) in state.load()[0].look.style


def test_live_number_keys_leave_a_painting(cli, screen, dark):
    screen.keys = "1"  # 0 is the painting itself
    code, _, said = live(cli, "--style", dark)
    assert code == 0, said
    assert state.load()[0].look.style == "wave"


def test_live_says_when_the_painting_of_last_time_is_no_picture_any_more(cli, screen, dark):
    assert live(cli, "--style", dark)[0] == 0
    Path(dark).write_text("no picture")
    code, _, said = live(cli)
    assert "dark.png' is not the file that the look was saved with" in said
    assert "unknown style 'great_wave'" in said.splitlines()[-1]
    assert code == 2


def test_live_goes_over_to_another_painting(cli, screen, dark, light):
    screen.closes_after = 30
    code, _, said = live(cli, "--style", dark, "--morph-to", light, "--morph-seconds", 0.5)
    assert code == 0, said
    first, last = (screen.shown[at][..., 2].mean() for at in (0, -1))
    assert last > first + 20  # the scene alone changes by 3
