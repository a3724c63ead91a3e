"""Counts the arithmetic of a network from its ONNX file."""

from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from realtime_nst.errors import MissingPackage

Shapes = dict[str, list[int]]


def gmac(path: Path, width: int, height: int) -> float:
    """Billions (10^9) of multiply-accumulates for a frame of ``width`` x ``height`` pixels.

    Convolutions and matrix products are counted; normalisation, activations and padding are not.
    Raises MissingPackage without onnx.
    """
    try:
        import onnx
    except ImportError as error:
        raise MissingPackage("onnx", "bench", "counting a network's arithmetic") from error
    model = onnx.load(path)
    _, rows, columns, _ = model.graph.input[0].type.tensor_type.shape.dim
    rows.dim_value, columns.dim_value = height, width
    shapes = _shapes(model)
    return sum(_macs(node, shapes) for node in model.graph.node) / 1e9


def _macs(node: Any, shapes: Shapes) -> int:
    if node.op_type == "Conv":
        return prod(shapes[node.output[0]]) * prod(shapes[node.input[1]][1:])
    if node.op_type == "ConvTranspose":
        return prod(shapes[node.input[0]]) * prod(shapes[node.input[1]][1:])
    if node.op_type in ("MatMul", "Gemm"):
        return prod(shapes[node.output[0]]) * shapes[node.input[0]][-1]
    return 0


def _shapes(model: Any) -> Shapes:
    """The shape of every tensor, by its name.

    ONNX's shape inference stops at a Reshape whose target shape is computed by a division. So all
    nodes that compute with shapes are folded to constants, and the inference is run again.
    """
    from onnx import shape_inference

    del model.graph.value_info[:]
    while True:
        graph = shape_inference.infer_shapes(model, data_prop=True).graph
        shapes: Shapes = {tensor.name: list(tensor.dims) for tensor in graph.initializer}
        for value in (*graph.input, *graph.value_info):
            shapes[value.name] = [d.dim_value for d in value.type.tensor_type.shape.dim]
        if not _fold(model.graph, shapes):
            return shapes


def _fold(graph: Any, shapes: Shapes) -> bool:
    """Replace each node whose inputs are constant, or whose shape is known, by its value. Returns
    whether there was one."""
    from onnx import numpy_helper
    from onnx.reference import ReferenceEvaluator

    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    before = len(graph.node)
    for node in list(graph.node):
        inputs = {name: constants[name] for name in node.input if name in constants}
        asked = node.op_type == "Shape" and all(shapes.get(node.input[0], [0]))
        if asked:
            inputs = {node.input[0]: _placeholder(shapes[node.input[0]])}
        if asked or len(inputs) == len([name for name in node.input if name]):
            evaluator: Any = ReferenceEvaluator(node)
            found = dict(zip(node.output, evaluator.run(None, inputs), strict=True))
            constants |= found
            graph.initializer.extend(numpy_helper.from_array(v, name) for name, v in found.items())
            graph.node.remove(node)
    return len(graph.node) < before


def _placeholder(shape: list[int]) -> Any:
    """An array of ``shape`` that takes up no memory."""
    return np.broadcast_to(np.zeros(1, np.float32), shape)
