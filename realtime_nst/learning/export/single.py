"""From a checkpoint to a style file: one ONNX graph, its card inside, checked against torch."""

import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from realtime_nst.errors import MissingPackage, TrainingError
from realtime_nst.learning.networks.blocks import in_standard_layers
from realtime_nst.learning.training.checkpoint import Checkpoint, network_of
from realtime_nst.learning.training.single import averaged_network
from realtime_nst.runtime.card import METADATA_KEY, ModelCard
from realtime_nst.runtime.kinds import INPUT, OUTPUT

_OPSET = 18
_FLOAT = TensorProto.FLOAT
_TRACED = (96, 128)
_CHECKED = (136, 104)
_MOST_MEAN, _MOST_ANY = 1.0, 3
_LARGEST_SIDE = 16384
_SPEED_CLASSES = {"quality": "quality", "fast": "fast", "tiny": "tiny", "arbitrary": "fast"}
"""Of networks, as they were timed; the rest are there to be compared with."""

OPERATORS = frozenset(
    "Add ArgMax AveragePool BatchNormalization Cast Clip Concat Constant Conv ConvTranspose "
    "DepthToSpace Div Expand Gather GridSample InstanceNormalization LeakyRelu MatMul MaxPool Mul "
    "Pad Pow Range ReduceMean Relu Reshape Resize Round Shape Sigmoid Slice Softmax SpaceToDepth "
    "Split Sqrt Squeeze Sub Tanh Transpose Unsqueeze Where".split()
)
"""What an exported graph may hold: the part of TensorRT's parser's list (onnx-tensorrt,
docs/operators.md) that style networks are made of."""


class FrameGraph(nn.Module):
    """The contract of a style file around ``network``: uint8 ``[1, H, W, 3]`` RGB in and out."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, frame: Tensor) -> Tensor:
        image = self.network(frame.permute(0, 3, 1, 2).float() / 255)
        return (image * 255 + 0.5).clamp(0, 255).permute(0, 2, 3, 1).to(torch.uint8)


def export(checkpoint: Checkpoint, path: Path) -> tuple[float, int]:
    """Write ``checkpoint``'s averaged network to ``path``; return its difference to torch.

    The difference is (mean, largest) in grey levels, at a size other than the one traced. The file
    appears only when it passed. Raises TrainingError when the mean is over 1, the largest over 3.
    """
    graph = FrameGraph(averaged_network(checkpoint)).eval()
    with written_whole(path) as partial:
        _write(graph, card_of(checkpoint), partial)
        apart = parity(graph, partial)
        check_parity(*apart)
    return apart


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A path to write to that becomes ``path`` when the block ends well, and is gone otherwise.

    Raises TrainingError where it cannot be written.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        yield partial
        os.replace(partial, path)
    except OSError as error:
        raise TrainingError(f"{path} cannot be written: {error}; write it elsewhere") from error
    finally:
        partial.unlink(missing_ok=True)


def check_parity(mean: float, largest: int) -> None:
    """Raises TrainingError when these grey levels are more than an exported graph may differ by."""
    if mean > _MOST_MEAN or largest > _MOST_ANY:
        raise TrainingError(
            f"the exported graph differs from torch by {mean:.2f} grey levels on average and "
            f"{largest} at most (allowed: {_MOST_MEAN} and {_MOST_ANY}); nothing was written"
        )


def card_of(checkpoint: Checkpoint) -> ModelCard:
    style, recipe = checkpoint.style, checkpoint.recipe
    network = network_of(checkpoint)
    return ModelCard(
        name=style.name,
        title=style.title,
        artist=style.artist,
        network=recipe.network,
        licence=style.licence,
        size_multiple=network.size_multiple,
        size_minimum=network.size_minimum,
        kind=recipe.kind,
        speed_class=_SPEED_CLASSES.get(recipe.network, "reference"),
        recipe={
            **asdict(recipe),
            "steps_done": checkpoint.step,
            "trained_on": style.trained_on,
            "started_from": style.started_from,
            "painting_sha256": style.painting_sha256,
            "loss_networks": list(style.loss_networks),
            **(
                {"paintings": [asdict(each) for each in style.paintings]} if style.paintings else {}
            ),
        },
        quality=checkpoint.quality,
        styles=tuple(painting.name for painting in style.paintings),
    )


def _write(graph: FrameGraph, card: ModelCard, path: Path) -> None:
    write_graph(
        graph,
        {INPUT: torch.zeros(1, *_TRACED, 3, dtype=torch.uint8)},
        {"frame": picture_sides(card.size_multiple, card.size_minimum)},
        [OUTPUT],
        card,
        path,
    )


def picture_sides(multiple: int, least: int) -> dict[int, Any]:
    """The dynamic dimensions of a picture ``[1, H, W, 3]``, sides multiples of ``multiple`` from
    ``least`` on."""
    smallest, largest = -(-least // multiple), _LARGEST_SIDE // multiple
    return {
        axis: multiple * torch.export.Dim(name, min=smallest, max=largest)
        for axis, name in ((1, "height"), (2, "width"))
    }


def write_graph(
    graph: nn.Module,
    inputs: Mapping[str, Tensor],
    dynamic: Mapping[str, Any],
    outputs: Sequence[str],
    card: ModelCard,
    path: Path,
) -> None:
    """Write ``graph``, traced with ``inputs``, as ONNX with ``card`` inside.

    ``dynamic``: the dynamic dimensions of each argument of ``graph``. Raises TrainingError for an
    operator outside :data:`OPERATORS`.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own, about its own internals
        program = torch.onnx.export(
            in_standard_layers(deepcopy(graph)),
            tuple(inputs.values()),
            dynamo=True,
            verbose=False,
            opset_version=_OPSET,
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_shapes=dict(dynamic),
        )
    assert program is not None
    model = program.model_proto
    unknown = {node.op_type for node in model.graph.node} - OPERATORS
    if unknown:
        raise TrainingError(
            f"the graph holds operators TensorRT may not know: {', '.join(sorted(unknown))}; "
            "build the network from others"
        )
    for part in (model.graph, *model.graph.node, *model.graph.value_info):
        del part.metadata_props[:]  # the exporter's stack traces, with paths of this computer
    model.metadata_props.add(key=METADATA_KEY, value=card.to_json())
    _halve_kernels(model.graph)
    onnx.save(model, path)


