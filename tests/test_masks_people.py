"""People as the mask: the network that comes with the program, its edges, its steadiness."""

import json
import shutil
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import cv2
import model_factory
import numpy as np
import pytest

from realtime_nst import presets
from realtime_nst.errors import ModelError, UsageError
from realtime_nst.look import BACKGROUND, PERSON, Look
from realtime_nst.masks.edges import FrameEdge, SoftEdge
from realtime_nst.masks.model import ModelMask
from realtime_nst.masks.steady import SteadyMask
from realtime_nst.media.planes import shrunk
from realtime_nst.metrics.stillness import mask_flicker
from realtime_nst.motion import dense_flow
from realtime_nst.paint import Paint
from realtime_nst.references import fingerprint
from realtime_nst.runtime.networks import Networks
from realtime_nst.runtime.shipped import person_network
from realtime_nst.stream import Frame

HEIGHT, WIDTH = 96, 128
WALL = (90, 120, 150)
SHIPPED = Path(__file__).parent.parent / "weights"
FILE, CARD = "person.onnx", "person.json"


def frame(image, index=0, rate=25):
    return Frame(image, index, Fraction(index, rate), 0.0)


def person(width=256, height=144):
    """Somebody before a wall, drawn; and the share of the picture that is certainly the person."""
    image, size = np.full((height, width, 3), WALL, np.uint8), height / 144

    def oval(x, y, across, down, colour, on=image):
        centre = round(width / 2 + x * size), round(y * size)
        cv2.ellipse(on, centre, (round(across * size), round(down * size)), 0, 0, 360, colour, -1)

    oval(0, 150, 52, 62, (40, 60, 110))  # body
    oval(0, 82, 10, 14, (205, 160, 130))  # neck
    oval(0, 45, 27, 34, (60, 40, 30))  # hair
    oval(0, 52, 22, 28, (220, 175, 145))  # face
    for x in (-9, 9):
        oval(x, 47, 4, 2, (250, 250, 250))
        oval(x, 47, 2, 2, (40, 30, 30))
    oval(0, 66, 8, 2, (170, 80, 80))
    return cv2.GaussianBlur(image, (0, 0), max(0.5, size))


def found_in(image):
    """Shares of the person in the middle, and at both sides."""
    weights = ModelMask(person_network())(frame(image))
    middle = weights[:, weights.shape[1] // 2 - 2 : weights.shape[1] // 2 + 3]
    return middle[-len(middle) // 2 :].mean() / 255, weights[:, [0, -1]].mean() / 255


@pytest.mark.parametrize("size", [(256, 144), (320, 240), (90, 60), (720, 144), (101, 144)])
def test_a_person_is_found_whatever_the_shape_of_the_picture(size):
    inside, outside = found_in(person(*size))
    assert inside > 0.9
    assert outside < 0.1 or size[0] < size[1]  # there the person reaches both sides


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (400, 1), (3, 2)])
def test_pictures_of_a_few_pixels_have_a_mask_as_well(size):
    width, height = size
    image = np.full((height, width, 3), 128, np.uint8)
    mask = ModelMask(person_network())
    assert FrameEdge()(SteadyMask(mask)(frame(image)), image).shape == (height, width)


def test_in_grey_nobody_is_found():
    mask = ModelMask(person_network())
    assert mask.found is None
    assert not mask(frame(np.full((48, 64, 3), 128, np.uint8))).any()
    assert mask.found is False
    mask(frame(person()))
    mask(frame(np.full((48, 64, 3), 128, np.uint8)))
    assert mask.found is True


# the file


def test_a_damaged_or_missing_network_is_refused_in_a_line(tmp_path):
    for name in (FILE, CARD):
        shutil.copy(SHIPPED / name, tmp_path)
    assert person_network(tmp_path) == tmp_path / FILE
    data = bytearray((tmp_path / FILE).read_bytes())
    data[-1] ^= 1
    (tmp_path / FILE).write_bytes(data)
    with pytest.raises(ModelError, match=r"person\.onnx.*install realtime_nst again"):
        person_network(tmp_path)
    (tmp_path / FILE).unlink()
    with pytest.raises(ModelError, match=r"cannot be read.*`mask_model`"):
        person_network(tmp_path)


def test_the_network_comes_with_its_licence():
    assert json.loads((SHIPPED / CARD).read_text())["licence"] == "Apache-2.0"
    assert "Apache License" in (SHIPPED / "person.LICENSE.txt").read_text()
    assert "MediaPipe Authors" in (SHIPPED / "person.NOTICE.txt").read_text()


# painting


@pytest.fixture
def style(tmp_path):
    return str(model_factory.write_style(tmp_path / "s.onnx", shift=20, card=model_factory.card()))


