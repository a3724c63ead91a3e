"""Sizes as text: of a picture (``"480"``, ``"640x360"``) and of a brush (``"auto"``, ``"1.5"``)."""

import math
import re
from dataclasses import dataclass

from realtime_nst.errors import UsageError


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


LARGEST_SIDE = 32768
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


STYLE_LINES = 480
"""Lines of a picture whose strokes are as large, against the picture, as the styles were made."""

_BRUSHES = {"auto": 1.0, "bold": 2.0}
_FINE = "fine"
_LEAST_BRUSH, _MOST_BRUSH = 0.25, 4.0
BRUSHES = ("0.5", "0.7", "auto", "1.4", "bold")
"""Those that people step through, from the smallest on."""

_PAINTED_MULTIPLE = 8
"""Pixels: sides painted at another size than the picture's are multiples of it."""

_MOST_ENLARGED = 4.0
"""Times, of each side, for auto: in a picture of a quarter of STYLE_LINES strokes are about 3
pixels wide, and in a smaller one nobody sees them."""

_MOST_PIXELS = 2**23
"""A picture is not enlarged beyond this, nor beyond LARGEST_SIDE, before it is painted."""


@dataclass(frozen=True)
class Brush:
    """How large strokes are: ``factor`` times those that a style has in a picture of STYLE_LINES,
    whatever the size of the picture. None: as many pixels as the network was trained with."""

    factor: float | None

    def of(self, width: int, height: int, scale: float = 1.0) -> tuple[int, int]:
        """The width and height that a picture of ``width`` x ``height`` is painted at, times
        ``scale``. The picture's own, if that is painted in full."""
        if self.factor is not None:
            asked = min(STYLE_LINES / min(width, height), _MOST_ENLARGED) / self.factor
            room = (_MOST_PIXELS / (width * height)) ** 0.5, LARGEST_SIDE / max(width, height)
            scale *= min(asked, max(1.0, min(room)))
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


def brush_beside(text: str, by: int, painted: int) -> str | None:
    """The one of BRUSHES that is next larger (``by`` 1) or smaller (-1) than the brush ``text``,
    whose pictures are painted with a shorter side of ``painted`` pixels; None if there is none."""
    now = parse_brush(text).factor or STYLE_LINES / max(1, painted)
    beside = [each for each in BRUSHES if by * (parse_brush(each).factor or 1) > by * now]
    return beside[0 if by > 0 else -1] if beside else None
