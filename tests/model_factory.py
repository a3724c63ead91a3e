"""Tiny style networks as ONNX files, which keep or break the contract, made without torch."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from realtime_nst.runtime.card import METADATA_KEY, ModelCard
from realtime_nst.runtime.companions import encoder_path
from realtime_nst.runtime.kinds import (
    ARBITRARY,
    CODE,
    ENCODER,
    INPUT,
    MULTI,
    OUTPUT,
    PAINTING,
    STRENGTH,
)

Ports = Mapping[str, tuple[int, Sequence[int | str]]]
"""By name, ONNX's number of the type, and the shape."""

_SHAPE = (1, "height", "width", 3)
_FRAME, _IMAGE = ({name: (TensorProto.UINT8, _SHAPE)} for name in (INPUT, OUTPUT))
_SWAP = np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]], np.float32)
"""Blue to red, red to green, green to blue: shows whether colours are in the wrong order."""


def card(name: str = "tiny", **changes: object) -> ModelCard:
    fields = {"title": "Tiny", "artist": "Nobody", "network": "tiny", "licence": "MIT"} | changes
    return ModelCard(name=name, **fields)  # type: ignore[arg-type]


def write_style(
    path: Path,
    *,
    block: int = 1,
    margin: int = 0,
    crop: int = 0,
    shift: float = 0.0,
    int8: bool = False,
    card: ModelCard | None = None,
) -> Path:
    """A network that permutes the channels and adds ``shift``.

    It works on ``block`` x ``block`` pixels at a time, so sizes must be multiples of ``block``, and
    pads by ``margin`` by reflection internally. The result lacks ``crop`` rows and columns. With
    ``int8`` its convolution is quantised.
    """
    nodes = [
        helper.make_node("Cast", [INPUT], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["float"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("Pad", ["planes", "pads"], ["padded"], mode="reflect"),
        helper.make_node("Slice", ["padded", "begin", "end", "axes"], ["cropped"]),
        helper.make_node("SpaceToDepth", ["cropped"], ["blocks"], blocksize=block),
        *(_quantised("blocks", "input") if int8 else [_same("blocks", "input")]),
        *(_quantised("kernel", "weight") if int8 else [_same("kernel", "weight")]),
        helper.make_node("Conv", ["input", "weight", "bias"], ["mixed"]),
        helper.make_node("DepthToSpace", ["mixed"], ["result"], blocksize=block),
        helper.make_node("Clip", ["result", "zero", "white"], ["clipped"]),
        helper.make_node("Round", ["clipped"], ["rounded"]),
        helper.make_node("Cast", ["rounded"], ["bytes"], to=TensorProto.UINT8),
        helper.make_node("Transpose", ["bytes"], [OUTPUT], perm=[0, 2, 3, 1]),
    ]
    weight = np.kron(np.eye(block * block, dtype=np.float32), _SWAP)
    scale = float(np.float32(1 / 127))
    constants = {
        "kernel": weight[:, :, None, None],
        "bias": np.full(len(weight), shift, np.float32),
        "pads": np.array([0, 0, margin, margin, 0, 0, margin, margin], np.int64),
        "begin": np.array([margin, margin], np.int64),
        "end": np.array([-margin - crop or 2**31] * 2, np.int64),
        "axes": np.array([2, 3], np.int64),
        "zero": np.array(0, np.float32),
        "white": np.array(255, np.float32),
        "input_scale": np.array(1, np.float32),
        "input_zero": np.array(0, np.uint8),
        "weight_scale": np.array(scale, np.float32),
        "weight_zero": np.array(0, np.int8),
    }
    return _save(path, nodes, constants, card)


def write_graph(
    path: Path,
    card: ModelCard | None,
    *,
    inputs: Sequence[str] = (INPUT,),
    output: str = OUTPUT,
    shape: Sequence[int | str] = _SHAPE,
    dtype: int = TensorProto.UINT8,
) -> Path:
    """A network that returns its first input, with the ports asked for, to break the contract."""
    nodes = [_same(inputs[0], output)]
    ports = dict.fromkeys(inputs, (dtype, shape))
    return _save(path, nodes, {}, card, inputs=ports, output={output: (dtype, shape)})


def write_painter(path: Path, name: str = "any", gain: float = 1.0, **changes: object) -> Path:
    """A network for any painting that adds ``gain`` times the painting's mean colour, with its
    encoder beside it. ``changes`` applies to the encoder's card."""
    matrix = gain * np.eye(3, dtype=np.float32)
    _write_coded(path, matrix, card(name, kind=ARBITRARY, title="Any painting"))
    nodes = [
        helper.make_node("Cast", [PAINTING], ["float"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["float", "axes"], [CODE], keepdims=0),
    ]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    about = {"kind": ENCODER, "encodes_for": digest, "size_minimum": 16} | changes
    _save(
        encoder_path(path),
        nodes,
        {"axes": np.array([1, 2], np.int64)},
        card(name, **about),
        inputs={PAINTING: (TensorProto.UINT8, _SHAPE)},
        output={CODE: (TensorProto.FLOAT, (1, 3))},
    )
    return path


def write_several(
    path: Path, colours: Mapping[str, Sequence[int]], name: str = "several", **changes: object
) -> Path:
    """A multi-style network, each of whose styles adds its colour."""
    about = {"kind": MULTI, "styles": tuple(colours)} | changes
    return _write_coded(path, np.array(list(colours.values()), np.float32), card(name, **about))


def _write_coded(path: Path, matrix: NDArray[np.float32], card: ModelCard) -> Path:
    """A network that adds strength x code x ``matrix`` to every pixel."""
    nodes = [
        helper.make_node("Cast", [INPUT], ["float"], to=TensorProto.FLOAT),
        helper.make_node("MatMul", [CODE, "matrix"], ["colour"]),
        helper.make_node("Mul", ["colour", STRENGTH], ["shift"]),
        helper.make_node("Add", ["float", "shift"], ["sum"]),
        helper.make_node("Clip", ["sum", "zero", "white"], ["clipped"]),
        helper.make_node("Round", ["clipped"], ["rounded"]),
        helper.make_node("Cast", ["rounded"], [OUTPUT], to=TensorProto.UINT8),
    ]
    constants = {
        "matrix": matrix,
        "zero": np.array(0, np.float32),
        "white": np.array(255, np.float32),
    }
    inputs = {
        INPUT: (TensorProto.UINT8, _SHAPE),
        CODE: (TensorProto.FLOAT, (1, len(matrix))),
        STRENGTH: (TensorProto.FLOAT, (1,)),
    }
    return _save(path, nodes, constants, card, inputs=inputs)


def expected(image: NDArray[np.uint8], shift: float = 0.0) -> NDArray[np.uint8]:
    """What :func:`write_style`'s network makes of ``image``."""
    swapped = image.astype(np.float32) @ _SWAP.T + shift
    return np.clip(np.round(swapped), 0, 255).astype(np.uint8)


def _same(source: str, target: str) -> onnx.NodeProto:
    return helper.make_node("Identity", [source], [target])


def _quantised(source: str, target: str) -> list[onnx.NodeProto]:
    parameters = [f"{target}_scale", f"{target}_zero"]
    return [
        helper.make_node("QuantizeLinear", [source, *parameters], [f"{target}_8bit"]),
        helper.make_node("DequantizeLinear", [f"{target}_8bit", *parameters], [target]),
    ]


def _save(
    path: Path,
    nodes: list[onnx.NodeProto],
    constants: dict[str, NDArray[np.generic]],
    card: ModelCard | None,
    *,
    inputs: Ports = _FRAME,
    output: Ports = _IMAGE,
) -> Path:
    used = {name for node in nodes for name in node.input}
    graph = helper.make_graph(
        nodes,
        "tiny",
        _value_infos(inputs),
        _value_infos(output),
        [numpy_helper.from_array(v, k) for k, v in constants.items() if k in used],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    if card is not None:
        helper.set_model_props(model, {METADATA_KEY: card.to_json()})
    onnx.save(model, str(path))
    return path


def _value_infos(ports: Ports) -> list[onnx.ValueInfoProto]:
    return [
        helper.make_tensor_value_info(name, dtype, list(shape))
        for name, (dtype, shape) in ports.items()
    ]
