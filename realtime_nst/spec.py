"""Styles as text: one, or a blend of several (``"a.jpg:0.7,b.jpg:0.3"``)."""

import math
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from realtime_nst.errors import UsageError


@dataclass(frozen=True)
class Part:
    """``name`` is that of a style, or the path of a file; the weights of a spec sum to 1."""

    name: str
    weight: float = 1.0


def parse(spec: str | Path) -> tuple[Part, ...]:
    """``"A:0.7,B:0.3"``: the styles or files to be blended, and how much of each.

    Weights are made to sum to 1; a missing one counts as 1. What is the path of a file as a whole
    is that file, whatever it holds of commas and colons; so is each part.

    Raises :class:`UsageError` where nothing is named, for a weight that is no number from 0 up,
    and where all are 0.
    """
    text = str(spec)
    if os.path.exists(text) or isinstance(spec, Path):
        return (Part(text),)
    parts = [_part(part.strip(), text) for part in _between_commas(text)]
    total = sum(part.weight for part in parts)
    if not total:
        raise UsageError(f"all weights in {text!r} are 0; give one above 0")
    return tuple(Part(part.name, part.weight / total) for part in parts)


def title(spec: str | Path) -> str:
    """For people: ``"wave"``, ``"wave 70%, mosaic 30%"``."""
    parts = parse(spec)
    if len(parts) == 1:
        return Path(parts[0].name).stem
    return ", ".join(f"{Path(part.name).stem} {part.weight:.0%}" for part in parts)


def stem(spec: str | Path) -> str:
    """For names of files: ``"wave"``, ``"wave+mosaic"``."""
    return "+".join(Path(part.name).stem for part in parse(spec))


def compose(parts: Sequence[Part]) -> str:
    """The spec that :func:`parse` reads as ``parts``."""
    if len(parts) == 1:
        return parts[0].name
    return ",".join(f"{part.name}:{part.weight:.6g}" for part in parts)


def with_files(spec: str, name: Callable[[str], str]) -> str:
    """The same spec with ``name(path)`` for the path of each file. Weights stay as they are
    written: in other digits they would be others."""
    if os.path.isfile(spec):
        return name(spec)
    pieces = [_name_and_weight(part.strip()) for part in _between_commas(spec)]
    named = [(name(part) if os.path.isfile(part) else part, weight) for part, weight in pieces]
    return named[0][0] if len(named) == 1 else ",".join(map(":".join, named))


def _between_commas(text: str) -> Iterator[str]:
    """The path of a file is one piece, the longest that is there, whatever commas it has."""
    pieces = text.split(",")
    while pieces:
        longer = range(len(pieces), 1, -1)
        taken = next((n for n in longer if _is_there(",".join(pieces[:n]))), 1)
        yield ",".join(pieces[:taken])
        del pieces[:taken]


def _is_there(part: str) -> bool:
    """Whether ``part`` is a file, or one and its weight."""
    return os.path.exists(_name_and_weight(part.strip())[0])


def _name_and_weight(text: str) -> tuple[str, str]:
    """Without a number at its end, and where it is a file as it stands, all of ``text`` is name."""
    name, colon, weight = text.rpartition(":")
    if os.path.exists(text) or not colon or not _is_number(weight):
        return text, "1"
    return name, weight


def _part(text: str, spec: str) -> Part:
    name, weight = _name_and_weight(text)
    if not name.strip():
        raise UsageError(
            f"{spec!r} leaves a name out; write NAME, or A:0.7,B:0.3 to blend; "
            "see: realtime-nst styles"
        )
    if not 0 <= float(weight) < math.inf:
        raise UsageError(
            f"the weight {weight!r} in {spec!r} is not valid; give a number from 0 up, as 0.7"
        )
    return Part(name.strip(), float(weight))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
