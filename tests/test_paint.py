"""Painting as a look says: the stages it puts together, and changes while it paints."""

import threading
from dataclasses import dataclass, field, replace
from fractions import Fraction

import cv2
import model_factory
import numpy as np
import painter_factory
import pytest
from painter_factory import DARK, LIGHT

from realtime_nst.display import Display
from realtime_nst.errors import ModelError, UnknownName, UsageError
from realtime_nst.look import Look, View, about, amended
from realtime_nst.paint import Paint
from realtime_nst.references import fingerprint
from realtime_nst.runtime import networks
from realtime_nst.runtime.networks import Network, Networks
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.stream import Frame

pytestmark = pytest.mark.usefixtures("weights")


@pytest.fixture
def opened(monkeypatch):
    """The networks opened, in order."""
    paths = []

    def open_network(model, provider):
        paths.append(model.path.name)
        return Network(model, provider)

    monkeypatch.setattr(networks, "Network", open_network)
    return paths


def frame(index=0, grey=20, size=(64, 48)):
    image = np.full((size[1], size[0], 3), grey, np.uint8)
    return Frame(image, index, Fraction(index, 10), index / 10)


def paint(look, **more):
    """Not steadied, and painted at the size shown."""
    return Paint(replace(look, stabilise="off", brush="fine"), Networks("cpu"), **more)


def colour(painted, x=5, y=5):
    return tuple(painted.image[y, x].tolist())


def test_a_look_is_painted(dark):
    assert colour(paint(Look(dark))(frame())) == (30, 30, 30)
    assert colour(paint(Look(dark, strength=0.5))(frame())) == (25, 25, 25)
    assert paint(Look(dark, size="24"))(frame()).image.shape == (24, 32, 3)


def test_a_network_is_opened_once_for_style_and_rest(dark, light, tmp_path, opened):
    mask = tmp_path / "mask.png"
    cv2.imwrite(str(mask), np.repeat([[0] * 32 + [255] * 32], 48, 0).astype(np.uint8))
    painting = paint(Look(dark, mask=str(mask), rest=light))
    painted = painting(frame())
    assert (colour(painted, 60), colour(painted, 2)) == ((30, 30, 30), (80, 90, 100))
    assert opened == ["any.onnx"]
    painting.change(strength=0.5, style=f"{dark},{light}")
    painting(frame(1))
    assert opened == ["any.onnx"]


def test_paintings_with_the_same_networks_share_them(dark, light, opened):
    shared = Networks("cpu")
    both = [Paint(Look(each), shared) for each in (dark, light)]
    assert [colour(each(frame())) for each in both] == [(30, 30, 30), (80, 90, 100)]
    assert opened == ["any.onnx"]


def test_a_change_holds_from_the_next_frame_on(dark, light):
    painting = paint(Look(dark))
    painting(frame())
    painting.change(style=light)
    assert colour(painting(frame(1))) == (80, 90, 100)
    painting.change(strength=0)
    assert colour(painting(frame(2))) == (20, 20, 20)
    assert painting.look == Look(light, strength=0.0, stabilise="off", brush="fine")


def test_after_an_error_the_look_is_what_it_was(dark, tmp_path):
    painting = paint(Look(dark))
    for settings, error in (
        ({"style": "none"}, UnknownName),
        ({"strength": 2}, UsageError),
        ({"mask": "none.png"}, UsageError),
        ({"mask_model": dark}, ModelError),
        ({"morph_to": "wave"}, UsageError),
    ):
        with pytest.raises(error):
            painting.change(**settings)
    assert painting.look == Look(dark, stabilise="off", brush="fine")
    assert colour(painting(frame())) == (30, 30, 30)


def test_a_change_during_another_is_not_lost(dark, light, monkeypatch):
    painting, loading, go_on = paint(Look(dark)), threading.Event(), threading.Event()

    def slowly(model, provider):
        loading.set()
        assert go_on.wait(10)
        return Network(model, provider)

    monkeypatch.setattr(networks, "Network", slowly)
    thread = threading.Thread(target=lambda: painting.change(style="wave"))
    thread.start()
    assert loading.wait(10)
    painting.change(strength=0.5)
    go_on.set()
    thread.join()
    assert (painting.look.style, painting.look.strength) == ("wave", 0.5)


def test_nothing_of_an_old_style_shines_through(dark, light):
    painting = Paint(Look(dark, stabilise="strong"), Networks("cpu"))
    for index in range(4):
        painting(frame(index))
    painting.change(style=light)
    assert colour(painting(frame(4))) == (80, 90, 100)


def test_another_preset_holds_at_once(dark):
    painting = Paint(Look(dark, stabilise="strong"), Networks("cpu"))
    painting(frame(0))
    painting.change(stabilise="off")
    assert colour(painting(frame(1, grey=90))) == (100, 100, 100)


