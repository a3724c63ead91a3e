"""What the keys do: the one object that knows source, stages and sinks of a live run."""

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
from realtime_nst.live.background import Background
from realtime_nst.live.cross_fade import CrossFade
from realtime_nst.live.pace import Pace
from realtime_nst.live.recorder import Recorder
from realtime_nst.live.view import View
from realtime_nst.motion.stabilise import Stabilise
from realtime_nst.motion.stabiliser import OFF, STRENGTHS
from realtime_nst.motion.tracking import DEFAULT_SEARCH
from realtime_nst.pipeline import Report
from realtime_nst.runtime.stages import Stylise
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.sinks.pictures import write_picture
from realtime_nst.sinks.tee import TeeSink
from realtime_nst.sinks.video import VideoSink
from realtime_nst.stream import Frame, Image, Sink, Source, Unmanaged

_NOTE_SECONDS = 4.0
_RATE_SECONDS = 2.0
_LATENCIES = 60


class Live:
    """Runs ``stylizer`` on a source and obeys keys; ``styles`` is what number keys choose from.

    Hand ``on_key`` and ``on_drag`` to the window, then call ``run``. ``style`` is the one the
    stylizer begins with (None: the first). ``stabilise``, ``flow`` and ``network_every`` are those
    of :class:`~realtime_nst.motion.stabilise.Stabilise`; ``fade`` is the seconds from one style to
    the next, ``target_fps`` the rate to hold (0: none is held). Snapshots and recordings go to
    ``folder``. ``full_screen`` is called to switch it; ``log`` with each note that matters when it
    is no longer on the picture, on any thread.
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
        mirror: bool = False,
        fade: float = 0.5,
        target_fps: float = 0.0,
        folder: str | Path = ".",
        full_screen: Callable[[], None] = lambda: None,
        log: Callable[[str], None] = lambda note: None,
    ) -> None:
        self._stylizer, self._styles = stylizer, list(styles)
        self.style = style or self._styles[0]
        self._wanted: str | None = None
        self._strength, self._keep_colour, self._original = strength, keep_colour, False
        self._folder, self._full_screen, self._log = Path(folder), full_screen, log
        self._background = Background()
        self.recorder, self.report = Recorder(self.tell), Report()
        self._painter = LiveStylise(Stylise(stylizer, strength, keep_colour))
        self._stabilise = Stabilise(
            self._painter,
            stabilise,
            accuracy=flow,
            network_every=network_every,
            look=lambda: (stylizer.digest, self._painter.inner, self._view.mirror),
        )
        self._pace = Pace(stylizer, self._stabilise, target_fps, self._background, self.tell)
        fading = CrossFade(self._pace.stage, lambda: stylizer.digest, fade)
        self._view = View(fading, mirror=mirror)
        self._rate = RateMeter(_RATE_SECONDS)
        self._latest: Frame | None = None
        self._state: Callable[[], str] = lambda: ""
        self._trouble = ""
        self._note, self._note_until = "", 0.0
        self._help = self._full = self._quit = False
        self._figures = True

    def run(
        self,
        source: Source,
        display: Sink,
        *others: Sink,
        state: Callable[[], str] = lambda: "",
    ) -> Report:
        """Show ``source`` on ``display`` with the figures on it, and on ``others`` without; all
        must be open. ``state`` says in a line what is wrong with the source.

        Ends with the source, when a sink stops, or at the quit key. Raises what they raise; a
        style that cannot be loaded is only noted on the picture. A recording is always ended well.
        """
        self._state = state
        try:
            sink = TeeSink(_Decorated(self._show, display), *others)
            return pipeline.run(source, [self._view], sink, self._after_frame)
        finally:
            self.recorder.stop()
            self._background.join()

    def on_key(self, key: str) -> None:
        """Do what ``key`` stands for (``hud.HELP``); other keys do nothing."""
        if key in "123456789":
            self._choose(int(key) - 1)
        elif key in self._actions():
            self._actions()[key]()

    def on_drag(self, x: float, y: float) -> None:
        """Move the line of the split view to ``x``, 0 to 1 of the width."""
        if self._view.split is not None:
            self._view.split = min(1.0, max(0.0, x))

    def say(self, note: str) -> None:
        """Show ``note`` on the picture for a while."""
        self._note, self._note_until = note, time.monotonic() + _NOTE_SECONDS

    def tell(self, note: str) -> None:
        """Show ``note`` on the picture for a while, and log it."""
        self.say(note)
        self._log(note)

    def _actions(self) -> dict[str, Callable[[], None]]:
        return {
            **dict.fromkeys(("n", "right", "down"), lambda: self._step(1)),
            **dict.fromkeys(("p", "left", "up"), lambda: self._step(-1)),
            **dict.fromkeys("+=", lambda: self._strengthen(0.1)),
            **dict.fromkeys("-_", lambda: self._strengthen(-0.1)),
            "q": self._stop,
            "escape": self._leave,
            "c": self._toggle_colour,
            "t": self._next_stabilising,
            "o": self._toggle_original,
            "v": self._toggle_split,
            "m": self._toggle_mirror,
            " ": self._toggle_freeze,
            "f": self._toggle_full_screen,
            "s": self._snapshot,
            "r": self._toggle_recording,
            "i": self._toggle_figures,
            "h": self._toggle_help,
        }

    def _choose(self, number: int) -> None:
        if number >= len(self._styles):
            self.say(f"no style {number + 1}, there are {len(self._styles)}")
            return
        self._original = False
        self._apply()
        style = self._styles[number]
        if self._wanted or style != self.style:
            self._wanted = style
            self._background.do("style", lambda: self._load(style))

    def _step(self, by: int) -> None:
        now = self._wanted or self.style
        at = self._styles.index(now) if now in self._styles else -1
        self._choose((at + by) % len(self._styles))

    def _load(self, style: str) -> None:
        try:
            self._stylizer.set_style(style)
            self.style = style
        except Exception as error:  # on the picture, whatever it is: the run goes on
            self.tell(str(error))
        finally:
            if self._wanted == style:
                self._wanted = None

    def _strengthen(self, by: float) -> None:
        self._strength = round(min(1.0, max(0.0, self._strength + by)), 2)
        self.say(f"strength {self._strength:.0%}")
        self._apply()

    def _toggle_colour(self) -> None:
        self._keep_colour = not self._keep_colour
        self.say("colours of the source" if self._keep_colour else "colours of the painting")
        self._apply()

    def _next_stabilising(self) -> None:
        strengths = tuple(STRENGTHS)
        at = strengths.index(self._stabilise.strength)
        self._stabilise.strength = strengths[(at + 1) % len(strengths)]
        self.say(f"stabilising {self._stabilise.strength}")

    def _toggle_original(self) -> None:
        self._original = not self._original
        self._apply()

    def _toggle_split(self) -> None:
        self._view.split = 0.5 if self._view.split is None else None

    def _toggle_mirror(self) -> None:
        self._view.mirror = not self._view.mirror
        self.say("mirrored" if self._view.mirror else "not mirrored")

    def _toggle_freeze(self) -> None:
        self._view.frozen = not self._view.frozen
        self.say("frozen; space goes on" if self._view.frozen else "live again")

    def _toggle_full_screen(self) -> None:
        self._full = not self._full
        self._full_screen()

    def _toggle_figures(self) -> None:
        self._figures = not self._figures

    def _toggle_help(self) -> None:
        self._help = not self._help

    def _leave(self) -> None:
        """Full screen first, then the program."""
        if self._full:
            self._toggle_full_screen()
        else:
            self._stop()

    def _stop(self) -> None:
        self._quit = True

    def _snapshot(self) -> None:
        if self._latest is None:
            return
        path = self._named(".png")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_picture(path, self._latest.image)
        except (RealtimeNstError, OSError) as error:
            self.tell(str(error))
        else:
            self.tell(f"saved {path}")

    def _toggle_recording(self) -> None:
        if self.recorder.seconds is not None:
            self.recorder.stop()
            return
        path = self._named(".mp4")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.recorder.start(VideoSink(path))
        except (RealtimeNstError, OSError) as error:
            self.tell(str(error))
        else:
            self.tell(f"recording {path}")

    def _named(self, suffix: str) -> Path:
        name = f"{Path(self.style).stem}-{datetime.now():%Y%m%d-%H%M%S-%f}{suffix}"
        return (self._folder / name).resolve()

    def _apply(self) -> None:
        strength = 0.0 if self._original else self._strength
        self._painter.inner = Stylise(self._stylizer, strength, self._keep_colour)

    def _after_frame(self, report: Report) -> None:
        self.report = report

    def _show(self, frame: Frame) -> Image | None:
        """The frame's picture with the figures on it; None when the user wants to end."""
        self._latest = frame
        self._watch_source()
        self.recorder.write(frame)
        self._rate.tick(time.monotonic())
        return None if self._quit else draw_hud(frame.image, self._hud())

    def _watch_source(self) -> None:
        """Log when the source goes and when it is there again."""
        trouble = self._state()
        if bool(trouble) != bool(self._trouble):
            self._log(trouble or "the source is there again")
        self._trouble = trouble

    def _hud(self) -> Hud:
        recent = list(islice(reversed(self.report.latencies), _LATENCIES)) or [0.0]
        middle, high = np.percentile(recent, (50, 95))
        return Hud(
            fps=self._rate.fps,
            latency=float(middle),
            latency_95=float(high),
            dropped=self.report.dropped,
            style="original" if self._original else Path(self.style).stem,
            provider=self._stylizer.provider,
            size=self._pace.stage.size,
            recording=self.recorder.seconds,
            note=self._current_note(),
            styles=tuple(Path(style).stem for style in self._styles) if self._help else None,
            figures=self._figures,
        )

    def _current_note(self) -> str:
        if self._trouble:
            return self._trouble
        if self._wanted:
            return f"loading {Path(self._wanted).stem}"
        return self._note if time.monotonic() < self._note_until else ""


class LiveStylise:
    """A stage whose ``inner`` stage may be changed from any thread while it runs."""

    def __init__(self, inner: Stylise) -> None:
        self.inner = inner

    def __call__(self, frame: Frame) -> Frame:
        return self.inner(frame)

    def reset(self) -> None:
        self.inner.reset()


class _Decorated(Unmanaged):
    """``display`` with ``decorate`` before it, which gives None to stop."""

    def __init__(self, decorate: Callable[[Frame], Image | None], display: Sink) -> None:
        self._decorate, self._display = decorate, display

    def write(self, frame: Frame) -> bool:
        image = self._decorate(frame)
        return image is not None and self._display.write(replace(frame, image=image))
