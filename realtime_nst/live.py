"""The live loop: a source to a window, keys that change the painting, figures on the picture.

Nothing here parses arguments; ``Live`` is what ``realtime-nst live`` is made of.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from textwrap import wrap
from types import TracebackType
from typing import Self

import cv2
import numpy as np

from realtime_nst import pipeline
from realtime_nst.errors import RealtimeNstError
from realtime_nst.pipeline import Report
from realtime_nst.runtime.stages import Stylise
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.sinks.pictures import write_picture
from realtime_nst.stream import Frame, Image, Sink, Source

HELP = (
    ("1-9", "style by number"),
    ("arrows, n p", "next, previous style"),
    ("+ -", "strength"),
    ("c", "keep colour"),
    ("o", "original"),
    ("s", "snapshot"),
    ("h", "this help"),
    ("q, Esc", "quit"),
)
_NOTE_SECONDS = 4.0
_RATE_SECONDS = 2.0
_LATENCIES = 60


class Live:
    """Runs ``stylizer`` on a source and obeys keys; ``styles`` is what number keys choose from.

    Hand ``on_key`` to the window, then call ``run``. ``style`` is the one the stylizer begins with
    (None: the first). Snapshots go to the folder ``snapshots``.
    """

    def __init__(
        self,
        stylizer: Stylizer,
        styles: Sequence[str],
        *,
        style: str | None = None,
        strength: float = 1.0,
        keep_colour: bool = False,
        snapshots: str | Path = ".",
    ) -> None:
        self._stylizer = stylizer
        self._styles = list(styles)
        self._style = style or self._styles[0]
        self._loader = _Loader(stylizer.set_style, self._loaded)
        self._strength, self._keep_colour, self._original = strength, keep_colour, False
        self._snapshots = Path(snapshots)
        self._stage = LiveStylise(Stylise(stylizer, strength, keep_colour))
        self._rate = RateMeter(_RATE_SECONDS)
        self._report = Report()
        self._latest: Frame | None = None
        self._note, self._note_until = "", 0.0
        self._help = self._quit = False

    def run(self, source: Source, display: Sink, *others: Sink) -> Report:
        """Show ``source`` on ``display`` with the figures, and hand ``others`` the bare picture.

        All must be open. Ends with the source, when a sink stops, or at the quit key. Raises what
        they raise; a style that cannot be loaded is only noted on the picture.
        """
        try:
            sink = _LiveSink(self._decorate, display, others)
            return pipeline.run(source, [self._stage], sink, self._after_frame)
        finally:
            self._loader.join()

    def on_key(self, key: str) -> None:
        """Do what ``key`` stands for (``HELP``); other keys do nothing."""
        if key in "123456789":
            self._choose(int(key) - 1)
        elif key in self._actions():
            self._actions()[key]()

    def _actions(self) -> dict[str, Callable[[], None]]:
        return {
            **dict.fromkeys(("n", "right", "down"), lambda: self._step(1)),
            **dict.fromkeys(("p", "left", "up"), lambda: self._step(-1)),
            **dict.fromkeys("+=", lambda: self._strengthen(0.1)),
            **dict.fromkeys("-_", lambda: self._strengthen(-0.1)),
            **dict.fromkeys(("q", "escape"), self._stop),
            "c": self._toggle_colour,
            "o": self._toggle_original,
            "s": self._snapshot,
            "h": self._toggle_help,
        }

    def _choose(self, number: int) -> None:
        if number >= len(self._styles):
            self._say(f"no style {number + 1}, there are {len(self._styles)}")
            return
        self._original = False
        self._apply()
        if self._loader.wanted or self._styles[number] != self._style:
            self._loader.load(self._styles[number])

    def _step(self, by: int) -> None:
        now = self._loader.wanted or self._style
        at = self._styles.index(now) if now in self._styles else -1
        self._choose((at + by) % len(self._styles))

    def _loaded(self, style: str, error: Exception | None) -> None:
        if error is None:
            self._style = style
        else:
            self._say(str(error))

    def _strengthen(self, by: float) -> None:
        self._strength = round(min(1.0, max(0.0, self._strength + by)), 2)
        self._say(f"strength {self._strength:.0%}")
        self._apply()

    def _toggle_colour(self) -> None:
        self._keep_colour = not self._keep_colour
        self._say("colours of the source" if self._keep_colour else "colours of the painting")
        self._apply()

    def _toggle_original(self) -> None:
        self._original = not self._original
        self._apply()

    def _toggle_help(self) -> None:
        self._help = not self._help

    def _stop(self) -> None:
        self._quit = True

    def _snapshot(self) -> None:
        if self._latest is None:
            return
        name = f"{Path(self._style).stem}-{datetime.now():%Y%m%d-%H%M%S-%f}.png"
        path = (self._snapshots / name).resolve()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_picture(path, self._latest.image)
        except (RealtimeNstError, OSError) as error:
            self._say(str(error))
        else:
            self._say(f"saved {path}")

    def _apply(self) -> None:
        strength = 0.0 if self._original else self._strength
        self._stage.inner = Stylise(self._stylizer, strength, self._keep_colour)

    def _say(self, note: str) -> None:
        self._note, self._note_until = note, time.monotonic() + _NOTE_SECONDS

    def _after_frame(self, report: Report) -> None:
        self._report = report

    def _decorate(self, frame: Frame) -> Image | None:
        """The frame's picture with the figures on it; None when the user wants to end."""
        self._latest = frame
        self._rate.tick(time.monotonic())
        return None if self._quit else draw_hud(frame.image, self._hud())

    def _hud(self) -> "Hud":
        recent = self._report.latencies[-_LATENCIES:]
        return Hud(
            fps=self._rate.fps,
            latency=float(np.median(recent)) if recent else 0.0,
            dropped=self._report.dropped,
            style="original" if self._original else Path(self._style).stem,
            provider=self._stylizer.provider,
            note=self._current_note(),
            styles=tuple(Path(style).stem for style in self._styles) if self._help else None,
        )

    def _current_note(self) -> str:
        if self._loader.wanted:
            return f"loading {Path(self._loader.wanted).stem}"
        return self._note if time.monotonic() < self._note_until else ""


