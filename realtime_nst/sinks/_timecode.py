"""Time codes, which number the frames of a recording by the clock (SMPTE ST 12-1)."""

import re
from fractions import Fraction


def later(code: str, frames: int, rate: Fraction) -> str:
    """The time code ``frames`` frames after ``code``, ``HH:MM:SS:FF``, at ``rate`` frames a second.

    A ";" before the frames marks drop-frame codes: at 30000/1001 frames a second, the first two
    numbers of each minute are left out, but for every tenth (four at 60000/1001). What is no time
    code is returned as it is.
    """
    match = re.fullmatch(r"(\d\d):(\d\d):(\d\d)([:;.])(\d\d)", code)
    if not match or not frames:
        return code
    hours, minutes, seconds, number = (int(match[group]) for group in (1, 2, 3, 5))
    nominal, mark = round(rate), match[4]
    dropped = nominal // 15 if mark != ":" else 0
    minutes += 60 * hours
    number += (60 * minutes + seconds) * nominal - dropped * (minutes - minutes // 10) + frames
    return _written(number, nominal, dropped, mark)


def _written(number: int, nominal: int, dropped: int, mark: str) -> str:
    tens, rest = divmod(number, 600 * nominal - 9 * dropped)
    whole = 60 * nominal  # the first of ten minutes drops nothing
    behind = 0 if rest < whole else 1 + (rest - whole) // (whole - dropped)
    number += dropped * (9 * tens + behind)
    seconds, frame = divmod(number, nominal)
    hours, minutes = seconds // 3600 % 24, seconds // 60 % 60
    return f"{hours:02d}:{minutes:02d}:{seconds % 60:02d}{mark}{frame:02d}"
