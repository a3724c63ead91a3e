"""Tiles: a picture painted in parts that overlap is the picture painted in one piece."""

import numpy as np
import onnx
import pytest
from model_factory import card
from onnx import TensorProto, helper, numpy_helper

from realtime_nst.runtime import host, openvino_session, tiles
from realtime_nst.runtime.card import METADATA_KEY
from realtime_nst.runtime.fixed_norms import sees
from realtime_nst.runtime.model import read_model
from realtime_nst.runtime.networks import Networks


def network(path, normalised=True):
    """Two convolutions of 5x5, the first one's result normalised."""
    random = np.random.default_rng(0)
    shapes = {"w0": (4, 3, 5, 5), "w1": (3, 4, 5, 5), "scale": (4,), "bias": (4,)}
    values = {n: random.normal(0, 0.3, shape).astype(np.float32) for n, shape in shapes.items()}
    values |= {"scale": np.float32([1, 2, 1, 0.5]), "grey": np.float32(255), "low": np.float32(0)}
    values["pads"] = np.int64([0, 0, 2, 2, 0, 0, 2, 2])
    make = helper.make_node
    norm = make("InstanceNormalization", ["c0", "scale", "bias"], ["n0"])
    nodes = [
        make("Cast", ["frame"], ["f"], to=TensorProto.FLOAT),
        make("Transpose", ["f"], ["t"], perm=[0, 3, 1, 2]),
        make("Div", ["t", "grey"], ["d"]),
        make("Pad", ["d", "pads"], ["p0"], mode="reflect"),
        make("Conv", ["p0", "w0"], ["c0"], kernel_shape=[5, 5]),
        norm if normalised else make("Identity", ["c0"], ["n0"]),
        make("Relu", ["n0"], ["r0"]),
        make("Pad", ["r0", "pads"], ["p1"], mode="reflect"),
        make("Conv", ["p1", "w1"], ["c1"], kernel_shape=[5, 5]),
        make("Sigmoid", ["c1"], ["s"]),
        make("Mul", ["s", "grey"], ["m"]),
        make("Transpose", ["m"], ["u"], perm=[0, 2, 3, 1]),
        make("Cast", ["u"], ["image"], to=TensorProto.UINT8),
    ]
    ports = [
        [helper.make_tensor_value_info(name, TensorProto.UINT8, [1, "h", "w", 3])]
        for name in ("frame", "image")
    ]
    tensors = [numpy_helper.from_array(np.asarray(v), name) for name, v in values.items()]
    graph = helper.make_graph(nodes, "network", *ports, tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    helper.set_model_props(model, {METADATA_KEY: card().to_json()})
    onnx.save(model, path)
    return read_model(path)


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(tiles, "TILE", 64)


PICTURE = np.random.default_rng(1).integers(0, 256, (150, 215, 3), np.uint8)


@pytest.mark.parametrize("size", [(150, 215), (64, 200), (3, 215), (150, 7)])
@pytest.mark.parametrize("provider", ["cpu", "openvino-f32"])
def test_tiles_are_the_picture_in_one_piece(tmp_path, monkeypatch, small, size, provider):
    """With what the norms measure on the whole; what is sampled is all of it here."""
    monkeypatch.setattr(tiles, "sampled", lambda image, multiple: image)
    networks = Networks(provider)
    used = networks.open(network(tmp_path / "style.onnx"), networks.provider())
    image, shares = np.ascontiguousarray(PICTURE[: size[0], : size[1]]), []
    painted = tiles.paint_in_tiles(used, None, image, shares.append)
    np.testing.assert_allclose(painted.astype(int), used.session(image).astype(int), atol=1)
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_tiles_keep_to_the_threads_asked_for_and_leave_nothing_in_the_cache(
    tmp_path, monkeypatch, small
):
    monkeypatch.setenv(host.CACHE_VARIABLE, str(tmp_path / "cache"))
    networks = Networks("openvino-f32", 1)
    used = networks.open(network(tmp_path / "style.onnx"), networks.provider())
    before, limits = sorted((tmp_path / "cache").rglob("*")), []
    options = openvino_session._options

    def noted(*given):
        limits.append(host.thread_limit())
        return options(*given)

    monkeypatch.setattr(openvino_session, "_options", noted)
    assert tiles.paint_in_tiles(used, None, PICTURE, lambda share: None) is not None
    assert limits == [1]
    assert sorted((tmp_path / "cache").rglob("*")) == before


def test_samples_tell_what_the_norms_need(tmp_path, monkeypatch, small):
    monkeypatch.setattr(tiles, "_SAMPLE", 32)
    monkeypatch.setattr(tiles, "_SAMPLES", 6)
    networks = Networks("cpu")
    used = networks.open(network(tmp_path / "style.onnx"), networks.provider())
    painted = tiles.paint_in_tiles(used, None, PICTURE, lambda share: None)
    assert np.abs(painted.astype(int) - used.session(PICTURE)).mean() < 4


def test_a_network_that_sees_everything_is_not_painted_in_tiles(tmp_path):
    model = network(tmp_path / "style.onnx", normalised=False)
    assert sees(model.path.read_bytes(), 1) is None
    networks = Networks("cpu")
    used = networks.open(model, networks.provider())
    assert tiles.paint_in_tiles(used, None, PICTURE, lambda share: None) is None


def test_how_far_a_network_sees(tmp_path):
    assert sees(network(tmp_path / "style.onnx").path.read_bytes(), 4) == 16


@pytest.mark.parametrize("size", [(5000, 4000), (10, 90000), (90000, 3)])
def test_samples_are_spread_over_the_picture(size):
    image = np.zeros((*size, 3), np.uint8)
    part = tiles.sampled(image, 8)
    assert part.shape[0] % 8 == part.shape[1] % 8 == 0
    assert part.size <= 3 * 6e6
