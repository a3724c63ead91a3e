"""The pictures that an int8 form is calibrated on, and the measures that judge it."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from realtime_nst.errors import UsageError
from realtime_nst.learning.data.pictures import (
    find_paintings,
    hold_out,
    measurable,
    read_image,
    to_image,
)
from realtime_nst.learning.export.quantise import Judges, Shown
from realtime_nst.learning.loss_networks.features import FeatureExtractor
from realtime_nst.learning.training.quality import Quality
from realtime_nst.runtime.codes import Codes
from realtime_nst.runtime.model import Model
from realtime_nst.runtime.providers import PROVIDERS
from realtime_nst.runtime.session import Code
from realtime_nst.stream import Image

_CALIBRATED_ON, _MEASURED_ON, _JUDGED_BY = 32, 24, 8
_CALIBRATION_SIDE = 240

_LONGEST_RATIO = 8
"""A painting may be this many times as long as wide: the losses see it at 512 pixels."""


@dataclass(frozen=True)
class Trial:
    """``shown`` can be iterated over once. ``photos``: how many the judges measure on."""

    shown: Iterable[Shown]
    judges: Judges
    photos: int


def trial(source: Model, painting: Path, photos: list[Path], extractor: FeatureExtractor) -> Trial:
    """The trial of ``source`` with its ``painting``: a folder of paintings if it paints like any.

    Pictures that cannot be read, or are too small or narrow, are skipped. Raises UsageError if
    there are too few photos or paintings, and the errors of :class:`Codes`.
    """
    calibrated_on, measured_on = divide(photos)
    pictures = list(_pictures(calibrated_on))
    if not source.kind.needs_encoder:
        judges: Judges = [(None, partial(Quality(extractor, painting), photos=measured_on))]
        return Trial(((picture, None) for picture in pictures), judges, len(measured_on))
    paintings = find_paintings(painting, "PAINTING")
    shown_with, judged_by = divide(paintings, "paintings", _JUDGED_BY, _LONGEST_RATIO)
    codes = Codes(source, PROVIDERS["cpu"].open(source).code_size)
    judges = [
        (codes(str(path)), partial(Quality(extractor, path), photos=measured_on))
        for path in judged_by
    ]
    return Trial(
        _each_twice(pictures, [codes(str(p)) for p in shown_with]), judges, len(measured_on)
    )


def _each_twice(pictures: Sequence[Image], codes: Sequence[Code]) -> Iterator[Shown]:
    """Every picture with two codes that are far apart in the list."""
    for index, picture in enumerate(pictures):
        for other in (0, len(codes) // 2):
            yield picture, codes[(index + other) % len(codes)]


def divide(
    pictures: list[Path],
    things: str = "photos",
    measured_on: int = _MEASURED_ON,
    longest_ratio: float = math.inf,
) -> tuple[list[Path], list[Path]]:
    """(pictures to calibrate on, at most 32; pictures to measure on), of ``pictures``.

    Training holds out the latter. Raises UsageError, which names ``things``, if they are too few.
    """
    rest, held_out = hold_out(pictures, measured_on)
    spread = rest[:: max(1, len(rest) // _CALIBRATED_ON)][:_CALIBRATED_ON]
    found = measurable(spread, longest_ratio), measurable(held_out, longest_ratio)
    if not all(found):
        raise UsageError(
            f"of {len(pictures)} {things}, {len(measurable(pictures, longest_ratio))} can be read "
            "and have 64x64 pixels or more, too few to calibrate and to measure on; give ten or "
            "more such"
        )
    return found


def _pictures(photos: Sequence[Path]) -> Iterator[Image]:
    """The ``photos`` as RGB uint8, the shorter side at most 240 pixels."""
    for photo in photos:
        yield to_image(read_image(photo, shorter=_CALIBRATION_SIDE))
