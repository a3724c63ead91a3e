"""The paintings of a folder, each to become a style of one network."""

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from realtime_nst.errors import TrainingError, UsageError
from realtime_nst.learning.data.pictures import find_paintings, read_image

INDEX = "INDEX.csv"
"""A table beside the paintings, with the columns "file" and, where wanted, "title", "artist" and
"style_weight"."""

_PARTING = ",:"
"""What parts the styles of a blend."""


@dataclass(frozen=True)
class PaintingInfo:
    """One style of many: ``name`` as ``--style`` takes it, and the painting it was made from, whose
    style losses count ``style_weight`` times. ``sha256`` is filled in by the trainer."""

    name: str
    title: str
    artist: str
    style_weight: float = 1.0
    sha256: str = ""


@dataclass(frozen=True)
class Painting:
    """The picture in the file ``path``, and what it is."""

    path: Path
    info: PaintingInfo


def find_styles(folder: Path) -> list[Painting]:
    """A style of each picture below ``folder``, named as its file, sorted by path.

    Raises UsageError where there are none, two have the same name or one a name that cannot be, and
    TrainingError for a picture or an INDEX.csv that cannot be read.
    """
    rows = _rows(folder / INDEX)
    styles = [
        _described(path, rows.get(path.name, {})) for path in find_paintings(folder, "--styles")
    ]
    first: dict[str, Path] = {}
    for style in styles:
        other = first.setdefault(style.info.name, style.path)
        if other != style.path:
            raise UsageError(
                f"{str(other)!r} and {str(style.path)!r} would both be the style "
                f"{style.info.name!r}; rename one"
            )
    return styles


def painting(path: Path, title: str = "", artist: str = "", style_weight: float = 1.0) -> Painting:
    """The style that ``path`` becomes. Raises UsageError where its name cannot be a style's, and
    as :func:`read_image` does."""
    if any(sign in path.stem for sign in _PARTING):
        raise UsageError(
            f"{str(path)!r} cannot name a style, as , and : part the styles of a blend; rename it"
        )
    read_image(path)
    info = PaintingInfo(path.stem, title or path.stem, artist or "unknown", style_weight)
    return Painting(path, info)


def _described(path: Path, row: Mapping[str, str]) -> Painting:
    weight = row.get("style_weight") or "1"
    try:
        number = float(weight)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number >= 0):
        raise UsageError(
            f"{INDEX} gives {path.name} the style_weight {weight!r}; give a number from 0, 1 for "
            "what --style-weight and --deep-style-weight say"
        )
    return painting(path, row.get("title") or "", row.get("artist") or "", number)


def _rows(index: Path) -> dict[str, dict[str, str]]:
    """By file name; empty where there is no such table."""
    if not index.is_file():
        return {}
    try:
        with index.open(encoding="utf-8", newline="") as file:
            return {row["file"]: row for row in csv.DictReader(file)}
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise TrainingError(
            f"{str(index)!r} cannot be read ({error}); give it the columns file, title and artist "
            "in UTF-8, or take it away"
        ) from error