@pytest.mark.parametrize(
    ("settings", "inside", "outside"),
    [
        ({"mask": PERSON}, True, False),
        ({"mask": BACKGROUND}, False, True),
        ({"mask": PERSON, "invert_mask": True}, False, True),
        ({"mask": BACKGROUND, "invert_mask": True}, True, False),
        ({"mask_model": str(SHIPPED / FILE), "stabilise": "off"}, True, False),
    ],
)
def test_people_are_painted_or_all_but_people(style, settings, inside, outside):
    image = person(320, 240)
    painting = Paint(Look(style, brush="fine", **settings), Networks("cpu"))
    for index in range(2):
        painted = painting(frame(image, index)).image
    changed = (painted != image).any(axis=2)
    assert (changed[120:, 155:165].all(), changed[:, :20].all()) == (inside, outside)
    assert (changed[120:, 155:165].any(), changed[:, :20].any()) == (inside, outside)


def test_the_rest_is_painted_another_way(style, tmp_path):
    other = model_factory.write_style(tmp_path / "o.onnx", shift=60, card=model_factory.card())
    image = person(320, 240)
    look = Look(style, mask=PERSON, rest=str(other), brush="fine")
    painted = Paint(look, Networks("cpu"))(frame(image)).image
    assert (painted[:, :20] == model_factory.expected(image, 60)[:, :20]).all()
    assert (painted[150:, 158:162] == model_factory.expected(image, 20)[150:, 158:162]).all()