def test_what_a_mask_has_learnt_outlasts_changes_that_do_not_concern_it(dark, light):
    painting = paint(Look(dark, mask="moving"))
    shown = Display(painting, View())
    shown(_scene(0))
    painting.change(style=light)
    moved = shown(_scene(1, thing=True))
    assert colour(moved, 160, 120) == (160, 170, 180)
    assert colour(moved, 10, 10) == (20, 20, 20)
    shown.view = View(mirror=True)
    assert colour(shown(_scene(2, thing=True)), 160, 120) == (100, 100, 100)


def _scene(index, thing=False):
    scene = frame(index, size=(320, 240))
    if thing:
        scene.image[80:160, 120:200] = 100
    return scene


def test_the_network_may_run_on_fewer_frames_than_the_look_says(dark):
    painting = Paint(Look(dark, network_every=2), Networks("cpu"))
    assert painting.network_every == 2
    painting(frame())
    painting.work_at(0.5, 3)
    painting.change(strength=0.5)
    assert painting.network_every == 3
    painting.work_at(1, 1)
    assert painting.network_every == 2


@pytest.mark.parametrize(
    ("size", "scale", "painted"),
    [("", 1.0, (64, 48)), ("", 0.5, (32, 24)), ("", 0.01, (8, 8)), ("24", 0.5, (16, 16))],
)
def test_painted_small_and_shown_in_full(dark, size, scale, painted):
    painting = paint(Look(dark, size=size))
    whole = painting(frame()).image.shape
    assert painting.work_at(scale, 1) == painted
    assert painting(frame(1)).image.shape == whole
    assert painting.painted_size == painted


def test_what_is_not_painted_keeps_every_pixel(dark):
    painting = paint(Look(dark, strength=0))
    painting(frame())
    painting.work_at(0.5, 1)
    again = frame(1)
    assert painting(again) is again


def test_a_new_size_is_compiled_for_before_it_is_used(dark, monkeypatch):
    painting, prepared = paint(Look(dark)), []
    painting(frame())
    prepare = Stylizer.prepare
    monkeypatch.setattr(
        Stylizer, "prepare", lambda self, *size: prepared.append(size) or prepare(self, *size)
    )
    painting.change(size="24")
    painting.change(strength=0.5)
    assert prepared == [(32, 24)]


def test_settings_that_contradict_a_change_give_way(dark, light, tmp_path):
    mask = str(painter_factory.painting(tmp_path / "mask.png", (255, 255, 255)))
    look = Look(dark, mask=mask, rest=light, invert_mask=True, morph_to=light)
    assert amended(look, mask="") == Look(dark, morph_to=light)
    assert amended(look, mask_model="m.onnx") == replace(look, mask="", mask_model="m.onnx")
    assert amended(look, style=light) == replace(look, style=light, morph_to="")
    assert amended(look, style=light, morph_to=dark).morph_to == dark
    with pytest.raises(UsageError, match="no effect without a mask"):
        amended(Look(), rest=light)


@pytest.mark.parametrize(
    ("size", "said"), [("32x32", 1), ("32x24", 0), ("24", 0), ("", 0), ("85x64", 0)]
)
def test_a_size_of_another_shape_is_said_to_stretch(size, said):
    painting = paint(Look("wave", size=size))
    painting(frame(0))
    painting(frame(1))
    assert len(painting.notices) == said
    assert all("32x32 stretches pictures of 64x48" in notice for notice in painting.notices)


# morphs


def test_a_morph_goes_by_the_time_of_the_frames(dark, light):
    painting = paint(Look(dark, morph_to=light, morph_seconds=0.4))
    shown = [colour(painting(frame(index, grey=0)))[0] for index in range(7)]
    assert shown == [10, 22, 35, 48, 60, 60, 60]


def test_a_stream_taken_up_again_goes_on_where_it_was(dark, light):
    look = Look(dark, morph_to=light, morph_seconds=0.4)
    begun, taken_up = (paint(look, begin=Fraction(0)) for _ in range(2))
    for index in range(7):
        wanted = begun(frame(index))
        if index >= 2:
            assert (taken_up(frame(index)).image == wanted.image).all()


def test_a_morph_between_styles_of_one_network_is_played_by_it(weights, tmp_path, monkeypatch):
    """Although each of them has a network of its own, which cannot morph."""
    both = {"wave": (50, 50, 50), "dots": (90, 90, 90)}
    path = model_factory.write_several(tmp_path / "both.onnx", both, name="both")
    painter_factory.install_file(path, weights, monkeypatch)
    painting = paint(Look("wave", morph_to="dots", morph_seconds=0.4))
    assert [colour(painting(frame(index, grey=0)))[0] for index in (0, 2, 4)] == [50, 70, 90]
    look = Look("wave", morph_to="dots")
    played = fingerprint(look)["style"]
    assert played != fingerprint(replace(look, morph_to=""))["style"]


