"""The state of a training run on disk: enough to go on as if it had never stopped."""

import os
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import torch

from realtime_nst.errors import TrainingError
from realtime_nst.learning.recipe import Recipe


@dataclass
class Checkpoint:
    """``network`` and ``averaged`` are state dicts; ``style`` says what the painting is.

    ``rollbacks`` counts how often the run went back after a loss that was not finite: each halves
    the learning rate and changes the crops. ``history`` holds one dict of losses a step.
    """

    recipe: Recipe
    style: dict[str, str]
    step: int
    network: dict[str, Any]
    averaged: dict[str, Any]
    optimiser: dict[str, Any]
    rollbacks: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    quality: dict[str, float] = field(default_factory=dict)


def save(checkpoint: Checkpoint, path: Path) -> None:
    """Written beside ``path`` and renamed: a killed run leaves the previous checkpoint whole."""
    partial = path.with_name(path.name + ".partial")
    values = {f.name: getattr(checkpoint, f.name) for f in fields(checkpoint)}
    torch.save({**values, "recipe": asdict(checkpoint.recipe)}, partial)
    os.replace(partial, path)


def load(path: Path) -> Checkpoint:
    """Raises TrainingError when ``path`` is missing or no checkpoint of this program."""
    if not path.is_file():
        raise TrainingError(f"checkpoint not found: {path}; training writes checkpoint.pt")
    try:
        values = torch.load(path, map_location="cpu", weights_only=True)
        return Checkpoint(**{**values, "recipe": Recipe(**values["recipe"])})
    except Exception as error:
        raise TrainingError(f"{path} is not a checkpoint of realtime-nst: {error}") from error
