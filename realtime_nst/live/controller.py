"""The one object that knows source, stages and sinks of a live run."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from realtime_nst import pipeline
from realtime_nst.hud import Hud, RateMeter, draw_hud
from realtime_nst.live.background import Background
from realtime_nst.live.brush import Brush
from realtime_nst.live.choice import StyleChoice
from realtime_nst.live.cross_fade import CrossFade
from realtime_nst.live.keeping import Keeping
from realtime_nst.live.keys import Keys
from realtime_nst.live.notes import Notes
from realtime_nst.live.pace import Pace
from realtime_nst.live.view import View
from realtime_nst.masks.mask import Mask
from realtime_nst.masks.within import Within
from realtime_nst.motion.flow import DEFAULT_FLOW
from realtime_nst.motion.stabilise import Stabilise
from realtime_nst.motion.stabiliser import OFF
from realtime_nst.pipeline import Report
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.sinks.tee import TeeSink
from realtime_nst.stream import Frame, Image, Sink, Source, Unmanaged

_RATE_SECONDS = 2.0
_LATENCIES = 60


class Live:
    """Runs ``stylizer`` on a source and obeys keys; ``styles`` is what number keys choose from.

    Hand ``on_key`` and ``on_drag`` to the window, then call ``run``. ``style`` is the one the
    stylizer begins with (None: the first). ``stabilise``, ``flow`` and ``network_every`` are those
    of :class:`~realtime_nst.motion.stabilise.Stabilise`; ``fade`` is the seconds from one style to
    the next, ``target_fps`` the rate to hold (0: none is held). With ``mask`` only
    what it says is painted, and beyond it ``rest`` paints, if given. Snapshots and recordings go to
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
        keep_colour: str = "none",
        stabilise: str = OFF,
        flow: str = DEFAULT_FLOW,
        network_every: int = 1,
        mirror: bool = False,
        fade: float = 0.5,
        target_fps: float = 0.0,
        mask: Mask | None = None,
        rest: Stylizer | None = None,
        folder: str | Path = ".",
        full_screen: Callable[[], None] = lambda: None,
        log: Callable[[str], None] = lambda note: None,
    ) -> None:
        self._notes = Notes(log)
        self._background = Background()
        self._choice = StyleChoice(
            stylizer, styles, style or styles[0], self._background, self._notes
        )
        beyond = Brush(rest, strength, keep_colour) if rest else None
        self._brush = Brush(stylizer, strength, keep_colour, beyond)
        stabilisers = [
            Stabilise(
                brush,
                stabilise,
                accuracy=flow,
                network_every=network_every,
                look=lambda brush=brush: (brush.look, self._view.mirror),  # type: ignore[misc]
            )
            for brush in (self._brush, beyond)
            if brush
        ]
        painting = Within(mask, *stabilisers) if mask else stabilisers[0]
        self._pace = Pace(
            painting, stabilisers, self._brush.prepare, target_fps, self._background, self.tell
        )
        fading = CrossFade(self._pace.stage, lambda: stylizer.digest, fade)
        self._view: View = View(fading, mirror=mirror)
        self._keeping = Keeping(Path(folder), self.tell)
        self.recorder, self.report = self._keeping.recorder, Report()
        self._keys = Keys(
            self._choice,
            self._brush,
            stabilisers,
            self._view,
            self._keeping,
            self._notes,
            full_screen,
        )
        self._stylizer = stylizer
        self._rate = RateMeter(_RATE_SECONDS)
        self._state: Callable[[], str] = lambda: ""

    @property
    def style(self) -> str:
        """The one in use, as it is in ``styles``."""
        return self._choice.style

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
        self._keys.press(key)

    def on_drag(self, x: float, y: float) -> None:
        """Move the line of the split view to ``x``, 0 to 1 of the width."""
        if self._view.split is not None:
            self._view.split = min(1.0, max(0.0, x))

    def tell(self, note: str) -> None:
        """Show ``note`` on the picture for a while, and log it."""
        self._notes.tell(note)

    def _after_frame(self, report: Report) -> None:
        self.report = report

    def _show(self, frame: Frame) -> Image | None:
        """The frame's picture with the figures on it; None when the user wants to end."""
        self._notes.watch(self._state())
        self._keeping.write(frame)
        self._rate.tick(time.monotonic())
        return None if self._keys.quit else draw_hud(frame.image, self._hud())

    def _hud(self) -> Hud:
        recent = list(islice(reversed(self.report.latencies), _LATENCIES)) or [0.0]
        middle, high = np.percentile(recent, (50, 95))
        return Hud(
            fps=self._rate.fps,
            latency=float(middle),
            latency_95=float(high),
            dropped=self.report.dropped,
            style="original" if self._brush.original else self._choice.title,
            provider=self._stylizer.provider,
            size=self._pace.stage.size,
            recording=self.recorder.seconds,
            note=self._notes.current(self._choice.loading),
            styles=self._choice.titles if self._keys.help else None,
            figures=self._keys.figures,
        )


class _Decorated(Unmanaged):
    """``display`` with ``decorate`` before it, which gives None to stop."""

    def __init__(self, decorate: Callable[[Frame], Image | None], display: Sink) -> None:
        self._decorate, self._display = decorate, display

    def write(self, frame: Frame) -> bool:
        image = self._decorate(frame)
        return image is not None and self._display.write(replace(frame, image=image))
