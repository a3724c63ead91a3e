"""The one joint between learning and running: the ONNX file."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")
ort = pytest.importorskip("onnxruntime", reason="needs the extra 'cpu'")
onnx = pytest.importorskip("onnx", reason="needs the extra 'train'")

import shared_networks  # noqa: E402
from shared_networks import random_checkpoint  # noqa: E402
from torch.optim.swa_utils import AveragedModel  # noqa: E402

from realtime_nst.errors import TrainingError  # noqa: E402
from realtime_nst.learning.export import export, single  # noqa: E402
from realtime_nst.learning.export import graph as graphs  # noqa: E402
from realtime_nst.learning.networks import build  # noqa: E402
from realtime_nst.learning.training.checkpoint import trained_network  # noqa: E402
from realtime_nst.runtime.card import METADATA_KEY, ModelCard  # noqa: E402
from realtime_nst.runtime.kinds import INPUT, OUTPUT  # noqa: E402

SMALL = "fast:width=8,blocks=1"

PARSER_LIST = set(
    "Abs Acos Acosh Add And ArgMax ArgMin Asin Asinh Atan Atanh AveragePool BatchNormalization "
    "Cast Ceil Celu Clip Concat Constant ConstantOfShape Conv ConvTranspose Cos Cosh CumSum "
    "DepthToSpace DequantizeLinear Div Dropout Einsum Elu Equal Erf Exp Expand EyeLike Flatten "
    "Floor Gather GatherElements GatherND Gemm GlobalAveragePool GlobalLpPool GlobalMaxPool "
    "GridSample Greater GreaterOrEqual GRU HardSigmoid Identity If ImageScaler "
    "InstanceNormalization IsNaN LeakyRelu Less LessOrEqual Log LogSoftmax Loop LRN LSTM "
    "LpNormalization LpPool MatMul Max MaxPool Mean Min Mul Neg Not Or Pad ParametricSoftplus Pow "
    "PRelu QuantizeLinear Range ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax "
    "ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape Resize "
    "ReverseSequence RNN Round ScaledTanh Scan Scatter ScatterElements ScatterND Selu Shape "
    "Sigmoid Sign Sin Sinh Size Slice Softmax Softplus Softsign SpaceToDepth Split Sqrt Squeeze "
    "Sub Sum Tan Tanh ThresholdedRelu Tile TopK Transpose Unsqueeze Upsample Where Xor".split()
)
"""Operators that docs/operators.md of onnx-tensorrt (for TensorRT 8.4; GridSample from 8.5)
marks as supported."""


@pytest.fixture(params=shared_networks.EVERY_NETWORK, scope="module")
def exported(request, once):
    return random_checkpoint(request.param), shared_networks.exported(once, request.param)


@pytest.mark.parametrize("kind", ["noise", "smooth"])
def test_agrees_with_torch(exported, kind):
    checkpoint, path = exported
    height, width = 56, 120
    smooth = np.indices((height, width)).sum(0)[..., None].repeat(3, 2)
    frame = {
        "noise": np.random.default_rng(1).integers(0, 256, (height, width, 3)),
        "smooth": smooth,
    }[kind].astype(np.uint8)[None]
    graph = single.FrameGraph(trained_network(checkpoint)).eval()
    with torch.no_grad():
        wanted = graph(torch.from_numpy(frame)).numpy().astype(int)
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    difference = np.abs(session.run([OUTPUT], {INPUT: frame})[0].astype(int) - wanted)
    assert difference.mean() <= 1
    assert difference.max() <= 3


def test_the_graph_keeps_the_contract(exported):
    checkpoint, path = exported
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    (given,), (got,) = session.get_inputs(), session.get_outputs()
    assert (given.name, given.type, got.name, got.type) == (
        INPUT, "tensor(uint8)", OUTPUT, "tensor(uint8)",
    )  # fmt: skip
    least = build(checkpoint.recipe.network).size_minimum
    for height, width in ((least, least + 8), (56, 72)):
        frame = np.random.default_rng(0).integers(0, 256, (1, height, width, 3), dtype=np.uint8)
        (image,) = session.run([OUTPUT], {INPUT: frame})
        assert image.shape == frame.shape
        assert image.dtype == np.uint8


def test_holds_only_operators_tensorrt_lists(exported):
    _, path = exported
    assert {node.op_type for node in onnx.load(path).graph.node} <= PARSER_LIST


@pytest.mark.parametrize("exported", ["fast", "quality", "tiny"], indirect=True)
def test_no_shape_is_worked_out_at_run_time(exported):
    _, path = exported
    assert not {n.op_type for n in onnx.load(path).graph.node} & {"Shape", "Reshape", "Gather"}


def test_kernels_are_stored_in_half_precision_and_raised_in_the_graph(exported):
    _, path = exported
    graph = onnx.load(path).graph
    kernels = {i.name: i.data_type for i in graph.initializer if len(i.dims) == 4}
    assert set(kernels.values()) == {onnx.TensorProto.FLOAT16}
    raised = {n.input[0] for n in graph.node if n.op_type == "Cast"}
    assert kernels.keys() <= raised


def test_the_list_export_enforces_is_part_of_tensorrts():
    assert graphs.OPERATORS <= PARSER_LIST


def test_the_file_says_nothing_of_the_computer_it_was_made_on(exported):
    _, path = exported
    content = path.read_bytes()
    assert b"site-packages" not in content
    assert b"forward" not in content
    assert str(path.parent).encode() not in content


def test_the_card_is_inside(exported):
    checkpoint, path = exported
    (text,) = [p.value for p in onnx.load(path).metadata_props if p.key == METADATA_KEY]
    card = ModelCard.from_json(text)
    assert (card.name, card.artist, card.network) == (
        "stripes", "nobody", checkpoint.recipe.network,
    )  # fmt: skip
    assert card.recipe["steps_done"] == 3
    assert card.recipe["trained_on"] == "generated pictures"
    assert card.recipe["started_from"] == "waves"
    assert card.recipe["loss_networks"] == ["vgg19.pth"]
    assert card.quality == {"style": 0.5}
    assert card.size_multiple == build(checkpoint.recipe.network).size_multiple


def test_nothing_is_written_when_parity_fails(tmp_path, monkeypatch):
    shared_networks.write_no_graph(monkeypatch, single, apart=(0.2, 9))
    with pytest.raises(TrainingError, match="9 at most"):
        export(random_checkpoint(SMALL), tmp_path / "style.onnx")
    assert list(tmp_path.iterdir()) == []


def test_an_operator_outside_the_list_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(graphs, "OPERATORS", graphs.OPERATORS - {"Conv"})
    card = graphs.card_of(random_checkpoint("fast"))
    with pytest.raises(TrainingError, match="Conv"):
        graphs.write_graph(torch.nn.Conv2d(3, 3, 1), {INPUT: torch.zeros(1, 3, 8, 8)},
                           {"input": None}, [OUTPUT], card, tmp_path / "style.onnx")  # fmt: skip
    assert list(tmp_path.iterdir()) == []


def test_parity_sees_a_difference(once):
    path = shared_networks.exported(once, "fast")
    torch.manual_seed(1)
    other = replace(random_checkpoint("fast"), averaged=AveragedModel(build("fast")).state_dict())
    wanted = single.FrameGraph(trained_network(other)).eval()
    mean, largest = single.parity(wanted, path)
    assert mean > 1
    assert largest > 3
