"""Masks: where to paint, and the stage that paints there."""

from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from realtime_nst.errors import MediaError, ModelError, UsageError
from realtime_nst.masks.composite import Composite
from realtime_nst.masks.mask import Inverted
from realtime_nst.masks.model import ModelMask
from realtime_nst.masks.moving import MovingMask
from realtime_nst.masks.pictures import PictureMask, VideoMask
from realtime_nst.runtime import networks
from realtime_nst.runtime.onnxruntime_session import open_graph
from realtime_nst.sinks.video import VideoSink
from realtime_nst.stream import Frame

HEIGHT, WIDTH = 96, 128


def frame(image=None, index=0, rate=25):
    if image is None:
        image = np.full((HEIGHT, WIDTH, 3), 80, np.uint8)
    return Frame(image, index, Fraction(index, rate), 0.0)


class Paints:
    """A stage that paints everything in one grey."""

    def __init__(self, grey):
        self.grey, self.calls, self.resets = grey, 0, 0

    def __call__(self, frame):
        self.calls += 1
        return replace(frame, image=np.full_like(frame.image, self.grey))

    def reset(self):
        self.resets += 1


class Says:
    """A mask that always says the same."""

    def __init__(self, weights):
        self.weights, self.resets = weights, 0

    def __call__(self, frame):
        return self.weights

    def reset(self):
        self.resets += 1


