"""Graphs written as ONNX with their card inside, and compared with torch."""

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import asdict
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from realtime_nst.errors import MissingPackage, TrainingError
from realtime_nst.files import write_whole
from realtime_nst.learning.networks.blocks import in_standard_layers
from realtime_nst.learning.training.checkpoint import Checkpoint
from realtime_nst.runtime.card import METADATA_KEY, ModelCard

_OPSET = 18
_FLOAT = TensorProto.FLOAT
_MOST_MEAN, _MOST_ANY = 1.0, 3
_LARGEST_SIDE = 16384

TRACED, CHECKED = (96, 128), (136, 104)
"""Height and width of the frames that graphs are traced with, and compared with torch on."""

OPERATORS = frozenset(
    "Abs Add ArgMax AveragePool BatchNormalization Cast Clip Concat Constant Conv ConvTranspose "
    "DepthToSpace Div Expand Gather GridSample InstanceNormalization LeakyRelu MatMul MaxPool Min "
    "Mul Pad Pow Range ReduceMean Relu Reshape Resize Round Shape Sigmoid Slice Softmax "
    "SpaceToDepth Split Sqrt Squeeze Sub Tanh Transpose Unsqueeze Where".split()
)
"""What an exported graph may hold: those of the operators in TensorRT's parser (onnx-tensorrt,
docs/operators.md) that style networks are made of."""

Parity = tuple[float, int]
"""(mean, largest) absolute difference in grey levels between ONNX Runtime and torch."""

Network = TypeVar("Network", bound=nn.Module)


class Graph(nn.Module, Generic[Network]):
    """The contract of an exported graph around ``network``: pictures are uint8 ``[1, H, W, 3]``."""

    network: Network

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network


def to_float(picture: Tensor) -> Tensor:
    """uint8 ``[1, H, W, 3]`` to ``[1, 3, H, W]`` in 0..1."""
    return picture.permute(0, 3, 1, 2).float() / 255


def to_bytes(picture: Tensor) -> Tensor:
    """0..1 to uint8, rounded."""
    return (picture * 255 + 0.5).clamp(0, 255).to(torch.uint8)


def card_of(checkpoint: Checkpoint) -> ModelCard:
    style, recipe, network = checkpoint.style, checkpoint.recipe, checkpoint.build()
    row = checkpoint.kind.table.get(recipe.network)
    paintings = [asdict(each) for each in style.paintings]
    minutes = checkpoint.processor_seconds / 60  # 0 in checkpoints from before it was counted
    return ModelCard(
        name=style.name,
        title=style.title,
        artist=style.artist,
        network=recipe.network,
        licence=style.licence,
        size_multiple=network.size_multiple,
        size_minimum=network.size_minimum,
        kind=recipe.kind,
        speed_class=row.speed_class if row else "reference",
        recipe={
            **asdict(recipe),
            "steps_done": checkpoint.step,
            **({"processor_minutes": round(minutes, 2)} if minutes else {}),
            "trained_on": style.trained_on,
            "started_from": style.started_from,
            "painting_sha256": style.painting_sha256,
            "loss_networks": list(style.loss_networks),
            **({"paintings": paintings} if paintings else {}),
        },
        quality=checkpoint.quality,
        styles=tuple(painting.name for painting in style.paintings),
    )


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A path to write to, which becomes ``path`` if the block ends well and is deleted otherwise.

    Raises TrainingError if it cannot be written.
    """
    try:
        with write_whole(path) as unfinished:
            yield unfinished
    except OSError as error:
        raise TrainingError(f"{path} cannot be written: {error}; write it elsewhere") from error


def picture_sides(multiple: int, least: int) -> dict[int, Any]:
    """The dynamic dimensions of a picture ``[1, H, W, 3]`` whose sides are multiples of
    ``multiple`` and at least ``least``."""
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
    operator that is not in :data:`OPERATORS`.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's warnings about its own internals
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
            f"the graph holds operators that TensorRT may not know: {', '.join(sorted(unknown))}; "
            "build the network from others"
        )
    for part in (model.graph, *model.graph.node, *model.graph.value_info):
        del part.metadata_props[:]  # the exporter's stack traces, with paths of this computer
    model.metadata_props.add(key=METADATA_KEY, value=card.to_json())
    _halve_kernels(model.graph)
    onnx.save(model, path)


def _halve_kernels(graph: onnx.GraphProto) -> None:
    """Store kernels as float16 and cast them to float32 in the graph, which halves the file.

    Engines fold the cast on loading, so nothing is computed in half precision.
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


def reference_session(path: Path) -> Any:
    """ONNX Runtime on the CPU, with which torch is compared. Raises MissingPackage without it."""
    try:
        import onnxruntime as ort
    except ImportError as error:
        raise MissingPackage("onnxruntime", "cpu", "the parity check of an export") from error
    return ort.InferenceSession(path, providers=["CPUExecutionProvider"])


def checked_picture(multiple: int) -> np.ndarray:
    """A picture to compare with torch on, with sides that are multiples of ``multiple``."""
    height, width = (-(-side // multiple) * multiple for side in CHECKED)
    return random_picture(height, width)


def random_picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    """uint8 ``[1, height, width, 3]``."""
    return np.random.default_rng(seed).integers(0, 256, (1, height, width, 3), dtype=np.uint8)


def difference(image: np.ndarray, wanted: Tensor) -> Parity:
    off = np.abs(image.astype(int) - wanted.numpy().astype(int))
    return float(off.mean()), int(off.max())


def worst(differences: Iterable[Parity]) -> Parity:
    """The largest of the means, and the largest of all."""
    means, largest = zip(*differences, strict=True)
    return max(means), max(largest)


def check_parity(mean: float, largest: int) -> None:
    """Raises TrainingError if an exported graph may not differ from torch by this much."""
    if mean > _MOST_MEAN or largest > _MOST_ANY:
        raise TrainingError(
            f"the exported graph differs from torch by {mean:.2f} grey levels on average and "
            f"{largest} at most (allowed: {_MOST_MEAN} and {_MOST_ANY}); nothing was written"
        )
