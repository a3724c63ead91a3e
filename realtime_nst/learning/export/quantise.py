"""The int8 form of a network: eight-bit weights, and eight-bit values between the layers.

Values are quantised where they are computed, before operators that only move them (padding, pixel
shuffle), so that these move bytes; all readers of a value read the same bytes. Weights are
symmetric with a scale for each channel, or one for the channels that a pixel shuffle puts side by
side. Values have one scale for each tensor, from the smallest to the largest value seen on
calibration pictures (Jacob et al. 2018). Instance normalisation, sums and the sigmoid stay in
float.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from realtime_nst.errors import TrainingError, UsageError
from realtime_nst.learning.export.graph import written_whole
from realtime_nst.learning.training.quality import Network, as_network, mean
from realtime_nst.runtime.card import METADATA_KEY
from realtime_nst.runtime.kinds import CODE, INPUT, STRENGTH
from realtime_nst.runtime.model import Model, read_model
from realtime_nst.runtime.providers import PROVIDERS
from realtime_nst.runtime.session import Code
from realtime_nst.stream import Image

TOLERANCE = 1.03
"""The losses of an int8 network may be this many times those of the float network."""

_MOVERS = {"DepthToSpace", "Pad"}
_LARGEST_WEIGHT = 64
"""Seven bits. A CPU without VNNI adds pairs of products, at most 2 * 255 * 64, in sixteen bits and
saturates silently."""

Shown = tuple[Image, Code | None]
"""An RGB uint8 picture, and the code of the painting for a network that paints like any."""

Measure = Callable[[Network], dict[str, float]]
"""The losses of a network by name. Lower is better."""

Judges = Sequence[tuple[Code | None, Measure]]
"""What measures the network with each code; the code is None if it takes none."""


def quantise(
    style: Path, shown: Iterable[Shown], judges: Judges, output: Path
) -> tuple[dict[str, float], dict[str, float]]:
    """Write ``style``'s int8 form to ``output``. Returns the losses (float, int8), each the mean
    over ``judges``.

    ``shown`` is what it is calibrated on. The file appears only if no loss grows beyond TOLERANCE.
    Raises UsageError for a style that is int8 already or has nothing to quantise, TrainingError if
    a loss is out of tolerance or the file cannot be written.
    """
    source = read_model(style)
    check_source(source)
    model = _quantised(source, shown)
    with written_whole(output) as unfinished:
        onnx.save(model, unfinished)
        before, after = (_judged(path, judges) for path in (style, unfinished))
        _check(before, after)
    return before, after


def check_source(source: Model) -> None:
    """Raises UsageError if ``source`` is int8 already or of a kind that has no int8 form."""
    if source.card.quantised_from:
        raise UsageError(f"{source.path} is int8 already; quantise the style it was made from")
    if not source.kind.int8:
        raise UsageError(
            f"{source.path} is a network of the kind {source.card.kind!r}; only single styles and "
            "networks for any painting have an int8 form"
        )


def _judged(network: Path, judges: Judges) -> dict[str, float]:
    session = PROVIDERS["cpu"].open(read_model(network))
    return mean([measure(as_network(partial(session, code=code))) for code, measure in judges])


def _check(before: Mapping[str, float], after: Mapping[str, float]) -> None:
    worse = [
        f"{name.replace('_', ' ')} {before[name]:.3f} to {after[name]:.3f}"
        for name in before
        if after[name] > before[name] * TOLERANCE
    ]
    if worse:
        raise TrainingError(
            f"int8 would cost more than {TOLERANCE - 1:.0%} of quality ({', '.join(worse)}); "
            "nothing was written; calibrate on more, or other, photos, or stay with the float style"
        )


def _quantised(source: Model, shown: Iterable[Shown]) -> onnx.ModelProto:
    model = onnx.load(source.path)
    graph = model.graph
    _fold_casts(graph)
    convolutions = _convolutions(graph)
    if not convolutions:
        raise UsageError(
            f"{source.path} holds no convolution with fixed weights to quantise; it stays in float"
        )
    kept = _where_made(graph, convolutions)
    ranges = _ranges(model, kept, _fitting(source, shown))
    nodes = _quantise_weights(graph, convolutions)
    _quantise_values(graph, nodes, ranges)
    del graph.value_info[:]
    card = replace(source.card, quantised_from=source.digest)
    helper.set_model_props(model, {METADATA_KEY: card.to_json()})
    onnx.checker.check_model(model)
    return model


def _fold_casts(graph: onnx.GraphProto) -> None:
    """Store weights as float32 that were stored as float16 and cast in the graph."""
    constants = {constant.name: constant for constant in graph.initializer}
    for node in [n for n in graph.node if n.op_type == "Cast" and n.input[0] in constants]:
        kind = helper.tensor_dtype_to_np_dtype(node.attribute[0].i)
        values = numpy_helper.to_array(constants[node.input[0]]).astype(kind)
        graph.initializer.append(numpy_helper.from_array(values, node.output[0]))
        graph.node.remove(node)
    _drop_unused(graph)


def _drop_unused(graph: onnx.GraphProto) -> None:
    used = {name for node in graph.node for name in node.input}
    for constant in [c for c in graph.initializer if c.name not in used]:
        graph.initializer.remove(constant)


def _convolutions(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    fixed = {constant.name for constant in graph.initializer}
    return [n for n in graph.node if n.op_type == "Conv" and n.input[1] in fixed]


def _where_made(graph: onnx.GraphProto, convolutions: Sequence[onnx.NodeProto]) -> list[str]:
    """The tensors that the convolutions read, each as it is before operators move it."""
    maker = {name: node for node in graph.node for name in node.output}
    found = dict.fromkeys(convolution.input[0] for convolution in convolutions)
    while moved := [name for name in found if name in maker and maker[name].op_type in _MOVERS]:
        for name in moved:
            del found[name]
            found[maker[name].input[0]] = None
    return list(found)


def _fitting(source: Model, shown: Iterable[Shown]) -> Iterable[dict[str, np.ndarray]]:
    """The inputs of the bare graph for each picture, in a size that the graph takes."""
    multiple = source.card.size_multiple
    least = -(-source.card.size_minimum // multiple) * multiple
    for image, code in shown:
        height, width = (max(least, side // multiple * multiple) for side in image.shape[:2])
        fit = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8)
        painted_by = {} if code is None else {CODE: code, STRENGTH: np.ones(1, np.float32)}
        yield {INPUT: fit[np.newaxis], **painted_by}


def _ranges(
    model: onnx.ModelProto, names: Sequence[str], inputs: Iterable[dict[str, np.ndarray]]
) -> dict[str, tuple[float, float]]:
    """The smallest and largest value of each tensor over ``inputs``, and 0."""
    import onnxruntime as ort

    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    del watched.graph.output[:]
    for name in names:
        for reduction in ("ReduceMin", "ReduceMax"):
            seen = f"{name}.{reduction}"
            watched.graph.node.append(helper.make_node(reduction, [name], [seen], keepdims=0))
            watched.graph.output.append(helper.make_tensor_value_info(seen, TensorProto.FLOAT, []))
    session = ort.InferenceSession(watched.SerializeToString(), providers=["CPUExecutionProvider"])
    rows = [session.run(None, given) for given in inputs]
    if not rows:
        raise TrainingError("no pictures to calibrate on; give at least one")
    values = np.array(rows, np.float64)
    least, most = values[:, 0::2].min(0).clip(max=0), values[:, 1::2].max(0).clip(min=0)
    return {name: (float(a), float(b)) for name, a, b in zip(names, least, most, strict=True)}


def _quantise_weights(
    graph: onnx.GraphProto, convolutions: Sequence[onnx.NodeProto]
) -> list[onnx.NodeProto]:
    """Replace float weights by int8 ones; returns the nodes that scale them."""
    constants = {constant.name: constant for constant in graph.initializer}
    together = _interleaved(graph)
    nodes = []
    for name, convolution in {node.input[1]: node for node in convolutions}.items():
        weight = numpy_helper.to_array(constants[name])
        peak = np.abs(weight).max(axis=(1, 2, 3))
        count = together.get(convolution.output[0], 1)
        peak = peak.reshape(-1, count).max(1).repeat(count)
        scale = np.maximum(peak / _LARGEST_WEIGHT, np.finfo(np.float32).tiny).astype(np.float32)
        eight = _rounded(weight / scale[:, None, None, None]).astype(np.int8)
        nodes.append(_dequantise(graph, name, f"{name}.int8", scale, np.zeros_like(scale, np.int8)))
        graph.initializer.append(numpy_helper.from_array(eight, f"{name}.int8"))
        graph.initializer.remove(constants[name])
    return nodes


def _interleaved(graph: onnx.GraphProto) -> dict[str, int]:
    """By tensor, how many of its neighbouring channels a pixel shuffle puts side by side."""
    shuffles = (node for node in graph.node if node.op_type == "DepthToSpace")
    sides = ((n.input[0], {a.name: a.i for a in n.attribute}["blocksize"]) for n in shuffles)
    return {name: side**2 for name, side in sides}


def _rounded(kernels: np.ndarray) -> np.ndarray:
    """``kernels`` ``[O, I, h, w]`` in whole numbers. The weights that are nearest to being rounded
    the other way are, until the sum of each ``[h, w]`` is the rounded true sum.

    The phases of an upsampled map have the same sums. Rounded each on its own they would differ in
    brightness, even in flat areas, and lie side by side: a grid of 2 pixels.
    """
    exact = kernels.reshape(*kernels.shape[:2], -1)
    whole = np.round(exact)
    missing = (np.round(exact.sum(2)) - whole.sum(2))[..., np.newaxis]
    nearest = np.argsort((whole - exact) * np.sign(missing), axis=2)
    ranks = np.argsort(nearest, axis=2)
    whole += np.sign(missing) * (ranks < np.abs(missing))
    return np.asarray(whole.reshape(kernels.shape))


def _quantise_values(
    graph: onnx.GraphProto,
    before: Sequence[onnx.NodeProto],
    ranges: Mapping[str, tuple[float, float]],
) -> None:
    """Convert each tensor of ``ranges`` to eight bits and back for all its readers."""
    nodes = list(before)
    for node in graph.node:
        node.input[:] = [f"{name}.rounded" if name in ranges else name for name in node.input]
        nodes.append(node)
        for name in (name for name in node.output if name in ranges):
            nodes.extend(_rounding(graph, name, *ranges[name]))
    del graph.node[:]
    graph.node.extend(nodes)


def _rounding(
    graph: onnx.GraphProto, name: str, least: float, most: float
) -> tuple[onnx.NodeProto, onnx.NodeProto]:
    step = max(most - least, float(np.finfo(np.float32).tiny)) / 255
    scale, zero = np.float32(step), np.uint8(min(255, round(-least / step)))
    back = _dequantise(graph, f"{name}.rounded", f"{name}.uint8", np.array(scale), np.array(zero))
    there = helper.make_node("QuantizeLinear", [name, *back.input[1:]], [f"{name}.uint8"])
    return there, back


def _dequantise(
    graph: onnx.GraphProto, name: str, eight: str, scale: np.ndarray, zero: np.ndarray
) -> onnx.NodeProto:
    for suffix, values in (("scale", scale), ("zero", zero)):
        graph.initializer.append(numpy_helper.from_array(values, f"{name}.{suffix}"))
    inputs = [eight, f"{name}.scale", f"{name}.zero"]
    return helper.make_node("DequantizeLinear", inputs, [name], axis=0)
