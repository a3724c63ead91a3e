"""The state of a training run on disk, from which it resumes exactly, and the networks in it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel

from realtime_nst.errors import RealtimeNstError, TrainingError, UsageError
from realtime_nst.files import write_whole
from realtime_nst.learning import networks
from realtime_nst.learning.data.style_folder import PaintingInfo
from realtime_nst.learning.fields import fits
from realtime_nst.learning.networks.blocks import PaintingNetwork
from realtime_nst.learning.networks.coherent import CoherentNet
from realtime_nst.learning.networks.discriminators import FeatureDiscriminator, PatchDiscriminator
from realtime_nst.learning.networks.unpaired import UnpairedNet
from realtime_nst.learning.training.recipe import (
    UNPAIRED,
    ArbitraryRecipe,
    CoherentRecipe,
    ManyRecipe,
    Recipe,
    RunRecipe,
    UnpairedRecipe,
)
from realtime_nst.runtime.kinds import ARBITRARY, COHERENT, MULTI, SINGLE

Net = TypeVar("Net", bound=nn.Module)
Part = TypeVar("Part")


@dataclass(frozen=True)
class TrainedKind:
    """A kind of network as training knows it. ``build`` makes an untrained network of a recipe, for
    a number of styles if the kind has several. ``table``: what ``recipe.network`` may name."""

    recipe: type[RunRecipe]
    table: Mapping[str, networks.Row[Any]]
    build: Callable[[Any, int], PaintingNetwork]


def _coherent(recipe: CoherentRecipe, _: int) -> CoherentNet:
    return CoherentNet(networks.build(recipe.network), recipe.split)


def _unpaired(recipe: UnpairedRecipe, styles: int) -> UnpairedNet:
    width = recipe.judge_width
    if recipe.form == "star":
        judge = PatchDiscriminator(width, styles)
        return UnpairedNet(networks.build_conditional(recipe.network, styles), None, [judge])
    if recipe.form == "markov":
        judge_of_features = FeatureDiscriminator(4 * width)  # VGG-19's relu3_1 has 4 x 64 channels
        return UnpairedNet(networks.build(recipe.network), None, [judge_of_features])
    painter, back = networks.build(recipe.network), networks.build(recipe.network)
    return UnpairedNet(painter, back, [PatchDiscriminator(width) for _ in range(2)])


TRAINED_KINDS: Mapping[str, TrainedKind] = {
    SINGLE: TrainedKind(
        Recipe, networks.NETWORKS, lambda recipe, _: networks.build(recipe.network)
    ),
    MULTI: TrainedKind(
        ManyRecipe,
        networks.CONDITIONAL_NETWORKS,
        lambda recipe, styles: networks.build_conditional(recipe.network, styles),
    ),
    ARBITRARY: TrainedKind(
        ArbitraryRecipe,
        networks.ARBITRARY_NETWORKS,
        lambda recipe, _: networks.build_arbitrary(recipe.network),
    ),
    COHERENT: TrainedKind(CoherentRecipe, networks.NETWORKS, _coherent),
    UNPAIRED: TrainedKind(UnpairedRecipe, networks.NETWORKS, _unpaired),
}
"""By the kind of the recipe, which is that of the card but for UNPAIRED."""

_RENAMED = {"begin_steps": "pretrain_steps"}
"""Fields of recipes under the names that older checkpoints have for them."""


@dataclass(frozen=True)
class StyleInfo:
    """What a style is and what it was made from, for its card.

    ``paintings`` are the styles of a network of many, in their order. ``started_from`` names the
    style whose weights training started from, if any. Training fills in ``painting_sha256`` and
    ``loss_networks`` (file names).
    """

    name: str
    title: str
    artist: str
    licence: str
    trained_on: str
    started_from: str = ""
    painting_sha256: str = ""
    loss_networks: tuple[str, ...] = ()
    paintings: tuple[PaintingInfo, ...] = ()


@dataclass
class Checkpoint:
    """``network`` and ``averaged`` are state dicts.

    ``rollbacks`` counts how often the run went back after a loss that was not finite; each time
    halves the learning rate and changes the crops. ``seconds`` of training came before, and
    ``processor_seconds`` of this process, on all cores. ``history`` holds one dict of losses for
    each step.
    """

    recipe: RunRecipe
    style: StyleInfo
    step: int
    network: dict[str, Any]
    averaged: dict[str, Any]
    optimiser: dict[str, Any]
    rollbacks: int = 0
    seconds: float = 0.0
    processor_seconds: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list)
    quality: dict[str, float] = field(default_factory=dict)

    @property
    def kind(self) -> TrainedKind:
        return TRAINED_KINDS[self.recipe.kind]

    def build(self) -> PaintingNetwork:
        """A network like the one that was trained, with random weights."""
        return self.kind.build(self.recipe, len(self.style.paintings))


def untrained(recipe: RunRecipe, styles: Sequence[str] = (), seed: int = 0) -> Checkpoint:
    """A checkpoint of random weights, of a network of ``styles`` if the recipe is for many.

    It paints noise, as fast as a trained one.
    """
    torch.manual_seed(seed)
    network = TRAINED_KINDS[recipe.kind].build(recipe, len(styles))
    averaged = AveragedModel(network, use_buffers=True).state_dict()
    style = StyleInfo(
        "untrained", "Untrained", "nobody", "MIT", "nothing: random weights",
        paintings=tuple(PaintingInfo(name, name, "nobody") for name in styles),
    )  # fmt: skip
    return Checkpoint(recipe, style, 0, network.state_dict(), averaged, {})


def trained_network(checkpoint: Checkpoint) -> PaintingNetwork:
    """The network of ``checkpoint`` with its averaged weights, in evaluation mode."""
    return averaged(checkpoint.build(), checkpoint)


def averaged(network: Net, checkpoint: Checkpoint) -> Net:
    """``network`` with the averaged weights of ``checkpoint``, in evaluation mode."""
    holder = AveragedModel(network, use_buffers=True)
    load_weights(holder, checkpoint.averaged)
    network.load_state_dict(holder.module.state_dict())
    return network.eval()


def load_weights(module: nn.Module | Optimizer, weights: Mapping[str, Any]) -> None:
    """Load the state ``weights`` into ``module``. Raises TrainingError if it does not fit."""
    try:
        module.load_state_dict(dict(weights))
    except (RuntimeError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise TrainingError(
            "the weights to continue with do not fit the network: another version of realtime_nst "
            "may have made them; train from nothing with `start_from` none, or with `restart` if "
            "the run itself is that old"
        ) from error


def save(checkpoint: Checkpoint, path: Path) -> None:
    """Write ``path`` whole: if the run is killed, the previous checkpoint remains.

    Raises TrainingError if it cannot be written.
    """
    values = {f.name: getattr(checkpoint, f.name) for f in fields(checkpoint)}
    plain = {
        "kind": checkpoint.recipe.kind,
        "recipe": asdict(checkpoint.recipe),
        "style": asdict(checkpoint.style),
    }
    try:
        with write_whole(path) as unfinished:
            torch.save({**values, **plain}, unfinished)
    except (OSError, RuntimeError) as error:  # torch's writer raises RuntimeError on a full disk
        reason = getattr(error, "strerror", None) or "the disk may be full"
        raise TrainingError(
            f"the checkpoint {path} cannot be written: {reason}; free some space, then give the "
            "same command again"
        ) from error


def load(path: Path) -> Checkpoint:
    """Raises UsageError if ``path`` is missing, TrainingError if it is no checkpoint."""
    if not path.is_file():
        raise UsageError(f"checkpoint not found: {path}; training writes checkpoint.pt")
    try:
        values = torch.load(path, map_location="cpu", weights_only=True)
        recipe = TRAINED_KINDS[values.pop("kind", SINGLE)].recipe
        told = {_RENAMED.get(name, name): value for name, value in values["recipe"].items()}
        plain = {"recipe": recipe(**told), "style": _style(values["style"])}
        return _checked(Checkpoint(**{**values, **plain}))
    except RealtimeNstError:
        raise
    except Exception as error:
        raise TrainingError(
            f"{path} is not a checkpoint of realtime-nst ({type(error).__name__}); "
            "give the checkpoint.pt of a training run"
        ) from error


def _style(values: Mapping[str, Any]) -> StyleInfo:
    paintings = (_checked(PaintingInfo(**each)) for each in values.get("paintings", ()))
    return _checked(StyleInfo(**{**values, "paintings": tuple(paintings)}))


def _checked(part: Part) -> Part:
    """Raises TypeError if a field holds something else than its type says."""
    for name, hint in get_type_hints(type(part)).items():
        if not fits(getattr(part, name), hint):
            raise TypeError(name)
    return part
