"""The state of a training run on disk: enough to go on as if it had never stopped."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from realtime_nst.errors import RealtimeNstError, TrainingError, UsageError
from realtime_nst.learning import networks
from realtime_nst.learning.data.style_folder import PaintingInfo
from realtime_nst.learning.networks.blocks import StyleNetwork
from realtime_nst.learning.networks.steered import SteeredNetwork
from realtime_nst.learning.training.recipe import (
    ArbitraryRecipe,
    CoherentRecipe,
    ManyRecipe,
    Recipe,
    RunRecipe,
)

_RECIPES = {recipe.kind: recipe for recipe in (Recipe, ManyRecipe, ArbitraryRecipe, CoherentRecipe)}


@dataclass(frozen=True)
class StyleInfo:
    """What a style is and what it was made from, for its card; of many in one network,
    ``paintings`` are the styles in their order.

    ``painting_sha256`` and ``loss_networks`` (file names) are filled in by the trainer;
    ``started_from`` names the style whose weights training began with, empty for none.
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

    ``rollbacks`` counts how often the run went back after a loss that was not finite: each halves
    the learning rate and changes the crops. ``history`` holds one dict of losses a step.
    """

    recipe: RunRecipe
    style: StyleInfo
    step: int
    network: dict[str, Any]
    averaged: dict[str, Any]
    optimiser: dict[str, Any]
    rollbacks: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    quality: dict[str, float] = field(default_factory=dict)


def untrained(network: str, seed: int = 0) -> Checkpoint:
    """A checkpoint of random weights: what it paints means nothing, how long it takes does."""
    return _untrained(networks.build, Recipe(network=network), seed)


def untrained_arbitrary(network: str = "arbitrary", seed: int = 0) -> Checkpoint:
    """As :func:`untrained`, of a network for any painting."""
    return _untrained(networks.build_arbitrary, ArbitraryRecipe(network=network), seed)


def _untrained(
    build: Callable[[str], nn.Module],
    recipe: RunRecipe,
    seed: int,
    paintings: tuple[PaintingInfo, ...] = (),
) -> Checkpoint:
    torch.manual_seed(seed)
    built = build(recipe.network)
    averaged = AveragedModel(built, use_buffers=True).state_dict()
    style = StyleInfo("untrained", "Untrained", "nobody", "MIT", "nothing: random weights",
                      paintings=paintings)  # fmt: skip
    return Checkpoint(recipe, style, 0, built.state_dict(), averaged, {})


def untrained_many(
    styles: Sequence[str] = ("a", "b"), network: str = "fast", seed: int = 0
) -> Checkpoint:
    """As :func:`untrained`, of a network of many ``styles``."""
    return _untrained(
        lambda name: networks.build_conditional(name, len(styles)),
        ManyRecipe(network=network),
        seed,
        tuple(PaintingInfo(name, name, "nobody") for name in styles),
    )


def network_of(checkpoint: Checkpoint) -> StyleNetwork | SteeredNetwork:
    """A network as the one ``checkpoint`` has the weights of."""
    recipe = checkpoint.recipe
    return network_like(recipe.kind, recipe.network, len(checkpoint.style.paintings))


def network_like(kind: str, name: str, styles: int) -> StyleNetwork | SteeredNetwork:
    """The network ``name`` of those of ``kind``, for so many ``styles`` where it has many.
    Raises as :func:`networks.build` does."""
    match kind:
        case ManyRecipe.kind:
            return networks.build_conditional(name, styles)
        case ArbitraryRecipe.kind:
            return networks.build_arbitrary(name)
        case _:
            return networks.build(name)


def take(module: nn.Module, weights: Mapping[str, Any]) -> None:
    """Give ``module`` those ``weights``. Raises TrainingError where they are laid out otherwise."""
    try:
        module.load_state_dict(dict(weights))
    except RuntimeError as error:
        raise TrainingError(
            "the weights to go on with are those of a network laid out otherwise, as another "
            "version of realtime_nst had it; begin anew with --start-from none, or with --restart "
            "where the run itself is that old"
        ) from error


def save(checkpoint: Checkpoint, path: Path) -> None:
    """Written beside ``path`` and renamed: a killed run leaves the previous checkpoint whole.

    Raises TrainingError when it cannot be written.
    """
    partial = path.with_name(path.name + ".partial")
    values = {f.name: getattr(checkpoint, f.name) for f in fields(checkpoint)}
    plain = {
        "kind": checkpoint.recipe.kind,
        "recipe": asdict(checkpoint.recipe),
        "style": asdict(checkpoint.style),
    }
    try:
        torch.save({**values, **plain}, partial)
        os.replace(partial, path)
    except (OSError, RuntimeError) as error:  # torch's writer raises RuntimeError on a full disk
        partial.unlink(missing_ok=True)
        reason = " ".join(str(error).split())[:100]
        raise TrainingError(
            f"the checkpoint {path} cannot be written ({reason}); free some space, then give the "
            "same command again"
        ) from error


def load(path: Path) -> Checkpoint:
    """Raises UsageError when ``path`` is missing, TrainingError when it is no checkpoint."""
    if not path.is_file():
        raise UsageError(f"checkpoint not found: {path}; training writes checkpoint.pt")
    try:
        values = torch.load(path, map_location="cpu", weights_only=True)
        recipe = _RECIPES[values.pop("kind", Recipe.kind)]
        plain = {"recipe": recipe(**values["recipe"]), "style": _style(values["style"])}
        return Checkpoint(**{**values, **plain})
    except RealtimeNstError:
        raise
    except Exception as error:
        raise TrainingError(
            f"{path} is not a checkpoint of realtime-nst ({type(error).__name__}); "
            "give the checkpoint.pt of a training run"
        ) from error


def _style(values: Mapping[str, Any]) -> StyleInfo:
    paintings = (PaintingInfo(**each) for each in values.get("paintings", ()))
    return StyleInfo(**{**values, "paintings": tuple(paintings)})
