"""Light levels as the encoders take them, to be written into the stream."""

from collections.abc import Callable, Mapping
from fractions import Fraction

from realtime_nst.media.light_levels import LightLevels


def hdr_options(option: str, options: Mapping[str, str], levels: LightLevels) -> dict[str, str]:
    """``options`` of an encoder whose own parameters are those of ``option``, with ``levels``."""
    params = [options.get(option, ""), *_PARAMETERS[option](levels)]
    return {**options, option: ":".join(filter(None, params))}


def _of_x265(levels: LightLevels) -> list[str]:
    """In steps of 0.00002 and 0.0001 nit (ITU-T H.265, D.3.28)."""
    found = []
    if levels.primaries and levels.display:
        places = [round(value * 50_000) for value in levels.primaries]
        least, most = (round(value * 10_000) for value in levels.display)
        found.append(f"master-display={_display(places, most, least)}")
    if levels.content:
        found.append("max-cll={},{}".format(*levels.content))
    return found


def _of_svt(levels: LightLevels) -> list[str]:
    found = []
    if levels.primaries and levels.display:
        places = [_decimal(value) for value in levels.primaries]
        least, most = (_decimal(value) for value in levels.display)
        found.append(f"mastering-display={_display(places, most, least)}")
    if levels.content:
        found.append("content-light={},{}".format(*levels.content))
    return found


def _display(places: list[int] | list[str], most: int | str, least: int | str) -> str:
    red, green, blue, white = zip(places[::2], places[1::2], strict=True)
    points = zip("G B R WP".split(), (green, blue, red, white), strict=True)
    listed = "".join(f"{name}({x},{y})" for name, (x, y) in points)
    return f"{listed}L({most},{least})"


def _decimal(value: Fraction) -> str:
    return f"{float(value):.6f}"


_PARAMETERS: Mapping[str, Callable[[LightLevels], list[str]]] = {
    "x265-params": _of_x265,
    "svtav1-params": _of_svt,
}