def test_frames_may_change_their_size_and_their_colours_midway(style):
    painting = Paint(Look(style, mask=PERSON, brush="fine"), Networks("cpu"))
    grey = np.repeat(cv2.cvtColor(person(320, 240), cv2.COLOR_RGB2GRAY)[..., None], 3, 2)
    images = [person(320, 240), person(320, 240), person(240, 320), grey, person(64, 48)]
    for index, image in enumerate(images):
        painted = painting(frame(image, index)).image
        changed = (painted != image).any(axis=2)
        assert painted.shape == image.shape
        assert changed[-8:, image.shape[1] // 2].all()
        assert not changed[:4, :4].any()


def test_the_words_are_kept_as_words_even_beside_files_of_that_name(tmp_path, monkeypatch, style):
    monkeypatch.chdir(tmp_path)
    Path(PERSON).write_text("no picture")
    look = Look(style, mask=PERSON)
    presets.save(tmp_path / "look.json", look)
    assert json.loads((tmp_path / "look.json").read_text())["look"]["mask"] == PERSON
    assert presets.load(tmp_path / "look.json")[0] == look
    prints = [fingerprint(replace(look, mask=mask))["mask"] for mask in (PERSON, BACKGROUND)]
    assert prints[0] != prints[1]
    Paint(look, Networks("cpu"))(frame(person()))


# edges


def step(width=160, at=80, low=40, high=200):
    image = np.full((96, width, 3), low, np.uint8)
    image[:, at:] = high
    return image


def where_half(weights):
    """The columns at which the rows pass from below a half to above."""
    return np.argmax(weights > 127, axis=1)


def test_an_edge_is_drawn_to_that_of_the_picture():
    weights = np.zeros((24, 40), np.uint8)
    weights[:, 21:] = 255  # a pixel of the mask, four of the picture, too far to the right
    image = step()
    assert (np.abs(where_half(FrameEdge()(weights, image)) - 80) <= 1).all()
    assert (where_half(SoftEdge()(weights, image)) > 82).all()


@pytest.mark.parametrize("all_of_it", [0, 255])
def test_without_an_edge_in_the_mask_those_of_the_picture_are_not_seen(all_of_it):
    weights = np.full((24, 40), all_of_it, np.uint8)
    noise = np.random.default_rng(0).integers(0, 256, (96, 160, 3), np.uint8)
    assert (FrameEdge()(weights, noise) == all_of_it).all()


@pytest.mark.parametrize("shape", [(24, 40), (96, 160), (300, 500), (7, 9), (1, 1)])
def test_masks_of_any_size_come_to_the_size_of_the_picture(shape):
    weights = np.zeros(shape, np.uint8)
    weights[:, shape[1] // 2 :] = 255
    result = FrameEdge()(weights, step())
    assert result.shape == (96, 160)
    assert (result[:, -30:] == 255).all()
    assert (result[:, :30] == 0).all() or shape == (1, 1)


@pytest.mark.parametrize("size", [(1920, 1080), (641, 479), (300, 2000), (200, 100)])
def test_a_frame_is_shrunk_to_the_size_of_the_mask_by_area(size):
    image = cv2.resize(np.random.default_rng(0).integers(0, 256, (9, 16, 3), np.uint8), size)
    quick = shrunk(image, 256, 144)
    plain = cv2.resize(image, (256, 144), interpolation=cv2.INTER_AREA)
    assert quick.shape == plain.shape
    assert np.abs(quick.astype(int) - plain).mean() < 2


# steadiness


class Gives:
    """A mask that gives one picture after another."""

    def __init__(self, weights):
        self.weights, self.resets = iter(weights), 0

    def __call__(self, frame):
        return next(self.weights)

    def reset(self):
        self.resets += 1


def walls(count, shift=0):
    """Frames of a rough wall that moves by ``shift`` pixels a frame."""
    random = np.random.default_rng(0)
    wall = cv2.resize(random.integers(0, 256, (30, 80, 3), np.uint8), (400, 150))
    return [
        frame(np.ascontiguousarray(wall[:, 100 - shift * i : 300 - shift * i]), i)
        for i in range(count)
    ]


def ramp(at, width=200, height=150):
    """Weights with an edge of 40 pixels in the middle of which is ``at``."""
    row = np.clip(127.5 + (np.arange(width) - at) * 6.4, 0, 255)
    return np.tile(row.astype(np.uint8), (height, 1))


def flicker_of(masks, frames):
    flows = [dense_flow(a.image, b.image) for a, b in pairwise(frames)]
    pairs = zip(pairwise(masks), flows, strict=True)
    return np.mean([mask_flicker(*both, flow) for both, flow in pairs])


@pytest.mark.parametrize("shift", [0, 3])
def test_an_edge_that_trembles_is_steadied_wherever_it_goes(shift):
    frames = walls(12, shift)
    shaken = [ramp(80 + shift * i + (4 if i % 2 else -4)) for i in range(12)]
    mask = SteadyMask(Gives(shaken))
    steadied = [mask(each) for each in frames]
    assert flicker_of(steadied[3:], frames[3:]) < 0.5 * flicker_of(shaken[3:], frames[3:])
    middle = np.abs(steadied[-1].astype(int) - ramp(80 + shift * 11)).mean()
    assert middle < 6  # it stays where the frames have gone


def test_what_is_plainly_new_is_taken_at_once():
    empty, full = np.zeros((150, 200), np.uint8), np.full((150, 200), 255, np.uint8)
    mask = SteadyMask(Gives([empty, empty, full, empty]))
    assert [mask(each).mean() for each in walls(4)] == [0, 0, 255, 0]


def test_a_seek_a_cut_a_change_of_size_and_a_reset_begin_anew():
    still = walls(3)
    black, small = np.zeros((150, 200, 3), np.uint8), np.full((60, 80, 3), 70, np.uint8)
    for later in (
        replace(still[1], index=9, pts=Fraction(9)),  # forwards
        replace(still[1], index=0, pts=Fraction(0)),  # backwards
        frame(black, 2),
        frame(small, 2),
    ):
        mask = SteadyMask(Gives([ramp(80), ramp(80), ramp(86)]))
        for each in still[:2]:
            mask(each)
        assert (mask(later) == ramp(86)).all()
    inner = Gives([ramp(80), ramp(86)])
    mask = SteadyMask(inner)
    mask(still[0])
    mask.reset()
    assert (mask(still[1]) == ramp(86)).all()
    assert inner.resets


def test_weights_may_change_their_size():
    mask = SteadyMask(Gives([ramp(80), ramp(80, height=75), ramp(30, width=90)]))
    assert [mask(each).shape for each in walls(3)] == [(150, 200), (75, 200), (150, 90)]


# the measure


def weights(*values):
    return np.array([values], np.uint8)


def test_flicker_is_the_mean_difference_where_there_is_an_edge():
    still = np.zeros((1, 4, 2), np.float32)
    before, now = weights(0, 0, 51, 255), weights(0, 51, 102, 255)
    assert mask_flicker(before, now, still) == pytest.approx((0.2 + 0.2) / 2)
    assert mask_flicker(now, now, still) == 0


def test_a_mask_that_moves_with_the_picture_does_not_flicker():
    flow = np.zeros((1, 4, 2), np.float32)
    flow[..., 0] = -1
    before, now = weights(0, 51, 102, 255), weights(0, 0, 51, 102)
    assert mask_flicker(before, now, flow) == pytest.approx(0, abs=1e-6)
    assert mask_flicker(before, now, 0 * flow) > 0.1


def test_without_an_edge_there_is_no_flicker_to_measure():
    assert np.isnan(mask_flicker(weights(0, 255), weights(0, 255), np.zeros((1, 2, 2), np.float32)))


def test_masks_and_flow_have_one_size():
    with pytest.raises(UsageError, match="2x1, 3x1, 2x1"):
        mask_flicker(weights(0, 1), weights(0, 1, 2), np.zeros((1, 2, 2), np.float32))
