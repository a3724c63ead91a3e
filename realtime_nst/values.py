"""Values that options take: times, rates, numbers within bounds, and the choices of a type."""

import re
from fractions import Fraction
from typing import Any, Literal, get_args, get_origin

from realtime_nst.errors import UsageError


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
