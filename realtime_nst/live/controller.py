"""The live loop: one object that knows source, painting, keys and sinks."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from realtime_nst import pipeline
from realtime_nst.display import Display
from realtime_nst.live.background import Background
from realtime_nst.live.captures import Captures
from realtime_nst.live.choice import BrushChoice, StyleChoice
from realtime_nst.live.cross_fade import CrossFade
from realtime_nst.live.keys import HELP, Keys
from realtime_nst.live.notes import Notes
from realtime_nst.live.overlay import Overlay, RateMeter, draw_overlay
from realtime_nst.live.pace import Pace
from realtime_nst.live.places import PlaceChoice
from realtime_nst.look import View
from realtime_nst.paint import Paint
from realtime_nst.pipeline import Report
from realtime_nst.sinks.tee import TeeSink
from realtime_nst.spec import title
from realtime_nst.stream import Frame, Sink, Source, Unmanaged

_RATE_SECONDS = 2.0
_LATENCIES = 60


class Live:
    """Runs ``painting`` on a source and obeys keys; number keys choose from ``styles``.

    Hand ``on_key`` and ``on_drag`` to the window, then call ``run``. ``fade`` is the seconds from
    one style to the next, ``target_fps`` the rate to hold (0: none is held). Snapshots and
    recordings go to ``folder``. ``full_screen`` is called to toggle it; ``log`` is called, on any
    thread, with each note that still matters when it is no longer on the picture.
    """

    def __init__(
        self,
        painting: Paint,
        styles: Sequence[str],
        *,
        view: View | None = None,
        fade: float = 0.5,
        target_fps: float = 0.0,
        folder: str | Path = ".",
        full_screen: Callable[[], None] = lambda: None,
        log: Callable[[str], None] = lambda note: None,
    ) -> None:
        self._painting = painting
        self._notes = Notes(log)
        self._background = Background()
        self._choice = StyleChoice(painting, styles, self._background, self._notes)
        pace = Pace(painting, target_fps, self._background, self.tell)
        fading = CrossFade(pace, lambda: painting.look.style, fade)
        self._display = Display(fading, view or View(), line=True)
        self.captures, self.report = Captures(Path(folder), self.tell), Report()
        places = PlaceChoice(painting, self._background, self._notes)
        brush = BrushChoice(painting, self._background, self._notes)
        choices = self._choice, places, brush
        self._keys = Keys(
            painting, *choices, self._display, self.captures, self._notes, full_screen
        )
        self._rate = RateMeter(_RATE_SECONDS)
        self._state: Callable[[], str] = lambda: ""

    @property
    def view(self) -> View:
        """How the painting is shown now."""
        return self._display.view

    def run(
        self,
        source: Source,
        display: Sink,
        *others: Sink,
        state: Callable[[], str] = lambda: "",
    ) -> Report:
        """Show ``source`` on ``display`` with the overlay, and on ``others`` without; all must be
        open. ``state`` says in a line what is wrong with the source.

        Ends with the source, when a sink stops, or at the quit key. Raises their errors; a style
        that cannot be loaded is only noted on the picture. A recording is finished in any case.
        """
        self._state = state
        try:
            sink = TeeSink(self.captures, _Overlaid(self._drawn, display), *others)
            return pipeline.run(source, [self._display], sink, self._after_frame)
        finally:
            self.captures.stop()
            self._background.join()

    def on_key(self, key: str) -> None:
        """Do what ``key`` stands for (``keys.BINDINGS``); other keys do nothing."""
        self._keys.press(key)

    def on_drag(self, x: float, y: float) -> None:
        """Move the line of the split view to ``x``, 0 to 1 of the width."""
        if self._display.view.split is not None:
            self._display.view = replace(self._display.view, split=min(1.0, max(0.0, x)))

    def tell(self, note: str) -> None:
        """Show ``note`` on the picture for a while, and log it."""
        self._notes.tell(note)

    def _after_frame(self, report: Report) -> None:
        self.report = report

    def _drawn(self, frame: Frame) -> Frame | None:
        """``frame`` with the overlay on it; None when the user wants to end."""
        self._notes.watch(self._state())
        self._rate.tick(time.monotonic())
        if self._keys.quit:
            return None
        return replace(frame, image=draw_overlay(frame.image, self._overlay()))

    def _overlay(self) -> Overlay:
        recent = list(islice(reversed(self.report.latencies), _LATENCIES)) or [0.0]
        middle, high = np.percentile(recent, (50, 95))
        look = self._painting.look
        return Overlay(
            fps=self._rate.fps,
            latency=float(middle),
            latency_95=float(high),
            dropped=self.report.dropped,
            style="original" if self._display.original else title(self._choice.style),
            provider=self._painting.provider,
            size=self._painting.painted_size,
            look=(
                f"strength {look.strength:.0%}",
                f"brush {look.brush}",
                f"keep colour {look.keep_colour}",
                f"stabilise {look.stabilise}",
            ),
            recording=self.captures.seconds,
            note=self._notes.current(self._choice.loading),
            keys=HELP if self._keys.help else (),
            styles=self._choice.titles if self._keys.help else (),
            figures=self._keys.figures,
        )


class _Overlaid(Unmanaged):
    """``display``, to which frames go as ``draw`` gives them back; None stops."""

    def __init__(self, draw: Callable[[Frame], Frame | None], display: Sink) -> None:
        self._draw, self._display = draw, display

    def write(self, frame: Frame) -> bool:
        drawn = self._draw(frame)
        return drawn is not None and self._display.write(drawn)
