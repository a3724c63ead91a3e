"""The weights that training starts from: those of a checkpoint or of a style file."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from realtime_nst.errors import ModelError, TrainingError
from realtime_nst.learning import networks
from realtime_nst.learning.data.paintings import read_painting
from realtime_nst.learning.data.style_folder import PaintingInfo
from realtime_nst.learning.networks.arbitrary import ArbitraryNet
from realtime_nst.learning.networks.blocks import NearestConv, PaintingNetwork
from realtime_nst.learning.networks.coded import CodedNet
from realtime_nst.learning.networks.conditional import ConditionalNet
from realtime_nst.learning.networks.fast import FastNet
from realtime_nst.learning.networks.steered import ArbitraryNetwork, StyledNetwork
from realtime_nst.learning.networks.transformed import TransformedNet
from realtime_nst.learning.training.checkpoint import TRAINED_KINDS, load, load_weights
from realtime_nst.runtime.card import ModelCard
from realtime_nst.runtime.codes import PAINTING_SIZE
from realtime_nst.runtime.companions import encoder_of
from realtime_nst.runtime.kinds import MULTI
from realtime_nst.runtime.model import Model, read_model

_IN_CHECKPOINT, _IN_STYLE_FILE = "module.", "network."
"""The prefixes of a network's names of weights."""

_ANY = "arbitrary"
"""The network that a :class:`CodedNet` is made of."""

_COUNTER = "num_batches_tracked"
_PASSED_ON = ("Cast", "Identity")


@dataclass(frozen=True)
class Start:
    """The ``weights`` by name of the style ``style``, and the name of its ``network``.
    ``paintings`` are its styles if it has many."""

    style: str
    network: str
    weights: Mapping[str, Tensor]
    paintings: tuple[PaintingInfo, ...] = ()

    def load_into(self, network: nn.Module, name: str, painting: Path | None = None) -> None:
        """Load the weights into ``network``, which is called ``name``; into a :class:`CodedNet`
        those of a network for any painting, with its code of ``painting``.

        Of two different networks around feature transforms with the same encoder and decoder, these
        two are loaded. Raises TrainingError for any other network than the one the weights are of.
        """
        if self.paintings:
            raise TrainingError(
                f"`start_from` holds a network of {len(self.paintings)} styles; train others with "
                "`styles` or `add_style`, or give a single style to start from"
            )
        if painting and isinstance(network, CodedNet) and self.network == _ANY:
            any_painting = ArbitraryNet()
            load_weights(any_painting, self.weights)
            network.start_as(any_painting, read_painting(painting, PAINTING_SIZE))
            return
        if self.network != name and self._load_ends(network):
            return
        arbitrary = isinstance(network, ArbitraryNetwork)
        self._check(name, networks.ARBITRARY_NETWORKS if arbitrary else networks.NETWORKS)
        load_weights(network, self.weights)

    def load_into_many(self, network: StyledNetwork, name: str, styles: Sequence[str]) -> None:
        """Load the weights into ``network`` of many ``styles``: a style of the same name starts
        from its own parameters, any other from the mean of all.

        Raises TrainingError as :meth:`load_into` does.
        """
        self._check(name, networks.CONDITIONAL_NETWORKS)
        if not self.paintings:
            single = networks.build(name)
            load_weights(single, self.weights)
            assert isinstance(single, FastNet)
            assert isinstance(network, ConditionalNet)
            network.start_as(single)
            return
        rows = self.weights["styles"]
        known = {painting.name: row for painting, row in zip(self.paintings, rows, strict=True)}
        own = torch.stack([known.get(style, rows.mean(0)) for style in styles])
        load_weights(network, {**self.weights, "styles": own})

    def _load_ends(self, network: nn.Module) -> bool:
        """Whether ``network`` has a feature transform and has taken encoder and decoder whole, and
        all else that fits."""
        if not isinstance(network, TransformedNet):
            return False
        own = network.state_dict()
        wanted, given = _shapes(own), _shapes(self.weights)
        if _without_transform(wanted) != _without_transform(given):
            return False
        fitting = {k: w for k, w in self.weights.items() if given[k] == wanted.get(k)}
        network.load_state_dict({**own, **fitting})
        return True

    def _check(self, name: str, table: Collection[str]) -> None:
        """Raises TrainingError unless the network is ``name``; the remedy names those of
        ``table``."""
        if self.network == name:
            return
        fits = self.network.partition(":")[0] in table
        remedy = f"add `network` {self.network}" if fits else f"give one of {', '.join(table)}"
        raise TrainingError(
            f"`start_from` holds a {self.network!r} network, not a {name!r}; {remedy}, or train "
            "from nothing with `start_from` none"
        )