def test_a_morph_goes_on_through_changes_of_other_settings(dark, light):
    painting = paint(Look(dark, morph_to=light, morph_seconds=0.4))
    shown = []
    for index in range(5):
        painting.change(keep_colour="none" if index % 2 else "luminance")
        painting.change(keep_colour="none")
        shown.append(colour(painting(frame(index, grey=0)))[0])
    assert shown == [10, 22, 35, 48, 60]


def test_steadying_holds_on_to_what_was_shown_during_a_morph(dark, light):
    """It lags behind, rather than begin again with every step."""
    look = Look(dark, stabilise="strong", morph_to=light, morph_seconds=0.4)
    painting = Paint(look, Networks("cpu"))
    shown = [colour(painting(frame(index, grey=0)))[0] for index in range(5)]
    assert shown[0] == 10
    assert all(10 < value < 35 for value in shown[2:])


# fingerprints


def test_equal_contents_have_equal_fingerprints_wherever_they_lie(dark, tmp_path):
    copy = tmp_path / "elsewhere.png"
    copy.write_bytes((tmp_path / "dark.png").read_bytes())
    one, other = (Look(each, mask=each, rest=each) for each in (dark, str(copy)))
    assert fingerprint(one) == fingerprint(other)
    assert fingerprint(one) != fingerprint(replace(one, strength=0.5))


@pytest.mark.parametrize("part", ["style", "mask", "rest", "morph_to"])
def test_a_file_that_changed_under_its_name_changes_its_own_part(dark, light, tmp_path, part):
    look = Look(dark, mask=dark, rest=dark, morph_to=dark)
    changing = str(painter_factory.painting(tmp_path / "changing.png", DARK))
    look = replace(look, **{part: changing})
    before = fingerprint(look)
    painter_factory.painting(tmp_path / "changing.png", LIGHT)
    after = fingerprint(look)
    assert {name for name in before if before[name] != after[name]} == {part}


@pytest.mark.parametrize("folders", [(), ("red", "blue")])
def test_blends_differ_by_their_weights_and_by_the_names_of_styles(folders, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in folders:
        (tmp_path / name).mkdir()
    looks = ["red:1,blue:1", "red:1,blue:3", "blue:1,red:3", "red:1,blue:0"]
    assert len({str(fingerprint(Look(style))) for style in looks}) == 4


def test_the_files_beside_a_network_count(weights, dark):
    for name in ("any.onnx", "any.encoder.onnx"):
        (weights.parent / name).write_bytes((weights / name).read_bytes())
    look = Look(dark, painter=str(weights.parent / "any.onnx"))
    before = fingerprint(look)
    (weights.parent / "any.encoder.onnx").write_bytes((weights / "wave.onnx").read_bytes())
    assert fingerprint(look) != before


def test_an_installed_style_and_its_file_are_the_same_style(weights):
    assert fingerprint(Look("wave")) == fingerprint(Look(str(weights / "wave.onnx")))
    (weights / "copy.onnx").write_bytes((weights / "dots.onnx").read_bytes())
    assert fingerprint(Look("wave")) != fingerprint(Look(str(weights / "copy.onnx")))


@dataclass(frozen=True)
class Bolder(Look):
    gloss: float = field(default=1.0, metadata=about("Size.", "Painting", least=0.25, most=4))


def test_a_new_setting_counts_in_the_fingerprint():
    assert fingerprint(Bolder("wave", gloss=2)) != fingerprint(Bolder("wave"))


# what is shown


def test_the_source_left_of_a_split_at_the_size_painted(dark):
    shown = Display(paint(Look(dark, size="24")), View(split=0.5))
    image = shown(frame()).image
    assert image.shape == (24, 32, 3)
    assert (image[:, :16] == 20).all()
    assert (image[:, 16:] == 30).all()


def test_the_style_file_is_read_once(tmp_path, monkeypatch):
    path = model_factory.write_style(tmp_path / "mine.onnx", card=model_factory.card())
    painting = paint(Look(str(path)))
    path.unlink()
    painting.change(strength=0.5)
    painting(frame())


def test_a_strength_raised_from_0_is_compiled_for_before_it_paints(light, monkeypatch):
    prepared = []
    monkeypatch.setattr(Stylizer, "prepare", lambda self, *size: prepared.append(size))
    painting = paint(Look(light, strength=0))
    painting.prepare(64, 48)
    painting(frame())
    assert prepared == []
    painting.change(strength=1)
    assert prepared == [(64, 48)]
