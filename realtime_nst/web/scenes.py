"""The picture that the page begins with, painted here: it is seen before anything is loaded."""

from fractions import Fraction
from functools import cache

import cv2

from realtime_nst.look import Look
from realtime_nst.paint import Paint
from realtime_nst.runtime.networks import Networks
from realtime_nst.sources.synthetic import SyntheticSource
from realtime_nst.stream import Frame, Image

_SIZE = 960, 720
_QUALITY = 88


@cache
def scenes() -> tuple[bytes, bytes]:
    """The generated scene, and how it looks when it is painted, as JPEG files.

    Raises the errors of :class:`~realtime_nst.paint.Paint`.
    """
    scene = SyntheticSource(*_SIZE, frames=1).picture(0)
    painting = Paint(Look(stabilise="off"), Networks("cpu"))  # it needs no time to be compiled
    painted = painting(Frame(scene, 0, Fraction(0), 0.0))
    return _jpeg(scene), _jpeg(painted.image)


def _jpeg(image: Image) -> bytes:
    flags = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY, cv2.IMWRITE_JPEG_PROGRESSIVE, 1]
    return cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), flags)[1].tobytes()