def _halve_kernels(graph: onnx.GraphProto) -> None:
    """Store what convolves as float16 and raise it to float32 in the graph: half the file.

    Engines fold the cast when they load it, so nothing is computed in half precision by this.
    """
    kernels = {i.name: i for i in graph.initializer if len(i.dims) == 4 and i.data_type == _FLOAT}
    casts = []
    for name, kernel in kernels.items():
        half = numpy_helper.to_array(kernel).astype(np.float16)
        kernel.CopyFrom(numpy_helper.from_array(half, name))
        casts.append(helper.make_node("Cast", [name], [f"{name}.float32"], to=_FLOAT))
    for node in graph.node:
        node.input[:] = [f"{name}.float32" if name in kernels else name for name in node.input]
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


@torch.no_grad()
def parity(graph: FrameGraph, path: Path) -> tuple[float, int]:
    """(mean, largest) absolute difference in grey levels between ``graph`` and ONNX Runtime."""
    frame = np.random.default_rng(0).integers(0, 256, (1, *_CHECKED, 3), dtype=np.uint8)
    (image,) = reference_session(path).run([OUTPUT], {INPUT: frame})
    return grey_levels_apart(image, graph(torch.from_numpy(frame)))


def reference_session(path: Path) -> Any:
    """ONNX Runtime on the CPU, what exports are compared with. Raises MissingPackage without it."""
    try:
        import onnxruntime as ort
    except ImportError as error:
        raise MissingPackage("onnxruntime", "cpu", "the parity check of an export") from error
    return ort.InferenceSession(path, providers=["CPUExecutionProvider"])


def grey_levels_apart(image: np.ndarray, wanted: Tensor) -> tuple[float, int]:
    difference = np.abs(image.astype(int) - wanted.numpy().astype(int))
    return float(difference.mean()), int(difference.max())
