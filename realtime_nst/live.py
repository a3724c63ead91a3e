"""The live loop: a source to a window, keys that change the painting, figures on the picture.

Nothing here parses arguments; ``Live`` is what ``realtime-nst live`` is made of.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path

import numpy as np

from realtime_nst import pipeline
from realtime_nst.errors import RealtimeNstError
from realtime_nst.hud import Hud, RateMeter, draw_hud
from realtime_nst.motion.stabilise import Stabilise
from realtime_nst.motion.stabiliser import OFF, STRENGTHS
from realtime_nst.motion.tracking import DEFAULT_SEARCH
from realtime_nst.pipeline import Report
from realtime_nst.runtime.stages import Stylise
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.sinks.pictures import write_picture
from realtime_nst.stream import Frame, Image, Sink, Source, Unmanaged

_NOTE_SECONDS = 4.0
_RATE_SECONDS = 2.0
_LATENCIES = 60


class Live:
    """Runs ``stylizer`` on a source and obeys keys; ``styles`` is what number keys choose from.

    Hand ``on_key`` to the window, then call ``run``. ``style`` is the one the stylizer begins with
    (None: the first). ``stabilise``, ``flow`` and ``network_every`` are those of
    :class:`~realtime_nst.motion.stabilise.Stabilise`. Snapshots go to the folder ``snapshots``.
    """

    def __init__(
        self,
        stylizer: Stylizer,
        styles: Sequence[str],
        *,
        style: str | None = None,
        strength: float = 1.0,
        keep_colour: bool = False,
        stabilise: str = OFF,
        flow: str = DEFAULT_SEARCH,
        network_every: int = 1,
        snapshots: str | Path = ".",
    ) -> None:
        self._stylizer = stylizer
        self._styles = list(styles)
        self._style = style or self._styles[0]
        self._loader = _Loader(stylizer.set_style, self._loaded)
        self._strength, self._keep_colour, self._original = strength, keep_colour, False
        self._snapshots = Path(snapshots)
        self._painter = LiveStylise(Stylise(stylizer, strength, keep_colour))
        self._stage = Stabilise(
            self._painter,
            stabilise,
            accuracy=flow,
            network_every=network_every,
            look=lambda: (stylizer.digest, self._painter.inner),
        )
        self._rate = RateMeter(_RATE_SECONDS)
        self._report = Report()
        self._latest: Frame | None = None
        self._note, self._note_until = "", 0.0
        self._help = self._quit = False

    def run(self, source: Source, display: Sink) -> Report:
        """Show ``source`` on ``display`` with the figures on it; both must be open.

        Ends with the source, when the display stops, or at the quit key. Raises what they raise; a
        style that cannot be loaded is only noted on the picture.
        """
        try:
            sink = _Decorated(self._decorate, display)
            return pipeline.run(source, [self._stage], sink, self._after_frame)
        finally:
            self._loader.join()

    def on_key(self, key: str) -> None:
        """Do what ``key`` stands for (``hud.HELP``); other keys do nothing."""
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
            "t": self._next_stabilising,
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

    def _next_stabilising(self) -> None:
        strengths = tuple(STRENGTHS)
        at = strengths.index(self._stage.strength)
        self._stage.strength = strengths[(at + 1) % len(strengths)]
        self._say(f"stabilising {self._stage.strength}")

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
        self._painter.inner = Stylise(self._stylizer, strength, self._keep_colour)

    def _say(self, note: str) -> None:
        self._note, self._note_until = note, time.monotonic() + _NOTE_SECONDS

    def _after_frame(self, report: Report) -> None:
        self._report = report

    def _decorate(self, frame: Frame) -> Image | None:
        """The frame's picture with the figures on it; None when the user wants to end."""
        self._latest = frame
        self._rate.tick(time.monotonic())
        return None if self._quit else draw_hud(frame.image, self._hud())

    def _hud(self) -> Hud:
        recent = list(islice(reversed(self._report.latencies), _LATENCIES))
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


class _Decorated(Unmanaged):
    """``display`` with ``decorate`` before it, which gives None to stop."""

    def __init__(self, decorate: Callable[[Frame], Image | None], display: Sink) -> None:
        self._decorate, self._display = decorate, display

    def write(self, frame: Frame) -> bool:
        image = self._decorate(frame)
        return image is not None and self._display.write(replace(frame, image=image))
