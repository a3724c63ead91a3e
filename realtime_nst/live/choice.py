"""What is painted in, chosen while it runs: the style and the brush."""

from collections.abc import Sequence

from realtime_nst.live.background import Background
from realtime_nst.live.notes import Notes
from realtime_nst.paint import Paint
from realtime_nst.sizes import brush_beside
from realtime_nst.spec import title


class _Wish:
    """A value wanted for one ``setting`` of the look, prepared in the background.

    What cannot be painted in is noted, and the value before stays.
    """

    def __init__(self, setting: str, painting: Paint, background: Background, notes: Notes) -> None:
        self._setting, self._painting = setting, painting
        self._background, self._notes = background, notes
        self.wanted: str | None = None  # cleared on another thread

    @property
    def current(self) -> str:
        """What is wanted, or else what is painted in."""
        return self.wanted or getattr(self._painting.look, self._setting)

    def take(self, value: str) -> None:
        self.wanted = value
        self._background.do(self._setting, lambda: self._change(value))

    def _change(self, value: str) -> None:
        try:
            self._painting.change(**{self._setting: value})
        except Exception as error:  # shown on the picture, whatever it is: the run goes on
            self._notes.tell(str(error))
        finally:
            if self.wanted == value:
                self.wanted = None


class StyleChoice:
    """Sets the style of ``painting`` to one of ``styles``; it is loaded in ``background``."""

    def __init__(
        self, painting: Paint, styles: Sequence[str], background: Background, notes: Notes
    ) -> None:
        self._painting, self._styles, self._notes = painting, list(styles), notes
        self._wish = _Wish("style", painting, background, notes)

    @property
    def style(self) -> str:
        return self._painting.look.style

    @property
    def count(self) -> int:
        return len(self._styles)

    @property
    def titles(self) -> tuple[str, ...]:
        """All styles, as shown to people."""
        return tuple(title(style) for style in self._styles)

    @property
    def loading(self) -> str:
        """A note on the style that is being loaded; empty when there is none."""
        wanted = self._wish.wanted
        return f"loading {title(wanted)}" if wanted else ""

    def choose(self, number: int) -> bool:
        """Take the style of that number, counted from 0. False where there is none."""
        if number >= len(self._styles):
            self._notes.say(f"no style {number + 1}, there are {len(self._styles)}")
            return False
        style = self._styles[number]
        if self._wish.wanted or style != self.style:
            self._wish.take(style)
        return True

    def after(self, by: int) -> int:
        """The number of the style ``by`` further on; after the last comes the first."""
        now = self._wish.current
        at = self._styles.index(now) if now in self._styles else -1
        return (at + by) % len(self._styles)


class BrushChoice:
    """Sets the brush of ``painting``; the size it paints at is compiled for in ``background``."""

    def __init__(self, painting: Paint, background: Background, notes: Notes) -> None:
        self._painting, self._notes = painting, notes
        self._wish = _Wish("brush", painting, background, notes)

    def step(self, by: int) -> None:
        """Take the next larger brush (1) or the next smaller one (-1), if there is one."""
        now = self._wish.current
        brush = brush_beside(now, by, min(self._painting.painted_size))
        if brush is None:
            self._notes.say(f"brush: {now}; there is no {'larger' if by > 0 else 'smaller'} one")
            return
        self._notes.say(f"brush: {brush}")
        self._wish.take(brush)
