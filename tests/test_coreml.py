"""The graphs made for CoreML, run on the CPU: only the last step, CoreML itself, is not tested."""

from itertools import product
from pathlib import Path
from typing import Literal

import numpy as np
import onnx
import pytest
from model_factory import card, write_style
from onnx import TensorProto, helper, numpy_helper

from realtime_nst.errors import ModelError
from realtime_nst.runtime import coreml_session, onnxruntime_session
from realtime_nst.runtime.kinds import INPUT, OUTPUT
from realtime_nst.runtime.model import read_model
from realtime_nst.runtime.session import Session
from realtime_nst.runtime.static_shape import with_static_shape
from realtime_nst.runtime.styles import find

_CPU = "CPUExecutionProvider"

_COREML = set(
    "Add Cast Clip Concat Conv DepthToSpace Div InstanceNormalization MatMul Mul Relu Reshape "
    "Sigmoid Slice Squeeze Sub Transpose Unsqueeze".split()
)
"""Of the operators that ONNX Runtime's CoreML provider lists for ML programs, those used here."""


def _sessions(path: Path) -> tuple[Session, Session]:
    model = read_model(path)
    plain = onnxruntime_session.open_session(model, "cpu", _CPU)
    return plain, coreml_session.open_session(model, "coreml", _CPU)


@pytest.mark.parametrize("margin", [0, 1, 3])
def test_reflection_is_the_same_to_the_bit_at_every_size(tmp_path: Path, margin: int) -> None:
    plain, spelt = _sessions(
        write_style(tmp_path / "tiny.onnx", block=4, margin=margin, card=card(size_multiple=4))
    )
    rng = np.random.default_rng(margin)
    for size in ((48, 64), (33, 47), (4, 4), (48, 64)):
        image = rng.integers(0, 256, (*size, 3), np.uint8)
        assert (spelt(image) == plain(image)).all()


def _padding(path: Path, widths: list[int], mode: str, axes: list[int] | None = None) -> Path:
    known = {"pads": widths} | ({"axes": axes} if axes else {})
    inputs = [INPUT, "pads", "", "axes"] if axes else [INPUT, "pads"]
    graph = helper.make_graph(
        [helper.make_node("Pad", inputs, [OUTPUT], mode=mode)],
        "pad",
        [helper.make_tensor_value_info(INPUT, TensorProto.UINT8, (1, "h", "w", 3))],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.UINT8, (1, None, None, 3))],
        [
            numpy_helper.from_array(np.array(values, np.int64), name)
            for name, values in known.items()
        ],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)]), path)
    return path


@pytest.mark.parametrize("by_axes", [False, True])
@pytest.mark.parametrize(
    ("mode", "pads"), list(product(("edge", "reflect"), ("2013", "1000", "0310")))
)
def test_every_side_has_its_own_width(
    tmp_path: Path, mode: Literal["edge", "reflect"], pads: str, by_axes: bool
) -> None:
    """``pads``: top, left, bottom, right."""
    top, left, bottom, right = map(int, pads)
    widths = [top, left, bottom, right] if by_axes else [0, top, left, 0, 0, bottom, right, 0]
    path = _padding(tmp_path / "pad.onnx", widths, mode, [1, 2] if by_axes else None)
    image = np.random.default_rng(0).integers(0, 256, (5, 6, 3), np.uint8)
    (tmp_path / "spelt.onnx").write_bytes(_unsized(with_static_shape(path, 5, 6)))
    made = onnxruntime_session.open_graph(tmp_path / "spelt.onnx").run(image[np.newaxis])[0]
    wanted = np.pad(image, ((top, bottom), (left, right), (0, 0)), mode)
    assert made.shape == wanted.shape
    assert (made == wanted).all()


@pytest.mark.parametrize(("mode", "width"), [("wrap", 1), ("reflect", -1)])
def test_padding_that_is_not_supported_is_said(tmp_path: Path, mode: str, width: int) -> None:
    path = _padding(tmp_path / "pad.onnx", [0, width, 0, 0] * 2, mode)
    with pytest.raises(ModelError, match=rf"mode '{mode}' and widths.*{width}.*`provider`"):
        with_static_shape(path, 5, 6)


def _unsized(model: bytes) -> bytes:
    """This graph's output is larger than its input, unlike a style's."""
    graph = onnx.load_from_string(model)
    for side in graph.graph.output[0].type.tensor_type.shape.dim[1:3]:
        side.ClearField("value")
    whole: bytes = graph.SerializeToString()
    return whole


@pytest.mark.parametrize(
    ("name", "besides"),
    [
        ("great_wave", set()),
        ("great_wave_quality", set()),
        ("great_wave_tiny", set()),
        ("eight", {"Gather"}),  # of the code, before the picture is looked at
    ],
)
def test_coreml_knows_every_operator_of_a_style(name: str, besides: set[str]) -> None:
    graph = onnx.load_from_string(with_static_shape(find(name), 480, 640)).graph
    assert {node.op_type for node in graph.node} <= _COREML | besides
    assert [side.dim_value for side in graph.input[0].type.tensor_type.shape.dim] == [
        1,
        480,
        640,
        3,
    ]


def test_a_damaged_file_is_one_line(tmp_path: Path) -> None:
    path = write_style(tmp_path / "tiny.onnx", card=card())
    model = read_model(path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ModelError, match="export it again"):
        coreml_session.open_session(model)
