"""A style's int8 form: close to the float one, moved as bytes, and refused where it is worse."""

import shutil

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")
pytest.importorskip("onnxruntime", reason="needs the extra 'cpu'")
onnx = pytest.importorskip("onnx", reason="needs the extra 'train'")

from dataclasses import replace  # noqa: E402

import shared_networks  # noqa: E402
from learning_factory import write_painting, write_photos, write_vgg19  # noqa: E402
from model_factory import card, write_graph  # noqa: E402
from onnx import numpy_helper  # noqa: E402

from realtime_nst.errors import TrainingError, UsageError  # noqa: E402
from realtime_nst.learning.data.pictures import find_photos, hold_out  # noqa: E402
from realtime_nst.learning.export import (  # noqa: E402
    calibration,
    export,
    quantise,
)
from realtime_nst.learning.training.checkpoint import untrained  # noqa: E402
from realtime_nst.learning.training.recipe import Recipe  # noqa: E402
from realtime_nst.runtime.card import METADATA_KEY  # noqa: E402
from realtime_nst.runtime.codes import Codes  # noqa: E402
from realtime_nst.runtime.companions import int8_path  # noqa: E402
from realtime_nst.runtime.model import read_model  # noqa: E402
from realtime_nst.runtime.providers import PROVIDERS  # noqa: E402
from realtime_nst.runtime.stylizer import Stylizer  # noqa: E402

_NETWORK = "fast:width=16,blocks=1"


