"""Which network plays what --style asks for, and what no network can play."""

import model_factory
import painter_factory
import pytest

from realtime_nst.errors import RealtimeNstError, UnknownName, UsageError
from realtime_nst.runtime import styles
from realtime_nst.runtime.player import PICTURES, blends_in, check_painter, find_player, painter_of
from realtime_nst.spec import Part


@pytest.fixture
def weights(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return painter_factory.install(tmp_path / "weights", monkeypatch)


@pytest.fixture
def own(tmp_path):
    """Networks that are not installed; one of the styles of "many" has the name of an installed
    one."""
    model_factory.write_painter(tmp_path / "own.onnx")
    model_factory.write_several(tmp_path / "many.onnx", {"wave": (1, 2, 3), "sand": (9, 9, 9)})
    return tmp_path


_PLAYED = {
    ("wave", ""): ("wave.onnx", []),
    ("wave", "own.onnx"): ("wave.onnx", []),
    ("own.onnx", ""): ("own.onnx", []),
    ("a.jpg", ""): ("any.onnx", [1]),
    ("a.jpg", "any"): ("any.onnx", [1]),
    ("a.jpg", "own.onnx"): ("own.onnx", [1]),
    ("a.jpg:1,b.tiff:3", ""): ("any.onnx", [0.25, 0.75]),
    ("red", ""): ("several.onnx", [1]),
    ("red:1,blue:3", ""): ("several.onnx", [0.25, 0.75]),
    ("wave", "many.onnx"): ("many.onnx", [1]),
    ("wave:1,sand:3", "many.onnx"): ("many.onnx", [0.25, 0.75]),
    ("red:1,blue:3", "many.onnx"): ("several.onnx", [0.25, 0.75]),
    ("any", ""): ("any.onnx", []),
}


@pytest.mark.parametrize(("style", "painter"), _PLAYED)
def test_who_plays(weights, own, style, painter):
    player = find_player(style, painter)
    network, shares = _PLAYED[style, painter]
    assert player.network.name == network
    assert [part.weight for part in player.parts] == shares


@pytest.mark.parametrize(
    ("styles", "painter", "chosen"),
    [
        (("red", "blue"), "", "several"),
        (("red", "red:1,blue:1"), "", "several"),
        (("wave", "sand"), "many.onnx", "many.onnx"),
        (("red", "wave"), "", ""),
        (("a.jpg", "b.jpg"), "", ""),
        (("a.jpg", "red"), "", ""),
    ],
)
def test_the_painter_that_plays_all_styles(weights, own, styles, painter, chosen):
    assert painter_of(styles, painter) == chosen


def test_a_painter_that_plays_nothing_of_what_is_asked_is_refused(weights, own):
    for asked, painter in ((("wave",), "any"), (("wave", "red"), "own.onnx")):
        with pytest.raises(UsageError, match=f"'{painter}' has no effect: 'wave'"):
            check_painter(asked, painter)
    check_painter(("wave",), "many.onnx")
    check_painter(("wave", "a.jpg"), "any")


_BLENDED = {
    ("wave", ""): "",
    ("red", ""): "several",
    ("blue", ""): "several",
    ("a.jpg", ""): PICTURES,
    ("sand", "many.onnx"): "many.onnx",
    ("red:1,blue:3", ""): "",
    ("own.onnx", ""): "",
}


@pytest.mark.parametrize(("style", "painter"), _BLENDED)
def test_what_blends_with_what(weights, own, style, painter):
    assert blends_in(style, painter) == _BLENDED[style, painter]


def test_a_picture_is_known_by_what_it_holds(weights, tmp_path):
    painter_factory.painting(tmp_path / "a.png", (1, 2, 3)).rename(tmp_path / "picture")
    assert find_player("picture").parts == (Part("picture"),)


def test_an_installed_style_keeps_its_name_beside_a_picture_of_that_name(weights, tmp_path):
    painter_factory.painting(tmp_path / "a.png", (1, 2, 3)).rename(tmp_path / "wave")
    assert find_player("wave").network.name == "wave.onnx"


@pytest.mark.parametrize(
    ("style", "painter", "says"),
    [
        ("wave,dots", "", "'wave' and 'dots' together: pictures blend.*several: red, blue"),
        ("wave,a.jpg", "", "'wave' and 'a.jpg' together"),
        ("red,a.jpg", "", "'red' and 'a.jpg' together"),
        ("wave,red", "", "'wave' and 'red' together"),
        ("sand,a.jpg", "many.onnx", "many.onnx: wave, sand"),
        ("own.onnx,a.jpg", "", "'own.onnx' and 'a.jpg' together"),
        ("wav", "", "unknown style 'wav'; did you mean 'wave'.*choices: blue, dots, red, wave"),
        ("red,bleu", "", "unknown style 'bleu'; did you mean 'blue'"),
        ("a.jpg", "many.onnx", "plays its own styles .wave, sand., not the picture 'a.jpg'"),
        ("a.jpg", "wave", "unknown painter 'wave'.*choices: any, several"),
        ("a.jpg", "weights/wave.onnx", "of the kind 'single-style'; give one of the kind"),
        ("a.jpg", "none.onnx", "there is no file 'none.onnx'"),
    ],
)
def test_what_cannot_be_played_is_one_line(weights, own, style, painter, says):
    with pytest.raises(UsageError, match=says) as caught:
        find_player(style, painter)
    assert "\n" not in str(caught.value)


def test_without_a_painter_installed_the_remedy_is_named(monkeypatch):
    monkeypatch.setattr(styles, "folder", lambda: None)
    with pytest.raises(UsageError, match=r"'a.jpg' is a picture.*`painter` FILE.*train-any"):
        find_player("a.jpg")
    with pytest.raises(UnknownName):
        find_player("wave")


def test_an_encoder_that_was_changed_is_refused(weights):
    (weights / "any.encoder.onnx").write_bytes(b"another")
    with pytest.raises(RealtimeNstError, match=r"any\.encoder\.onnx' is not the file"):
        find_player("a.jpg")
