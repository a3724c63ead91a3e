"""A new style begins with the weights of an old one, from a checkpoint or from its style file."""

import shutil

import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")
onnx = pytest.importorskip("onnx", reason="needs the extra 'train'")

import shared_networks  # noqa: E402
from model_factory import card, write_graph, write_style  # noqa: E402
from onnx import TensorProto, numpy_helper  # noqa: E402
from shared_networks import random_checkpoint  # noqa: E402

from realtime_nst.cli.start_from import find_start  # noqa: E402
from realtime_nst.errors import ModelError, TrainingError, UsageError  # noqa: E402
from realtime_nst.learning import networks  # noqa: E402
from realtime_nst.learning.export.graph import check_parity  # noqa: E402
from realtime_nst.learning.export.many import stylising_parity  # noqa: E402
from realtime_nst.learning.networks.blocks import NearestConv  # noqa: E402
from realtime_nst.learning.training import checkpoint as checkpoints  # noqa: E402
from realtime_nst.learning.training.recipe import ArbitraryRecipe  # noqa: E402
from realtime_nst.learning.training.start_from import network_in, read_start, unfolded  # noqa: E402
from realtime_nst.runtime import styles  # noqa: E402

NETWORK = "fast:width=8,blocks=1,detail=4"


@pytest.fixture(params=["fast", "tiny", "johnson-half:blocks=1"])
def saved(request, once, tmp_path):
    checkpoints.save(random_checkpoint(request.param), tmp_path / "checkpoint.pt")
    shutil.copy(shared_networks.exported(once, request.param), tmp_path / "style.onnx")
    return request.param, tmp_path


def in_single_precision(path):
    """The file's kernels and biases as float32, whatever they are stored as."""
    model = onnx.load(path)
    for constant in model.graph.initializer:
        if constant.data_type == TensorProto.FLOAT16:
            single = numpy_helper.to_array(constant).astype("float32")
            constant.CopyFrom(numpy_helper.from_array(single, constant.name))
    onnx.save(model, path)


@pytest.mark.parametrize("single", [False, True])
def test_a_style_file_gives_the_weights_its_checkpoint_has(saved, single):
    name, folder = saved
    if single:
        in_single_precision(folder / "style.onnx")
    wanted, found = read_start(folder / "checkpoint.pt"), read_start(folder / "style.onnx")
    assert (found.style, found.network) == (wanted.style, wanted.network) == ("stripes", name)
    assert set(found.weights) == set(wanted.weights)
    for key, value in wanted.weights.items():
        assert torch.allclose(found.weights[key], value, rtol=2e-3, atol=2e-4), key


def test_the_network_that_begins_paints_as_the_old_one_does(saved):
    name, folder = saved
    image = torch.rand(1, 3, 96, 96)
    painted = []
    for file in ("checkpoint.pt", "style.onnx"):
        network = networks.build(name).eval()
        read_start(folder / file).load_into(network, name)
        painted.append(network(image))
    assert torch.allclose(*painted, atol=0.01)


@pytest.mark.parametrize("name", ["any", "eight"])
def test_an_installed_painter_comes_back_as_the_network_it_was(name):
    path = styles.folder() / f"{name}.onnx"
    network = network_in(path)
    code = torch.eye(network.code_size)[:1]
    assert not network.training
    check_parity(*stylising_parity(network, path, [code]))


def test_a_network_for_any_painting_starts_from_its_two_files(once, tmp_path):
    name = "arbitrary:width=8,blocks=1,detail=4,hidden=4,hidden_fixed=4"
    exported, _ = shared_networks.exported_pair(once, name)
    shutil.copytree(exported.parent, tmp_path, dirs_exist_ok=True)
    found = read_start(tmp_path / "any.onnx")
    wanted = checkpoints.trained_network(random_checkpoint(name, ArbitraryRecipe))
    network = networks.build_arbitrary(name)
    found.load_into(network, name)
    for key, value in wanted.state_dict().items():
        assert torch.allclose(network.state_dict()[key], value, rtol=2e-3, atol=2e-4), key
    (tmp_path / "any.encoder.onnx").unlink()
    with pytest.raises(ModelError, match=r"any\.encoder\.onnx"):
        read_start(tmp_path / "any.onnx")


def test_unfolding_inverts_folding():
    torch.manual_seed(0)
    module = NearestConv(5, 3)
    assert torch.allclose(unfolded(module, module.plain()[1].weight), module.weight, atol=1e-6)


def test_a_graph_without_the_weights_is_one_line(tmp_path):
    path = write_style(tmp_path / "other.onnx", card=card(network=NETWORK))
    with pytest.raises(ModelError, match=r"other\.onnx.*`start_from` none") as caught:
        read_start(path)
    assert "\n" not in str(caught.value)


def test_what_is_no_style_or_checkpoint_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"none\.onnx"):
        read_start(tmp_path / "none.onnx")
    with pytest.raises(ModelError, match="without a realtime_nst card"):
        read_start(write_graph(tmp_path / "bare.onnx", None))
    (tmp_path / "x.pt").write_bytes(b"x")
    with pytest.raises(TrainingError, match=r"x\.pt"):
        read_start(tmp_path / "x.pt")


def test_weights_of_another_network_are_refused(tmp_path):
    checkpoints.save(random_checkpoint(NETWORK), tmp_path / "checkpoint.pt")
    with pytest.raises(TrainingError, match="`network` fast:width=8"):
        read_start(tmp_path / "checkpoint.pt").load_into(networks.build("fast"), "fast")
    with pytest.raises(TrainingError, match="give one of arbitrary, adain") as caught:
        read_start(tmp_path / "checkpoint.pt").load_into(networks.build_arbitrary("adain"), "adain")
    assert "`network`" not in str(caught.value)
    checkpoints.save(random_checkpoint("johnson-half"), tmp_path / "checkpoint.pt")
    many = networks.build_conditional("fast", 2)
    with pytest.raises(TrainingError, match="give one of fast, quality, tiny"):
        read_start(tmp_path / "checkpoint.pt").load_into_many(many, "fast", ["a", "b"])


def test_weights_that_do_not_fit_are_one_line(tmp_path):
    made = random_checkpoint(NETWORK)
    made.averaged.pop("module.encode.1.1.weight")
    checkpoints.save(made, tmp_path / "checkpoint.pt")
    start = read_start(tmp_path / "checkpoint.pt")
    for go_on in (
        lambda: start.load_into(networks.build(NETWORK), NETWORK),
        lambda: checkpoints.trained_network(made),
    ):
        with pytest.raises(TrainingError, match=r"do not fit the network.*`start_from` none"):
            go_on()


@pytest.mark.parametrize(
    ("asked", "network", "file"),
    [
        ("", "fast", "great_wave.onnx"),
        ("", "arbitrary", "any.onnx"),
        ("eight", "fast", "eight.onnx"),
    ],
)
def test_training_begins_with_what_is_installed(asked, network, file):
    assert find_start(asked, network).name == file


def test_nothing_installed_is_of_an_unusual_network():
    assert find_start("", NETWORK) is None
