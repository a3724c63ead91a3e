"""How large the strokes are, chosen while it runs."""

from realtime_nst.live.background import Background
from realtime_nst.live.notes import Notes
from realtime_nst.paint import Paint
from realtime_nst.sizes import brush_beside


class BrushChoice:
    """Sets the brush of ``painting``; the size that it paints at is compiled for in ``background``.

    A brush that cannot be painted with is noted, and the one before stays.
    """

    def __init__(self, painting: Paint, background: Background, notes: Notes) -> None:
        self._painting, self._background, self._notes = painting, background, notes
        self._wanted: str | None = None

    def step(self, by: int) -> None:
        """Take the next larger brush (1) or the next smaller one (-1), if there is one."""
        now = self._wanted or self._painting.look.brush
        brush = brush_beside(now, by, min(self._painting.painted_size))
        if brush is None:
            self._notes.say(f"brush: {now}; there is no {'larger' if by > 0 else 'smaller'} one")
            return
        self._wanted = brush
        self._notes.say(f"brush: {brush}")
        self._background.do("brush", lambda: self._take(brush))

    def _take(self, brush: str) -> None:
        try:
            self._painting.change(brush=brush)
        except Exception as error:  # shown on the picture, whatever it is: the run goes on
            self._notes.tell(str(error))
        finally:
            if self._wanted == brush:
                self._wanted = None