def left_half():
    weights = np.zeros((HEIGHT, WIDTH), np.uint8)
    weights[:, : WIDTH // 2] = 255
    return weights


def test_inside_is_painted_and_the_rest_stays_the_source():
    image = Composite(Says(left_half()), Paints(200))(frame()).image
    assert (image[:, :50] == 200).all()
    assert (image[:, -50:] == 80).all()


def test_the_rest_may_be_painted_another_way():
    image = Composite(Says(left_half()), Paints(200), Paints(20))(frame()).image
    assert (image[:, :50] == 200).all()
    assert (image[:, -50:] == 20).all()


def test_the_edge_is_soft_and_only_there():
    row = Composite(Says(left_half()), Paints(200))(frame()).image[HEIGHT // 2, :, 0].astype(int)
    between = (row > 80) & (row < 200)
    assert 2 <= between.sum() <= 8
    assert (np.diff(row) <= 0).all()


def test_what_would_not_be_seen_is_not_painted():
    inside, outside = Paints(200), Paints(20)
    empty, full = np.zeros((HEIGHT, WIDTH), np.uint8), np.full((HEIGHT, WIDTH), 255, np.uint8)
    given = frame()
    assert Composite(Says(empty), inside)(given).image is given.image
    Composite(Says(empty), inside, outside)(given)
    assert (inside.calls, outside.calls) == (0, 1)
    assert (Composite(Says(full), inside, outside)(given).image == 200).all()
    assert (inside.calls, outside.calls) == (1, 1)


def test_a_reset_reaches_the_mask_and_both_stages():
    mask, inside, outside = Says(left_half()), Paints(1), Paints(2)
    Composite(mask, inside, outside).reset()
    assert (mask.resets, inside.resets, outside.resets) == (1, 1, 1)


def test_a_mask_can_be_turned_round():
    image = Composite(Inverted(Says(left_half())), Paints(200))(frame()).image
    assert (image[:, :50] == 80).all()
    assert (image[:, -50:] == 200).all()


def test_a_picture_is_stretched_to_the_frames_whatever_their_size(tmp_path):
    cv2.imwrite(str(tmp_path / "mask.png"), left_half()[::4, ::4])
    stage = Composite(PictureMask(tmp_path / "mask.png"), Paints(200))
    for width, height in ((WIDTH, HEIGHT), (24, 17), (WIDTH, HEIGHT)):
        image = stage(frame(np.zeros((height, width, 3), np.uint8))).image
        assert (image[:, : width // 3] == 200).all()
        assert (image[:, -width // 3 :] == 0).all()


@pytest.mark.parametrize("content", [b"", b"no picture"])
def test_what_is_no_picture_is_refused_at_once(tmp_path, content):
    (tmp_path / "mask.png").write_bytes(content)
    with pytest.raises(MediaError, match=r"mask\.png"):
        PictureMask(tmp_path / "mask.png")


@pytest.fixture
def film(tmp_path):
    """Half a second at 10 fps, each picture brighter than the one before."""
    path = tmp_path / "mask.mp4"
    with VideoSink(path) as sink:
        for index in range(5):
            sink.write(frame(np.full((48, 64, 3), 50 * index, np.uint8), index, rate=10))
    return path


def shown_by(mask, index, rate=10):
    return round(float(mask(frame(index=index, rate=rate)).mean()) / 50)


def test_a_film_shows_the_picture_of_the_frames_own_time(film):
    mask = VideoMask(film)
    assert [shown_by(mask, index, rate=20) for index in range(10)] == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]


def test_the_last_picture_of_a_film_stays_and_a_loop_begins_it_again(film):
    mask = VideoMask(film)
    assert [shown_by(mask, index) for index in (3, 9, 20, 0, 1)] == [3, 4, 4, 0, 1]


def test_a_film_that_is_not_there_is_refused_at_once(tmp_path):
    with pytest.raises(UsageError, match="nowhere"):
        VideoMask(tmp_path / "nowhere.mp4")


def scene(index, random, ball=True):
    """A noisy wall, before which a ball rolls."""
    wall = np.tile(np.linspace(60, 180, WIDTH, dtype=np.uint8), (HEIGHT, 1))
    image = cv2.cvtColor(wall, cv2.COLOR_GRAY2RGB)
    if ball:
        cv2.circle(image, (20 + 4 * index, 48), 12, (250, 30, 30), -1)
    noise = random.normal(0, 2, image.shape)
    return frame((image + noise).clip(0, 255).astype(np.uint8), index)


def test_what_moves_is_found_and_the_wall_is_left():
    random, mask = np.random.default_rng(0), MovingMask()
    for index in range(12):
        weights = mask(scene(index, random, ball=index > 3))
    ball = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.circle(ball, (20 + 4 * 11, 48), 12, 255, -1)
    assert weights[ball > 0].mean() > 220
    assert (weights[:, 100:] == 0).all()
    assert (weights[:20] == 0).all()


def test_nothing_moves_in_the_first_frame_nor_after_a_reset_nor_before_a_still_wall():
    random, mask = np.random.default_rng(0), MovingMask()
    assert not mask(scene(0, random)).any()
    mask.reset()
    assert not any(mask(scene(index, random, ball=False)).any() for index in range(8))


def test_a_change_of_size_begins_anew():
    random, mask = np.random.default_rng(0), MovingMask()
    mask(scene(0, random))
    assert not mask(frame(np.zeros((50, 40, 3), np.uint8), 1)).any()


FLOAT, BYTES = TensorProto.FLOAT, TensorProto.UINT8


def network(path, dtype, shape, nodes, given):
    """An ONNX network from ``frame`` to ``mask``."""
    ends = [
        [helper.make_tensor_value_info("frame", dtype, shape)],
        [helper.make_tensor_value_info("mask", FLOAT, given)],
    ]
    graph = helper.make_graph(nodes, "subject", *ends, [])
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), str(path))
    return path


def brightest(keep, axis):
    return helper.make_node("ReduceMax", ["frame"], ["mask"], axes=[axis], keepdims=keep)


NETWORKS = {
    "planes, any size": (FLOAT, [1, 3, "h", "w"], [brightest(1, 1)], [1, 1, "h", "w"]),
    "planes, one size": (FLOAT, [1, 3, 64, 96], [brightest(1, 1)], [1, 1, 64, 96]),
    "channels last": (FLOAT, [1, "h", "w", 3], [brightest(1, 3)], [1, "h", "w", 1]),
    "no channels": (FLOAT, [1, 3, "h", "w"], [brightest(0, 1)], [1, "h", "w"]),
    "bytes": (
        BYTES,
        [1, "h", "w", 3],
        [
            helper.make_node("Cast", ["frame"], ["number"], to=FLOAT),
            helper.make_node("Constant", [], ["most"], value_float=255.0),
            helper.make_node("Div", ["number", "most"], ["share"]),
            helper.make_node("ReduceMax", ["share"], ["mask"], axes=[3], keepdims=1),
        ],
        [1, "h", "w", 1],
    ),
    "classes": (
        FLOAT,
        [1, 3, "h", "w"],
        [
            helper.make_node("ReduceMax", ["frame"], ["bright"], axes=[1], keepdims=1),
            helper.make_node("Constant", [], ["middle"], value_float=0.5),
            helper.make_node("Sub", ["middle", "bright"], ["background"]),
            helper.make_node("Sub", ["bright", "middle"], ["subject"]),
            helper.make_node("Concat", ["background", "subject"], ["mask"], axis=1),
        ],
        [1, 2, "h", "w"],
    ),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_says_where_its_subject_is(tmp_path, name):
    mask = ModelMask(network(tmp_path / "subject.onnx", *NETWORKS[name]))
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[:, : WIDTH // 2] = 255
    painted = Composite(mask, Paints(200))(frame(image)).image
    assert (painted[:, :48] == 200).all()
    assert (painted[:, -48:] == 0).all()


def test_a_mask_network_is_opened_once_whoever_asks(tmp_path, monkeypatch):
    path, opened = network(tmp_path / "subject.onnx", *NETWORKS["channels last"]), []
    monkeypatch.setattr(
        networks, "open_graph", lambda path: opened.append(path) or open_graph(path)
    )
    shared = networks.Networks("cpu")
    masks = [ModelMask(path, shared.graph) for _ in range(2)]
    for mask in masks:
        mask(frame())
    assert len(opened) == 1


def test_a_file_that_is_no_network_or_another_one_is_refused_in_a_line(tmp_path):
    with pytest.raises(UsageError, match=r"nowhere\.onnx"):
        ModelMask(tmp_path / "nowhere.onnx")
    (tmp_path / "text.onnx").write_text("no network")
    with pytest.raises(ModelError, match=r"text\.onnx"):
        ModelMask(tmp_path / "text.onnx")
    wrong = network(
        tmp_path / "sound.onnx", FLOAT, [1, 80], [helper.make_node("Neg", ["frame"], ["mask"])],
        [1, 80],
    )  # fmt: skip
    with pytest.raises(ModelError, match=r"sound\.onnx.*\[1, 80\].*`mask_model` needs"):
        ModelMask(wrong)


def test_a_network_that_gives_no_mask_is_refused_in_a_line(tmp_path):
    nodes = [helper.make_node("ReduceMax", ["frame"], ["mask"], axes=[1, 2, 3], keepdims=0)]
    mask = ModelMask(network(tmp_path / "number.onnx", FLOAT, [1, 3, "h", "w"], nodes, [1]))
    with pytest.raises(ModelError, match=r"number\.onnx.* gives \(1,\)"):
        mask(frame())


@pytest.mark.parametrize("value", [float("nan"), 3.0])
def test_values_that_are_no_numbers_are_refused_in_a_line(tmp_path, value):
    nodes = [
        helper.make_node("ReduceMax", ["frame"], ["bright"], axes=[1], keepdims=1),
        helper.make_node("Constant", [], ["value"], value_float=value),
        helper.make_node("Add", ["bright", "value"], ["mask"]),
    ]
    path = network(tmp_path / "lost.onnx", FLOAT, [1, 3, "h", "w"], nodes, [1, 1, "h", "w"])
    if value == 3:
        assert (ModelMask(path)(frame()) == 255).all()
    else:
        with pytest.raises(ModelError, match=r"lost\.onnx.* no numbers"):
            ModelMask(path)(frame())


@pytest.mark.parametrize("shape", [(2, 4000), (4000, 2)])
def test_a_long_thin_picture_gives_no_huge_one_to_the_network(tmp_path, shape):
    mask = ModelMask(network(tmp_path / "subject.onnx", *NETWORKS["planes, any size"]))
    image = np.zeros((*shape, 3), np.uint8)
    image[: shape[0] // 2 if shape[0] > 2 else 2, : shape[1] // 2 if shape[1] > 2 else 2] = 255
    weights = mask(frame(image))
    assert max(weights.shape) == 1024
    long = weights.max(axis=int(np.argmin(shape)))
    assert (long[:500] == 255).all()
    assert not long[524:].any()


def test_what_moves_trails_no_halo_and_stays_whole():
    """A disc that swings before a noisy background: 0.14 of its area was painted outside of it."""
    random = np.random.default_rng(0)
    still = cv2.resize(random.integers(40, 200, (12, 16, 3), np.uint8), (320, 240))
    mask, outside, inside = MovingMask(), [], []
    for index in range(50):
        disc = np.zeros((240, 320), np.uint8)
        if index:
            cv2.circle(disc, (160 + round(60 * np.sin(index / 9)), 120), 50, 1, -1)
        image = np.where(disc[..., None] == 1, (200, 170, 150), still) + random.normal(
            0, 4, (240, 320, 3)
        )
        weights = mask(frame(image.clip(0, 255).astype(np.uint8), index, 30)) / 255
        seen = cv2.resize(weights, (320, 240))
        if index > 20:
            outside.append((seen * (cv2.dilate(disc, np.ones((5, 5))) == 0)).sum() / disc.sum())
            inside.append(seen[disc == 1].mean())
    assert np.mean(outside) < 0.05
    assert np.mean(inside) > 0.98
