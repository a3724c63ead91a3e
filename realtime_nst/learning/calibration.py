"""What a network is shown before it becomes int8, and what judges it after."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from realtime_nst.errors import UsageError
from realtime_nst.learning.data import decode, find_paintings, hold_out, measurable, read_image
from realtime_nst.learning.losses.perception import Perception
from realtime_nst.learning.measure import Quality
from realtime_nst.learning.quantise import Judges, Shown
from realtime_nst.runtime.card import ARBITRARY
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


def trial(source: Model, painting: Path, photos: list[Path], perception: Perception) -> Trial:
    """Of ``source`` with its ``painting``; with a folder of paintings where it paints by any.

    Raises UsageError when there are too few photos or paintings, and as :class:`Codes` does. What
    cannot be read of a folder, or is too small or narrow, is passed over.
    """
    calibrated_on, measured_on = divide(photos)
    pictures = list(_pictures(calibrated_on))
    if source.card.kind != ARBITRARY:
        judges: Judges = [(None, partial(Quality(perception, painting), photos=measured_on))]
        return Trial(((picture, None) for picture in pictures), judges, len(measured_on))
    shown_with, judged_by = _divided(find_paintings(painting, "PAINTING"))
    codes = Codes(source, PROVIDERS["cpu"].open(source).code_size)
    judges = [
        (codes(str(path)), partial(Quality(perception, path), photos=measured_on))
        for path in judged_by
    ]
    return Trial(
        _each_twice(pictures, [codes(str(p)) for p in shown_with]), judges, len(measured_on)
    )


def _divided(paintings: list[Path]) -> tuple[list[Path], list[Path]]:
    """Those to calibrate with, up to 32, and those to judge by, up to 8."""
    rest, held_out = hold_out(paintings, _JUDGED_BY)
    shown_with, judges = _usable(_spread(rest)), _usable(held_out)
    if not shown_with or not judges:
        raise UsageError(
            f"{len(paintings)} paintings are too few to calibrate with and to judge by; give a "
            "folder of at least ten, of 64x64 pixels or more"
        )
    return shown_with, judges


def _usable(paintings: Sequence[Path]) -> list[Path]:
    images = ((path, decode(path)) for path in measurable(list(paintings)))
    return [
        path
        for path, image in images
        if image is not None and max(image.shape[:2]) <= _NARROWEST * min(image.shape[:2])
    ]


def _spread(paths: Sequence[Path]) -> Sequence[Path]:
    return paths[:: max(1, len(paths) // _CALIBRATED_ON)][:_CALIBRATED_ON]


def _each_twice(pictures: Sequence[Image], codes: Sequence[Code]) -> Iterator[Shown]:
    """Every picture with two codes far apart."""
    for index, picture in enumerate(pictures):
        for other in (0, len(codes) // 2):
            yield picture, codes[(index + other) % len(codes)]


def divide(photos: list[Path]) -> tuple[list[Path], list[Path]]:
    """Of ``photos`` those to calibrate on, up to 32, and those to measure on, up to 24.

    The latter are those that training holds out. Raises UsageError when there are too few.
    """
    rest, held_out = hold_out(photos, _MEASURED_ON)
    calibrated_on, measured_on = measurable(list(_spread(rest))), measurable(held_out)
    if not calibrated_on or not measured_on:
        raise UsageError(
            f"{len(photos)} photos are too few to calibrate and to measure on; give a folder of "
            "at least ten, of 64x64 pixels or more"
        )
    return calibrated_on, measured_on


def _pictures(photos: Sequence[Path]) -> Iterator[Image]:
    """The ``photos`` as RGB uint8, the shorter side at most 240 pixels."""
    for photo in photos:
        image = read_image(photo, shorter=_CALIBRATION_SIDE)
        yield image[0].permute(1, 2, 0).mul(255).byte().numpy()