def read_start(path: Path) -> Start:
    """The weights in ``path``, an .onnx style file or the checkpoint of a training run.

    Raises UsageError if it is missing, ModelError or TrainingError if it is neither, or is a style
    file whose graph no longer has the weights of its network.
    """
    if path.suffix == ".onnx":
        model = read_model(path)
        card = model.card
        weights = _network_of(model).state_dict()
        return Start(card.name, card.network, weights, _paintings(card))
    saved = load(path)
    return Start(
        saved.style.name, saved.recipe.network, _named(saved.averaged, _IN_CHECKPOINT),
        saved.style.paintings,
    )  # fmt: skip


def network_in(path: Path) -> PaintingNetwork:
    """The network of an .onnx style file as a torch module, in evaluation mode; one for any picture
    has its encoder's weights too.

    Raises UsageError if the file is missing, ModelError if it is no style file, or its graph no
    longer has the weights of its network.
    """
    return _network_of(read_model(path)).eval()


def unfolded(module: NearestConv, kernel: Tensor) -> Tensor:
    """The kernel of ``module`` from which ``kernel`` of its plain form was computed.

    The plain form holds more sums of rows and columns than there are rows and columns, so the least
    squares solution is exact.
    """
    inverse = torch.linalg.pinv(module.phases.flatten(0, 1)).unflatten(1, module.phases.shape[:2])
    phases = kernel.unflatten(0, (module.out_channels, 2, 2))
    return torch.einsum("apy,bqx,opqiyx->oiab", inverse, inverse, phases)


def _paintings(card: ModelCard) -> tuple[PaintingInfo, ...]:
    if card.kind != MULTI:
        return ()
    return tuple(PaintingInfo(**each) for each in card.recipe.get("paintings", ()))


def _network_of(model: Model) -> PaintingNetwork:
    card = model.card
    kind = TRAINED_KINDS[card.kind]
    network = kind.build(kind.recipe(network=card.network), len(_paintings(card)))
    files = [model.path, encoder_of(model).path] if model.kind.needs_encoder else [model.path]
    try:
        network.load_state_dict(_weights([onnx.load(path).graph for path in files], network))
    except (RuntimeError, ValueError, StopIteration) as error:
        raise ModelError(
            f"{str(model.path)!r} does not hold the weights of a {card.network!r} network as they "
            "were exported, so training cannot start from it; give the checkpoint.pt it was made "
            "from, or train from nothing with `start_from` none"
        ) from error
    return network


def _weights(graphs: Sequence[onnx.GraphProto], network: nn.Module) -> dict[str, Tensor]:
    """The exporter keeps the names of all weights but those of a :class:`NearestConv`, which it
    writes in its plain form, in the first of ``graphs``."""
    held = {
        constant.name: torch.from_numpy(numpy_helper.to_array(constant).copy())
        for graph in graphs
        for constant in graph.initializer
    }
    wanted = network.state_dict()
    found = {k: w.float() for k, w in _named(held, _IN_STYLE_FILE).items() if k in wanted}
    found |= {k: w for k, w in wanted.items() if k.endswith(_COUNTER)}
    folded = (
        (held[kernel].float(), held[bias].float())
        for kernel, bias in _convolutions(graphs[0])
        if kernel in held and kernel.removeprefix(_IN_STYLE_FILE) not in wanted
    )
    for name, module in network.named_modules():
        if isinstance(module, NearestConv):
            kernel, bias = next(folded)
            found[f"{name}.weight"] = unfolded(module, kernel)
            found[f"{name}.bias"] = bias.unflatten(0, (-1, 4)).mean(1)
    return found


def _convolutions(graph: onnx.GraphProto) -> Iterator[tuple[str, str]]:
    """The names of kernel and bias of each convolution that has a bias, in the file's order."""
    made_from = {n.output[0]: n.input[0] for n in graph.node if n.op_type in _PASSED_ON}
    for node in graph.node:
        if node.op_type == "Conv" and len(node.input) == 3:
            _, kernel, bias = node.input
            yield made_from.get(kernel, kernel), made_from.get(bias, bias)


def _shapes(weights: Mapping[str, Tensor]) -> dict[str, torch.Size]:
    return {k: w.shape for k, w in weights.items()}


def _without_transform(shapes: Mapping[str, torch.Size]) -> dict[str, torch.Size]:
    return {k: shape for k, shape in shapes.items() if not k.startswith("transform.")}


def _named(weights: Mapping[str, Tensor], before: str) -> dict[str, Tensor]:
    return {k.removeprefix(before): w for k, w in weights.items() if k.startswith(before)}
