"""What holds where no option is given: variables of the environment, then the file of settings."""

import cv2
import media_factory
import numpy as np
import pytest

from realtime_nst.media.pictures import read_picture


@pytest.fixture
def config(tmp_path, monkeypatch):
    """Writes the file of settings; gives its path."""
    path = tmp_path / "config.toml"
    path.touch()
    monkeypatch.setenv("REALTIME_NST_CONFIG", str(path))

    def write(text):
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def painted(cli, style, tmp_path):
    """Paints a picture with the given options; gives the share of the painting in the result."""
    photo, count = tmp_path / "photo.png", iter(range(9))
    cv2.imwrite(str(photo), np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8))
    full = tmp_path / "full.png"
    assert cli("image", photo, "-o", full, "--style", style, "--strength", 1)[0] == 0
    source, painting = (read_picture(path).astype(float) for path in (photo, full))

    def run(*options):
        out = tmp_path / f"{next(count)}.png"
        code, _, said = cli("image", photo, "-o", out, *options)
        assert code == 0, said
        way, whole = read_picture(out) - source, painting - source
        return round(float((way * whole).sum() / (whole * whole).sum()), 1)

    return run


def one_line_error(result):
    code, said, err = result
    assert (code, said) == (2, "")
    (line,) = err.splitlines()
    return line


def test_options_come_before_variables_and_these_before_the_file(
    painted, style, config, monkeypatch
):
    config(f"[defaults]\nstyle = '{style}'\nstrength = 0.2\n")
    assert painted() == 0.2
    config(f"[defaults]\nstyle = '{style}'\nstrength = 0.2\n[image]\nstrength = 0.4\n")
    assert painted() == 0.4
    monkeypatch.setenv("REALTIME_NST_STRENGTH", "0.6")
    assert painted() == 0.6
    monkeypatch.setenv("REALTIME_NST_IMAGE_STRENGTH", "0.8")
    assert painted() == 0.8
    assert painted("--strength", 1) == 1


def test_a_look_that_is_asked_for_comes_before_the_file(painted, style, config, cli, tmp_path):
    look = tmp_path / "look.json"
    saved = ("--style", style, "--strength", 0.6, "--save-look", look)
    assert painted(*saved) == 0.6
    config("[image]\nstrength = 0.2\n")
    assert painted("--look", look) == 0.6
    assert painted("--look", look, "--strength", 0.8) == 0.8
    config(f"[image]\nstrength = 0.2\nlook = '{look}'\n")
    assert painted() == 0.2


def test_flags_and_lists_are_set_too(cli, style, config, tmp_path):
    clip = media_factory.clip(tmp_path / "clip.mp4", sound="aac")
    config(f"[video]\nstyle = '{style}'\ndrop = ['sound']\n[defaults]\nquiet = true\n")
    code, _, err = cli("video", clip, "-o", tmp_path / "out.mp4")
    assert (code, err) == (0, "")
    code, _, err = cli("video", clip, "-o", tmp_path / "out.mp4", "-v")  # typed: it comes first
    assert (code, "detail: " in err) == (2, True)
    with pytest.raises(AssertionError, match="holds no audio"):
        media_factory.packets(tmp_path / "out.mp4", "audio")


WRONG = {
    "[video]\nstrenght = 1": ["'strenght'", "'strength'", "[video]"],
    "[vidio]\nstrength = 1": ["'vidio'", "'video'", "defaults"],
    "[defaults]\ncrf = 20": ["'crf'", "[defaults]", "provider"],
    "[video]\noutput = 'a.mp4'": ["'output'", "[video]"],
    "strength = 1": ["'strength'", "[defaults]"],
    "[video]\nstrict = 'yes'": ["strict", "'yes'", "true or false"],
    "[video]\ndrop = 'sound'": ["drop", "'sound'", "a list"],
    "[video]\ncrf = true": ["crf", "a text or a number"],
    "[video]\ncrf = 'low'": ["'--crf'", "'low'", "[video]"],
    "[video]\nstabilise = 'stong'": ["'stong'", "'strong'", "[video]"],
    "[defaults]\nprovider = 'cudaa'": ["'cudaa'", "'cuda'", "[defaults]"],
    "[defaults]\nstrength = 2": ["strength", "2", "[defaults]"],
    "[video": ["cannot be read", "']'"],
}


@pytest.mark.parametrize("text", WRONG)
def test_what_cannot_be_names_the_file_and_the_choices(cli, style, config, tmp_path, text):
    path, clip = config(text), media_factory.clip(tmp_path / "clip.mp4", count=2)
    error = one_line_error(cli("video", clip, "-o", tmp_path / "out.mp4", "--style", style))
    assert str(path) in error
    assert all(word in error for word in WRONG[text]), error
    assert not (tmp_path / "out.mp4").exists()


def test_a_wrong_variable_is_named(cli, style, tmp_path, monkeypatch):
    clip = media_factory.clip(tmp_path / "clip.mp4", count=2)
    monkeypatch.setenv("REALTIME_NST_STABILISE", "stong")
    assert "REALTIME_NST_STABILISE" in one_line_error(cli("video", clip, "--style", style))
    monkeypatch.setenv("REALTIME_NST_CONFIG", str(tmp_path / "none.toml"))
    assert "none.toml" in one_line_error(cli("video", clip, "--style", style))


def test_a_painting_to_train_on_is_no_style_of_looks(cli, config, monkeypatch):
    """They share a name; a default of one must not become that of the other."""
    config("[defaults]\nstyle = 'great_wave'\n")
    monkeypatch.setenv("REALTIME_NST_STYLE", "great_wave")
    error = one_line_error(cli("train", "--content", "photos", "-o", "a.onnx"))
    assert "give one of these: --style PAINTING" in error


def test_doctor_shows_what_is_set_and_where(cli, style, config, monkeypatch):
    path = config("[live]\nmirror = false\n")
    monkeypatch.setenv("REALTIME_NST_STRENGTH", "0.5")
    code, said, _ = cli("doctor", "--style", style)
    assert code == 0
    assert str(path) in said
    lines = [line.split() for line in said.splitlines()]
    assert ["mirror", "False", "[live]"] in lines
    assert ["strength", "0.5", "REALTIME_NST_STRENGTH"] in lines
