"""How a viewer wants the picture, checked when it comes from a page."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from realtime_nst.errors import UnknownName, UsageError
from realtime_nst.motion.stabiliser import STABILISE_PRESETS
from realtime_nst.runtime.colour import KEEP_COLOUR
from realtime_nst.serve.where import WHERE
from realtime_nst.spec import Part


@dataclass(frozen=True)
class Look:
    """``style`` is a name, ``strength`` 0 to 1, ``keep_colour`` one of KEEP_COLOUR,
    ``stabilise`` one of STABILISE_PRESETS.

    ``mirror`` swaps left and right. Left of ``split``, a share of the width from 0 to 1, the
    picture is shown as it came; None shows all of it painted. ``blend_with`` is the name of a
    style of which there is ``blend_weight``, 0 to 1, in the painting; with None there is nothing
    of another. ``where``, one of WHERE, is painted. Raises UsageError for values that are not so.
    """

    style: str
    strength: float = 1.0
    keep_colour: str = "none"
    stabilise: str = "strong"
    mirror: bool = True
    split: float | None = None
    blend_with: str | None = None
    blend_weight: float = 0.5
    where: str = "everywhere"

    def __post_init__(self) -> None:
        _check_share("strength", self.strength)
        _check_name("way to keep colours", self.keep_colour, KEEP_COLOUR)
        _check_name("strength of stabilising", self.stabilise, STABILISE_PRESETS)
        _check_flag("mirror", self.mirror)
        if self.split is not None:
            _check_share("split", self.split)
        _check_share("blend_weight", self.blend_weight)
        _check_name("place to paint", self.where, WHERE)

    @property
    def parts(self) -> tuple[Part, ...]:
        """What the painting is made of."""
        if self.blend_with is None:
            return (Part(self.style),)
        return (
            Part(self.style, 1 - self.blend_weight),
            Part(self.blend_with, self.blend_weight),
        )

    def paints_as(self, other: "Look") -> bool:
        """Whether at most the split differs, which is laid over what was painted."""
        return replace(self, split=other.split) == other


def changed(look: Look, wish: Mapping[str, Any], styles: Mapping[str, str]) -> Look:
    """``look`` with the fields of ``wish``; ``styles`` are names, and what each blends in.

    Raises UsageError for what no look can have.
    """
    names = [field.name for field in fields(Look)]
    for name in wish:
        _check_name("setting", name, names)
    _check_name("style", wish.get("style", look.style), styles)
    result = replace(look, **wish)
    if result.blend_with is not None:
        others = _others(result.style, styles)
        _check_name(f"style to blend with {result.style!r}", result.blend_with, others)
    return result


def _others(style: str, styles: Mapping[str, str]) -> set[str]:
    """What ``style`` can be blended with."""
    network = styles[style]
    alike = {name for name, other in styles.items() if other == network}
    return alike - {style} if network else set()


def _check_name(kind: str, value: Any, choices: Collection[str]) -> None:
    """Raises UnknownName when ``value`` is none of ``choices``."""
    if not isinstance(value, str) or value not in choices:
        raise UnknownName(kind, str(value)[:40], choices)


def _check_share(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise UsageError(f"{name} is a number from 0 to 1, not {str(value)[:40]!r}")


def _check_flag(name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise UsageError(f"{name} is true or false, not {str(value)[:40]!r}")
