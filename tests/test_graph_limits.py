"""Style files made to harm: refused in one line, before an engine sees them."""

import threading
from pathlib import Path

import numpy as np
import onnx
import pytest
from model_factory import card, write_style
from onnx import TensorProto, helper, numpy_helper

from realtime_nst import memory
from realtime_nst.errors import ModelError, UsageError
from realtime_nst.masks.model import ModelMask
from realtime_nst.runtime import graph_limits
from realtime_nst.runtime.card import METADATA_KEY
from realtime_nst.runtime.model import check_network, read_model
from realtime_nst.runtime.openvino_session import absence
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.runtime.time_limit import limited


def chain(graph: onnx.GraphProto, length: int) -> None:
    for number in range(length):
        graph.node.append(helper.make_node("Abs", [f"x{number}"], [f"x{number + 1}"]))


def branches(depth: int) -> onnx.GraphProto:
    nodes = [helper.make_node("Identity", ["x"], ["y"])]
    if depth:
        inner = branches(depth - 1)
        nodes = [helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=inner)]
    return helper.make_graph(nodes, "inner", [], [])


def _memory_address(model: onnx.ModelProto) -> None:
    """OpenVINO takes the offset for an address, and crashes."""
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", "*/_ORT_MEM_ADDR_/*"), ("offset", "4096"), ("length", "36")):
        tensor.external_data.add(key=key, value=value)


def _other_file(model: onnx.ModelProto) -> None:
    """Named in a constant, not marked as lying elsewhere."""
    tensor = numpy_helper.from_array(np.zeros(1, np.float32))
    tensor.external_data.add(key="location", value="/etc/passwd")
    model.graph.node.append(helper.make_node("Constant", [], ["secret"], value=tensor))


def _sparse(model: onnx.ModelProto) -> None:
    values = TensorProto(data_location=TensorProto.EXTERNAL)
    model.graph.sparse_initializer.append(onnx.SparseTensorProto(values=values))


def _chain(model: onnx.ModelProto) -> None:
    chain(model.graph, 5000)


def _second_graph(model: onnx.ModelProto) -> None:
    """Halves of a graph, each within the limits, which a reader joins."""
    chain(model.graph, graph_limits.MOST_OPERATORS // 2 + 1)


def _branches(model: onnx.ModelProto) -> None:
    model.graph.node.extend(branches(12).node)


def _constants(model: onnx.ModelProto) -> None:
    one = numpy_helper.from_array(np.zeros(1, np.float32), "one")
    model.graph.initializer.extend([one] * 10_001)


def _functions(model: onnx.ModelProto) -> None:
    model.functions.append(
        helper.make_function("own", "f", [], [], [], [helper.make_opsetid("", 18)])
    )


HARMFUL = {
    _memory_address: "weights outside the file",
    _other_file: "weights outside the file",
    _sparse: "weights outside the file",
    _chain: "more than 1000 operators",
    _second_graph: "more than 1000 operators",
    _branches: "nested more than 2 deep",
    _functions: "functions",
    _constants: "more than 10000 constants",
}


@pytest.fixture
def harmful(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    path = write_style(tmp_path / "style.onnx", card=card())
    model = onnx.load(path)
    request.param(model)
    data = model.SerializeToString()
    if request.param is _second_graph:
        data += onnx.ModelProto(graph=model.graph).SerializeToString()
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("harmful", "reason"),
    HARMFUL.items(),
    indirect=["harmful"],
    ids=lambda v: getattr(v, "__name__", v),
)
def test_a_harmful_graph_is_refused_before_an_engine_sees_it(harmful: Path, reason: str) -> None:
    with pytest.raises(ModelError, match=f"style.onnx' is refused: .*{reason}.*; .+") as caught:
        Stylizer(harmful)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("harmful", [_memory_address, _branches], indirect=True)
def test_a_harmful_mask_network_is_refused_too(harmful: Path) -> None:
    model = onnx.load(harmful, load_external_data=False)
    model.ClearField("metadata_props")
    harmful.write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match="refused"):
        ModelMask(harmful)


def test_a_mask_network_may_be_larger_than_a_style_and_may_not_be_one(tmp_path: Path) -> None:
    path = write_style(tmp_path / "style.onnx", card=card())
    with pytest.raises(UsageError, match=r"is a style, which finds no subject; .*`style`"):
        ModelMask(path)
    model = onnx.load(path)
    chain(model.graph, graph_limits.MOST_OPERATORS + 1)
    onnx.save(model, path)
    with pytest.raises(ModelError, match="operators"):
        read_model(path)
    model.ClearField("metadata_props")
    model.metadata_props.add(key=f"not {METADATA_KEY}", value="")
    onnx.save(model, path)
    assert check_network(path)


@pytest.mark.skipif(bool(absence("CPU")), reason="needs OpenVINO")
def test_a_graph_that_makes_more_than_the_memory_is_refused_before_it_is_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_style(tmp_path / "style.onnx", card=card())
    model = onnx.load(path)
    sides = numpy_helper.from_array(np.array([2**14, 2**14], np.int64), "sides")
    model.graph.initializer.append(sides)
    made = helper.make_node("ConstantOfShape", ["sides"], ["huge"])
    summed = helper.make_node("ReduceSum", ["huge"], ["sum"], keepdims=0)
    rounded = next(node for node in model.graph.node if node.op_type == "Round")
    added = helper.make_node("Add", [rounded.input[0], "sum"], ["added"])
    rounded.input[0] = "added"
    place = list(model.graph.node).index(rounded)
    for node in (added, summed, made):
        model.graph.node.insert(place, node)
    onnx.save(model, path)
    monkeypatch.setattr(memory, "free", lambda: 2**28)
    with pytest.raises(UsageError, match=r"painting 32x32 with style.onnx needs about 1.0 GB"):
        Stylizer(path, "openvino-f32")(np.zeros((32, 32, 3), np.uint8))


def test_numbers_without_an_end_do_not_take_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "endless.onnx"
    path.write_bytes(b"\x80" * 3_000_000)
    with pytest.raises(ModelError, match="64 bits"):
        read_model(path)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs the devices of Unix")
def test_a_device_is_no_style() -> None:
    with pytest.raises(ModelError, match="not a regular file"):
        read_model(Path("/dev/zero"))


def test_what_an_engine_does_not_finish_is_given_up() -> None:
    ended = threading.Event()
    with pytest.raises(ModelError, match=r"compiling 'a.onnx' was given up after 0.01 s; use a sm"):
        limited(ended.wait, 0.01, "compiling 'a.onnx'")
    ended.set()
    assert limited(lambda: 7, 1, "counting") == 7
    with pytest.raises(ZeroDivisionError):
        limited(lambda: 1 // 0, 1, "dividing")
