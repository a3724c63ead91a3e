"""What a network is shown before it becomes int8, and what judges it after."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from realtime_nst.errors import UsageError
from realtime_nst.learning.data.pictures import find_paintings, hold_out, measurable, read_image
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

_NARROWEST = 8
"""How many times longer than wide a painting may be: the losses look at it at 512 pixels."""


@dataclass(frozen=True)
class Trial:
    """``shown`` may be gone through once. ``photos``: on how many the judges measure."""

    shown: Iterable[Shown]
    judges: Judges
    photos: int


def trial(source: Model, painting: Path, photos: list[Path], extractor: FeatureExtractor) -> Trial:
    """Of ``source`` with its ``painting``; with a folder of paintings where it paints by any.

    Raises UsageError when there are too few photos or paintings, and as :class:`Codes` does. What
    cannot be read of a folder, or is too small or narrow, is passed over.
    """
    calibrated_on, measured_on = divide(photos)
    pictures = list(_pictures(calibrated_on))
    if not source.kind.needs_encoder:
        judges: Judges = [(None, partial(Quality(extractor, painting), photos=measured_on))]
        return Trial(((picture, None) for picture in pictures), judges, len(measured_on))
    paintings = find_paintings(painting, "PAINTING")
    shown_with, judged_by = divide(paintings, "paintings", _JUDGED_BY, _NARROWEST)
    codes = Codes(source, PROVIDERS["cpu"].open(source).code_size)
    judges = [
        (codes(str(path)), partial(Quality(extractor, path), photos=measured_on))
        for path in judged_by
    ]
    return Trial(
        _each_twice(pictures, [codes(str(p)) for p in shown_with]), judges, len(measured_on)
    )


def _each_twice(pictures: Sequence[Image], codes: Sequence[Code]) -> Iterator[Shown]:
    """Every picture with two codes far apart."""
    for index, picture in enumerate(pictures):
        for other in (0, len(codes) // 2):
            yield picture, codes[(index + other) % len(codes)]


def divide(
    pictures: list[Path],
    things: str = "photos",
    measured_on: int = _MEASURED_ON,
    narrowest: float = math.inf,
) -> tuple[list[Path], list[Path]]:
    """Of ``pictures`` those to calibrate on, up to 32, and so many to measure on.

    The latter are those that training holds out. Raises UsageError when there are too few of these
    ``things``.
    """
    rest, held_out = hold_out(pictures, measured_on)
    spread = rest[:: max(1, len(rest) // _CALIBRATED_ON)][:_CALIBRATED_ON]
    found = measurable(spread, narrowest), measurable(held_out, narrowest)
    if not all(found):
        raise UsageError(
            f"{len(pictures)} {things} are too few to calibrate and to measure on; give a folder "
            "of at least ten, of 64x64 pixels or more"
        )
    return found


def _pictures(photos: Sequence[Path]) -> Iterator[Image]:
    """The ``photos`` as RGB uint8, the shorter side at most 240 pixels."""
    for photo in photos:
        image = read_image(photo, shorter=_CALIBRATION_SIDE)
        yield image[0].permute(1, 2, 0).mul(255).byte().numpy()
