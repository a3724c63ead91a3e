"""What options may say: a style or blend of styles (``"a.jpg:0.7,b.jpg:0.3"``), a size (``"480"``,
``"640x360"``), a brush (``"auto"``, ``"1.5"``), a time (``"1:30"``), and the choices of a type."""

import math
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

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


def absolute(spec: str) -> str:
    """The same spec, its paths absolute, so that it holds in any folder."""
    return compose([replace(part, name=_absolute(part.name)) for part in parse(spec)])


@dataclass(frozen=True)
class Size:
    """A size to paint at: the shorter side in pixels, or exactly ``width`` x ``height``."""

    shorter: int = 0
    width: int = 0
    height: int = 0

    def of(self, width: int, height: int) -> tuple[int, int]:
        """The width and height that a picture of ``width`` x ``height`` is resized to.

        A shorter side keeps the aspect ratio, rounds the longer side to an even number (which
        video codecs need), and never enlarges: enlarging costs time and adds nothing. An exact
        size is taken as it is.
        """
        if not self.shorter:
            return self.width, self.height
        short, long = sorted((width, height))
        if short <= self.shorter:
            return width, height
        scaled = max(self.shorter, 2 * round(long * self.shorter / short / 2))
        return (self.shorter, scaled) if width < height else (scaled, self.shorter)


LARGEST_SIDE = 16384
"""Pixels. Larger frames would need more memory than the computers this is for have."""


def parse_size(text: str) -> Size:
    """``"480"`` is a shorter side of 480, ``"640x360"`` exactly that, width first.

    Raises :class:`UsageError` for anything else, and for a side over LARGEST_SIDE.
    """
    match = re.fullmatch(r"(\d{1,9})(?:[xX×](\d{1,9}))?", text.strip())
    numbers = [int(number) for number in match.groups() if number] if match else []
    if not numbers or not all(1 <= number <= LARGEST_SIDE for number in numbers):
        raise UsageError(
            f"the size {text!r} is not valid; give the shorter side in pixels, as 480, or "
            f"width x height, as 640x360, each from 1 to {LARGEST_SIDE}"
        )
    return Size(shorter=numbers[0]) if len(numbers) == 1 else Size(0, *numbers)


def parse_time(text: str) -> Fraction:
    """Seconds: ``"90"``, ``"90.5"``, ``"1:30"`` or ``"0:01:30.500"``.

    Raises :class:`UsageError` for anything else.
    """
    match = re.fullmatch(r"(?:(?:(\d{1,4}):)?(\d{1,2}):)?(\d{1,9}(?:\.\d{1,20})?)", text.strip())
    hours, minutes, seconds = match.groups(default="0") if match else ("", "", "")
    sixties = ([minutes] if hours != "0" else []) + ([seconds] if ":" in text else [])
    if not match or any(float(value) >= 60 for value in sixties):
        raise UsageError(
            f"the time {text!r} is not valid; give seconds, as 90 or 90.5, or "
            "[HH:]MM:SS, as 1:30 or 0:01:30.5"
        )
    return 3600 * Fraction(hours) + 60 * Fraction(minutes) + Fraction(seconds)


STYLE_LINES = 480
"""Lines of a picture whose strokes are as large, against the picture, as the styles were made."""

_BRUSHES = {"auto": 1.0, "bold": 2.0}
_FINE = "fine"
_LEAST_BRUSH, _MOST_BRUSH = 0.25, 4.0
_PAINTED_MULTIPLE = 8
"""Pixels: sides painted at another size than the picture's are multiples of it."""

_MOST_ENLARGED = 2**23
"""Pixels. A picture is not enlarged beyond this before it is painted."""


@dataclass(frozen=True)
class Brush:
    """How large strokes are: ``factor`` times those that a style has in a picture of STYLE_LINES,
    whatever the size of the picture. None: as many pixels as the network was trained with."""

    factor: float | None

    def of(self, width: int, height: int, scale: float = 1.0) -> tuple[int, int]:
        """The width and height that a picture of ``width`` x ``height`` is painted at, times
        ``scale``. The picture's own, if that is painted in full."""
        if self.factor is not None:
            enlarged = max(1.0, (_MOST_ENLARGED / (width * height)) ** 0.5)
            scale *= min(STYLE_LINES / self.factor / min(width, height), enlarged)
        if scale == 1:
            return width, height
        multiple = _PAINTED_MULTIPLE
        across, down = (max(1, round(n * scale / multiple)) * multiple for n in (width, height))
        return across, down


def parse_brush(text: str) -> Brush:
    """``"auto"``, ``"fine"``, ``"bold"`` or a factor of auto, as ``"1.5"``.

    Raises :class:`UsageError` for anything else.
    """
    if text == _FINE:
        return Brush(None)
    try:
        factor = _BRUSHES[text] if text in _BRUSHES else float(text)
    except ValueError:
        factor = math.nan
    if not _LEAST_BRUSH <= factor <= _MOST_BRUSH:
        raise UsageError(
            f"the brush {text!r} is not valid; give {', '.join(_BRUSHES)}, {_FINE}, or a factor of "
            f"auto from {_LEAST_BRUSH:g} to {_MOST_BRUSH:g}"
        )
    return Brush(factor)


def parse_rate(text: str) -> Fraction:
    """Pictures a second: ``"24"``, ``"12.5"``, ``"30000/1001"``; ``"29.97"`` means the same.

    Raises :class:`UsageError` for anything else, and for what is not above 0 and up to 1000.
    """
    try:
        rate = Fraction(text.strip())
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if not 0 < rate <= 1000:
        raise UsageError(f"the rate {text!r} is not valid; give pictures a second, as 24 or 29.97")
    if rate.denominator == 1:
        return rate
    television = Fraction(round(rate * 1001 / 1000) * 1000, 1001)
    return television if abs(rate - television) < _ROUNDED else rate


_ROUNDED = Fraction(1, 200)


def check_number(name: str, value: float, least: float, most: float) -> None:
    """Raises :class:`UsageError`, which calls ``value`` by ``name``, unless it is from ``least`` to
    ``most``."""
    if not least <= value <= most:
        raise UsageError(
            f"{name} {shown(value)} is out of range; give a number from {shown(least)} to "
            f"{shown(most)}"
        )


def shown(number: float) -> str:
    """``number`` as people write it: 1000000, 0.5."""
    return str(number) if isinstance(number, int) else f"{number:g}"


def choices_of(hint: Any) -> tuple[str, ...]:
    """The values of a ``Literal`` type, or of the items of a tuple of them; else none."""
    item = get_args(hint)[0] if get_origin(hint) is tuple else hint
    return get_args(item) if get_origin(item) is Literal else ()


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


def _absolute(name: str) -> str:
    return str(Path(name).resolve()) if os.path.exists(name) else name