class LiveStylise:
    """A stage whose ``inner`` stage may be changed from any thread while it runs."""

    def __init__(self, inner: Stylise) -> None:
        self.inner = inner

    def __call__(self, frame: Frame) -> Frame:
        return self.inner(frame)

    def reset(self) -> None:
        self.inner.reset()


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
        if len(self._stamps) < 2:
            return 0.0
        return (len(self._stamps) - 1) / (self._stamps[-1] - self._stamps[0])


class _Loader:
    """Loads styles on a thread beside the picture; of several wishes the last one counts."""

    def __init__(
        self,
        set_style: Callable[[str], None],
        done: Callable[[str, Exception | None], None],
    ) -> None:
        self.wanted: str | None = None
        self._set_style, self._done = set_style, done
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def load(self, style: str) -> None:
        with self._lock:
            running = self.wanted is not None
            self.wanted = style
        if not running:
            self.join()
            self._thread = threading.Thread(
                target=self._work, name="realtime_nst-style", daemon=True
            )
            self._thread.start()

    def join(self) -> None:
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        style = self.wanted
        while style is not None:
            try:
                self._set_style(style)
                self._done(style, None)
            except Exception as error:  # on the picture, whatever it is: the loop goes on
                self._done(style, error)
            with self._lock:
                self.wanted = style = self.wanted if self.wanted != style else None


class _LiveSink:
    """The decorated picture to ``display``, the bare one to ``others``."""

    def __init__(
        self, decorate: Callable[[Frame], Image | None], display: Sink, others: Sequence[Sink]
    ) -> None:
        self._decorate, self._display, self._others = decorate, display, others

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        pass

    def write(self, frame: Frame) -> bool:
        wishes = [sink.write(frame) for sink in self._others]
        image = self._decorate(frame)
        if image is None:
            return False
        return self._display.write(replace(frame, image=image)) and all(wishes)


@dataclass(frozen=True)
class Hud:
    """What is written on the picture. ``latency`` in seconds; ``styles`` shows the help."""

    fps: float
    latency: float
    dropped: int
    style: str
    provider: str
    note: str = ""
    styles: tuple[str, ...] | None = None

    def lines(self) -> list[str]:
        """The status line, and above it the note."""
        status = (
            f"{self.fps:.1f} fps | {self.latency * 1000:.0f} ms | {self.dropped} dropped | "
            f"{self.style} | {self.provider} | h: help"
        )
        return [self.note, status] if self.note else [status]

    def help(self) -> list[str]:
        if self.styles is None:
            return []
        keys = [f"{keys}\t{meaning}" for keys, meaning in HELP]
        return keys + [f"{n}\t{style}" for n, style in enumerate(self.styles[:9], 1)]


def draw_hud(image: Image, hud: Hud) -> Image:
    """A copy of ``image`` with the status at the bottom and, if wanted, the help at the top."""
    drawn = image.copy()
    line = max(12, round(image.shape[0] / 26))
    fitting = max(16, int(image.shape[1] / (0.42 * line)))
    lines = [part for text in hud.lines() for part in wrap(text, fitting)]
    _write(drawn, lines, image.shape[0] - line * len(lines), line)
    _write(drawn, hud.help(), 0, line)
    return drawn


def _write(image: Image, lines: list[str], top: int, line: int) -> None:
    """Light text on a darkened band, ``line`` pixels a line; a tab leads to the second column."""
    band = image[max(0, top) : top + line * len(lines)]
    np.multiply(band, 0.45, out=band, casting="unsafe")
    for number, text in enumerate(lines):
        baseline = top + line * number + round(line * 0.74)
        for column, part in enumerate(text.split("\t")):
            _put(image, part, (line // 3 + column * 7 * line, baseline), line)


def _put(image: Image, text: str, at: tuple[int, int], line: int) -> None:
    plain = text.encode("ascii", "replace").decode()  # OpenCV before 5 draws nothing else
    font, light = cv2.FONT_HERSHEY_SIMPLEX, (240, 240, 240)
    cv2.putText(image, plain, at, font, line / 40, light, 1, cv2.LINE_AA)