def _picture(seed, height=64, width=80):
    coarse = np.random.default_rng(seed).integers(0, 256, (8, 10, 3), dtype=np.uint8)
    return coarse.repeat(height // 8, 0).repeat(width // 10, 1)


_SHOWN = [(_picture(0), None)]


def _alike(network):
    return {"content": 0.5, "style": 0.4}


@pytest.fixture(scope="module")
def style(once, tmp_path_factory):
    """A copy, beside which its int8 form can be written."""

    def make(folder):
        checkpoint = untrained(Recipe(network=_NETWORK))
        named = replace(checkpoint, style=replace(checkpoint.style, name="wave"))
        export(named, folder / "wave.onnx")

    path = tmp_path_factory.mktemp("styles") / "wave.onnx"
    shutil.copy(once("wave", make) / "wave.onnx", path)
    return path


@pytest.fixture(scope="module")
def form(style):
    path = int8_path(style)
    quantise.quantise(style, [(_picture(seed), None) for seed in range(4)], [(None, _alike)], path)
    return path


def test_the_card_says_what_it_was_made_from_and_else_the_same(style, form):
    float_card, int8_card = read_model(style).card, read_model(form).card
    assert int8_card.quantised_from == read_model(style).digest
    assert replace(int8_card, quantised_from="") == float_card


@pytest.mark.parametrize("provider", ["cpu", "openvino-int8"])
@pytest.mark.parametrize("size", [(64, 80), (33, 47), (120, 56)])
def test_paints_nearly_as_the_float_style(style, form, provider, size):
    if PROVIDERS[provider].absence():
        pytest.skip(PROVIDERS[provider].absence())
    picture = np.resize(_picture(9), (*size, 3))
    float_one, int8_one = Stylizer(style, "cpu")(picture), Stylizer(form, provider)(picture)
    assert np.abs(float_one.astype(int) - int8_one).mean() < 3
    assert float_one.std() > 6, "a picture without contrast shows nothing"


def test_what_is_moved_is_bytes(form):
    graph = onnx.load(form).graph
    maker = {name: node for node in graph.node for name in node.output}
    moved_then_rounded = [
        node.name
        for node in graph.node
        if node.op_type == "QuantizeLinear"
        and maker[node.input[0]].op_type in {"Pad", "DepthToSpace"}
    ]
    assert moved_then_rounded == []


def test_every_convolution_is_int8_within_seven_bits(form):
    graph = onnx.load(form).graph
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    maker = {name: node for node in graph.node for name in node.output}
    constants = {c.name: numpy_helper.to_array(c) for c in graph.initializer}
    assert convolutions
    for convolution in convolutions:
        weight = constants[maker[convolution.input[1]].input[0]]
        assert weight.dtype == np.int8
        assert np.abs(weight.astype(int)).max() == 64
    assert not [c for c in constants.values() if c.ndim == 4 and c.dtype != np.int8]


def test_the_phases_of_a_doubling_stay_equally_bright(form):
    """Nearest neighbour and convolution, as four convolutions side by side: where they differ in
    the sum of their weights, flat areas show a grid of 2 pixels."""
    graph = onnx.load(form).graph
    reader = {node.input[0]: node.op_type for node in graph.node}
    last = [n for n in graph.node if n.op_type == "Conv" and reader[n.output[0]] == "DepthToSpace"]
    maker = {name: node for node in graph.node for name in node.output}
    constants = {c.name: numpy_helper.to_array(c) for c in graph.initializer}
    eight, scale, _ = (constants[name] for name in maker[last[-1].input[1]].input)
    sums = (scale[:, None] * eight.sum((2, 3))).reshape(-1, 4, eight.shape[1])
    assert sums.std(0).max() > 0
    assert (sums == sums[:, :1]).mean() > 0.9  # the stored weights are rounded themselves


def test_is_smaller(style, form):
    assert form.stat().st_size < style.stat().st_size


@pytest.mark.parametrize(("after", "passes"), [(0.412, True), (0.413, False)])
def test_the_gate(style, tmp_path, after, passes):
    figures = iter([{"content": 0.5, "style": 0.4}, {"content": 0.4, "style": after}])
    target = tmp_path / "wave.int8.onnx"

    def write():
        return quantise.quantise(style, _SHOWN, [(None, lambda _: next(figures))], target)

    if passes:
        assert write()[1]["style"] == after
        assert target.exists()
        return
    with pytest.raises(TrainingError, match=r"style 0\.400 to 0\.413.*nothing was written"):
        write()
    assert list(tmp_path.iterdir()) == []


def test_the_two_networks_measured_are_the_float_and_the_int8(style, tmp_path):
    seen = []

    def measure(network):
        photo = torch.from_numpy(_picture(5)).permute(2, 0, 1)[None] / 255
        seen.append(network(photo))
        return {"style": 1.0}

    quantise.quantise(style, _SHOWN, [(None, measure)], tmp_path / "wave.int8.onnx")
    wanted = torch.from_numpy(Stylizer(style, "cpu")(_picture(5))).permute(2, 0, 1)[None] / 255
    assert torch.equal(seen[0], wanted)
    assert not torch.equal(seen[1], seen[0])


def test_an_int8_style_is_not_quantised_again(form, tmp_path):
    with pytest.raises(UsageError, match="is int8 already"):
        quantise.quantise(form, _SHOWN, [(None, _alike)], tmp_path / "again.onnx")


def test_a_network_without_convolutions(tmp_path):
    path = write_graph(tmp_path / "copy.onnx", card())
    with pytest.raises(UsageError, match="no convolution"):
        quantise.quantise(path, _SHOWN, [(None, _alike)], tmp_path / "copy.int8.onnx")


def test_no_pictures(style, tmp_path):
    with pytest.raises(TrainingError, match="no pictures to calibrate on"):
        quantise.quantise(style, [], [(None, _alike)], tmp_path / "wave.int8.onnx")


def test_photos_are_divided_as_training_divides_them(tmp_path):
    photos = find_photos(write_photos(tmp_path / "photos", 40))
    calibrated_on, measured_on = calibration.divide(photos)
    assert len(measured_on) == 4
    assert len(calibrated_on) == 32
    assert not set(calibrated_on) & set(measured_on)
    with pytest.raises(UsageError, match="of 9 photos, 9 can be read"):
        calibration.divide(photos[:9])


@pytest.fixture
def given(style, tmp_path):
    own = tmp_path / "wave.onnx"
    own.write_bytes(style.read_bytes())
    photos = write_photos(tmp_path / "photos", 20)
    weights = write_vgg19(tmp_path / "vgg.safetensors")
    painting = write_painting(tmp_path / "stripes.png")
    return own, painting, "--content", photos, "--loss-weights", weights


def test_the_command_writes_the_form_beside_the_style(cli, given, monkeypatch):
    monkeypatch.setattr(quantise, "TOLERANCE", 9)  # random networks are no judges
    code, said, _ = cli("quantise", *given)
    target = int8_path(given[0])
    assert code == 0
    assert f"{target}: " in said
    assert "2 photos held out" in said
    assert "content 0." in said or "content 1." in said
    assert read_model(target).card.quantised_from == read_model(given[0]).digest
    code, _, error = cli("quantise", *given)
    assert code == 2
    assert "--overwrite" in error
    assert len(error.splitlines()) == 1


def test_the_command_says_where_a_form_is_found(cli, given, tmp_path, monkeypatch):
    monkeypatch.setattr(quantise, "TOLERANCE", 9)
    code, _, error = cli("quantise", *given, "-o", tmp_path / "other.onnx")
    assert code == 0
    assert str(int8_path(given[0])) in error


def test_the_command_refuses_in_one_line(cli, given, monkeypatch):
    monkeypatch.setattr(quantise, "TOLERANCE", 0)
    code, _, error = cli("quantise", *given)
    assert code == 1
    assert "nothing was written" in error
    assert len(error.splitlines()) == 1
    assert not int8_path(given[0]).exists()


def test_another_painting_than_the_styles(cli, given, tmp_path, style):
    model = onnx.load(style)
    recipe = {"painting_sha256": "ab" * 32}
    changed = replace(read_model(style).card, recipe=recipe)
    onnx.helper.set_model_props(model, {METADATA_KEY: changed.to_json()})
    onnx.save(model, given[0])
    code, _, error = cli("quantise", *given)
    assert code == 2
    assert "is not the file wave.onnx was trained on" in error
    code, _, error = cli("quantise", given[0], tmp_path / "absent.jpg", *given[2:])
    assert code == 2
    assert "no such picture" in error


@pytest.fixture
def any_given(once, tmp_path):
    network = "arbitrary:width=8,blocks=1,detail=4,hidden=4,hidden_fixed=4"
    exported, _ = shared_networks.exported_pair(once, network)
    shutil.copytree(exported.parent, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "any.onnx"
    folder = write_photos(tmp_path / "paintings", 12)
    photos = write_photos(tmp_path / "photos", 20)
    weights = write_vgg19(tmp_path / "vgg.safetensors")
    return path, folder, "--content", photos, "--loss-weights", weights


def test_a_network_for_any_painting(cli, any_given, monkeypatch):
    """Made beside its encoder, and taken by the provider for it, with paintings not yet seen."""
    if PROVIDERS["openvino-int8"].absence():
        pytest.skip(PROVIDERS["openvino-int8"].absence())
    monkeypatch.setattr(quantise, "TOLERANCE", 9)
    path, folder = any_given[:2]
    code, said, _ = cli("quantise", *any_given)
    assert code == 0
    assert "2 photos held out" in said
    unseen = write_painting(folder.parent / "unseen.png")
    wanted = Stylizer(unseen, "cpu", painter=path)(_picture(9))
    made = Stylizer(unseen, "openvino-int8", painter=path)(_picture(9))
    assert np.abs(wanted.astype(int) - made).mean() < 3
    assert wanted.std() > 4


def test_the_losses_are_means_over_the_judges(style, tmp_path):
    judges = [(None, lambda _: {"style": 1.0}), (None, lambda _: {"style": 2.0})]
    target = tmp_path / "wave.int8.onnx"
    assert quantise.quantise(style, _SHOWN, judges, target) == ({"style": 1.5}, {"style": 1.5})


def test_paintings_are_shown_or_judge_each_with_its_own_code(any_given, monkeypatch):
    """Two of 20 judge; what cannot be read, or is a thin strip, is passed over."""
    path, folder = any_given[:2]
    write_photos(folder, 20)
    held_out = hold_out(find_photos(folder), 8)[1]
    others = [p for p in find_photos(folder) if p not in held_out]
    others[0].write_bytes(others[0].read_bytes()[:100])
    cv2.imwrite(str(others[1]), np.zeros((80, 2000, 3), np.uint8))
    monkeypatch.setattr(
        calibration, "Quality", lambda extractor, path: lambda network, photos: path
    )
    source = read_model(path)
    tried = calibration.trial(source, folder, find_photos(any_given[3]), None)
    codes = Codes(source, tried.judges[0][0].size)
    assert [measure(None) for _, measure in tried.judges] == held_out
    assert all(
        (code == codes(str(p))).all() for (code, _), p in zip(tried.judges, held_out, strict=True)
    )
    shown = {code.tobytes() for _, code in tried.shown}
    assert shown == {codes(str(p)).tobytes() for p in others[2:]}


def test_what_has_no_int8_form_is_refused_before_anything_is_read(cli, any_given, monkeypatch):
    path, *rest = any_given
    monkeypatch.setattr(quantise, "TOLERANCE", 9)
    assert cli("quantise", path, *rest)[0] == 0
    code, _, error = cli("quantise", int8_path(path), *rest)
    assert code == 2
    assert "is int8 already" in error


@pytest.mark.parametrize(
    ("paintings", "said"),
    [(9, "of 9 paintings, 9 can be read"), (0, "no paintings"), (None, "no such folder")],
)
def test_too_few_paintings(cli, any_given, tmp_path, paintings, said):
    few = tmp_path / "few"
    if paintings is not None:
        few.mkdir()
        write_photos(few, paintings)
    code, _, error = cli("quantise", any_given[0], few, *any_given[2:])
    assert code == 2
    assert said in error
    assert len(error.splitlines()) == 1
    assert not int8_path(any_given[0]).exists()
