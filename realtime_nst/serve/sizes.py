"""The few sizes pictures are painted at: a network is compiled for each, and kept on disk."""

_SHORTER = (120, 180, 240, 360, 480, 720)
_ASPECTS = (1, 5 / 4, 4 / 3, 3 / 2, 16 / 9)
_STEP = 16


def painted_size(width: int, height: int) -> tuple[int, int]:
    """The width and height a camera picture is painted at; those of usual cameras stay.

    The shorter side is rounded down, but never below 120 pixels, to one of six; the aspect to the
    nearest of five, wide or tall.
    """
    short, long = sorted((width, height))
    side = max((each for each in _SHORTER if each <= short), default=_SHORTER[0])
    aspect = min(_ASPECTS, key=lambda each: abs(each - long / short))
    longer = side if aspect == 1 else round(side * aspect / _STEP) * _STEP
    return (longer, side) if width > height else (side, longer)
