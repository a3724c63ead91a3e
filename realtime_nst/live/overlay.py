"""The overlay of live mode: figures, notes and the help, written on the picture."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from textwrap import wrap

import cv2
import numpy as np

from realtime_nst.live.keys import LAST, NUMBERS
from realtime_nst.stream import Image

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_COLUMNS = (0, 6, 19, 20)
"""Where columns begin, in heights of a line."""


class RateMeter:
    """Frames a second over the last ``seconds``: n stamps span n - 1 intervals."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._stamps: deque[float] = deque()

    def tick(self, now: float) -> None:
        self._stamps.append(now)
        while now - self._stamps[0] > self._seconds:
            self._stamps.popleft()

    @property
    def fps(self) -> float:
        """0 until two frames lie within the window."""
        span = self._stamps[-1] - self._stamps[0] if self._stamps else 0.0
        return (len(self._stamps) - 1) / span if span else 0.0


@dataclass(frozen=True)
class Overlay:
    """What is written on the picture.

    ``latency`` and ``latency_95`` are the 50th and 95th percentile in seconds, ``size`` the width
    and height painted, ``look`` its settings, ``recording`` its length in seconds (None: there is
    none). ``keys`` and ``styles`` are the help (empty: not shown); ``figures`` shows the status
    line.
    """

    fps: float
    latency: float
    latency_95: float
    dropped: int
    style: str
    provider: str
    size: tuple[int, int] = (0, 0)
    look: Sequence[str] = ()
    recording: float | None = None
    note: str = ""
    keys: Sequence[tuple[str, str]] = ()
    styles: Sequence[str] = ()
    figures: bool = True

    def lines(self) -> list[str]:
        """The note, and below it the status line."""
        status = " | ".join(
            [
                *([] if self.recording is None else [f"REC {_minutes(self.recording)}"]),
                f"{self.fps:.1f} fps",
                f"{self.latency * 1000:.0f} ms, p95 {self.latency_95 * 1000:.0f}",
                f"{self.dropped} dropped",
                self.style,
                *self.look,
                self.provider,
                f"painted at {self.size[0]}x{self.size[1]}",
                "h: help",
            ]
        )
        return [*filter(None, [self.note]), *([status] if self.figures else [])]

    def help(self) -> list[str]:
        """The keys beside the styles, a tab between columns."""
        beyond = len(self.styles) - len(NUMBERS)
        numbers = [*NUMBERS, *[""] * (beyond - 1), *[LAST] * (beyond > 0)]
        styles = zip(numbers, self.styles, strict=False)
        rows = zip_longest(self.keys, styles, fillvalue=("", ""))
        return ["\t".join([*keys, *style]) for keys, style in rows]


def _minutes(seconds: float) -> str:
    return f"{seconds // 60:.0f}:{seconds % 60:02.0f}"


def draw_overlay(image: Image, overlay: Overlay) -> Image:
    """A copy of ``image`` with the status at the bottom and, if wanted, the help at the top."""
    drawn = image.copy()
    line = max(12, round(image.shape[0] / 26))
    lines = [part for text in overlay.lines() for part in _wrapped(text, image.shape[1], line)]
    _write(drawn, lines, image.shape[0] - line * len(lines), line)
    _write(drawn, overlay.help(), 0, line)
    return drawn


def _wrapped(text: str, width: int, line: int) -> list[str]:
    (needed, _), _ = cv2.getTextSize(_plain(text), _FONT, line / 40, 1)
    return wrap(text, max(16, len(text) * (width - line) // max(1, needed)))


def _write(image: Image, lines: list[str], top: int, line: int) -> None:
    """Light text on a darkened band, ``line`` pixels a line; a tab leads to the next column."""
    band = image[max(0, top) : top + line * len(lines)]
    np.multiply(band, 0.45, out=band, casting="unsafe")
    for number, text in enumerate(lines):
        baseline = top + line * number + round(line * 0.74)
        for column, part in zip(_COLUMNS, text.split("\t"), strict=False):
            _put(image, part, (line // 3 + column * line, baseline), line)


def _put(image: Image, text: str, at: tuple[int, int], line: int) -> None:
    light = (240, 240, 240)
    cv2.putText(image, _plain(text), at, _FONT, line / 40, light, 1, cv2.LINE_AA)


def _plain(text: str) -> str:
    return text.encode("ascii", "replace").decode()  # OpenCV before 5 draws nothing else
