"""A folder of paintings, each of which becomes a style of one network."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from realtime_nst.errors import UsageError
from realtime_nst.learning.data.pictures import INDEX, find_paintings, read_image, read_index

_SEPARATORS = ",:"
"""They separate the styles of a blend, so no style may have them in its name."""


@dataclass(frozen=True)
class PaintingInfo:
    """One style of many, and the painting that it was made from. ``name`` is what ``--style``
    takes; ``style_weight`` is a factor of its style losses. Training fills in ``sha256``."""

    name: str
    title: str
    artist: str
    style_weight: float = 1.0
    sha256: str = ""


@dataclass(frozen=True)
class Painting:
    """A picture file and what it shows."""

    path: Path
    info: PaintingInfo


def find_styles(folder: Path) -> list[Painting]:
    """A style of each picture below ``folder``, named after its file, sorted by path.

    Raises UsageError if there are none, if two have the same name, or if a name is not allowed;
    MediaError or TrainingError for a picture or an INDEX.csv that cannot be read.
    """
    rows = read_index(folder)
    styles = [
        _described(path, rows.get(path.name, {})) for path in find_paintings(folder, "`styles`")
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
    """The style that ``path`` becomes. Raises UsageError if its name is not allowed, and the errors
    of :func:`read_image`."""
    if any(sign in path.stem for sign in _SEPARATORS):
        raise UsageError(
            f"{str(path)!r} cannot name a style: , and : separate the styles of a blend; rename it"
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
            f"{INDEX} gives {path.name} the style_weight {weight!r}; give a number from 0 on, a "
            "factor of `style_weight` and `deep_style_weight`"
        )
    return painting(path, row.get("title") or "", row.get("artist") or "", number)
