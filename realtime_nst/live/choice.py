"""Which style is painted in, chosen while it runs."""

from collections.abc import Sequence

from realtime_nst.live.background import Background
from realtime_nst.live.notes import Notes
from realtime_nst.paint import Paint
from realtime_nst.spec import title


class StyleChoice:
    """Sets the style of ``painting`` to one of ``styles``; it is loaded in ``background``.

    A style that cannot be loaded is noted, and the one before stays.
    """

    def __init__(
        self, painting: Paint, styles: Sequence[str], background: Background, notes: Notes
    ) -> None:
        self._painting, self._styles = painting, list(styles)
        self._background, self._notes = background, notes
        self._wanted: str | None = None

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
        wanted = self._wanted  # cleared on another thread
        return f"loading {title(wanted)}" if wanted else ""

    def choose(self, number: int) -> bool:
        """Take the style of that number, counted from 0. False where there is none."""
        if number >= len(self._styles):
            self._notes.say(f"no style {number + 1}, there are {len(self._styles)}")
            return False
        style = self._styles[number]
        if self._wanted or style != self.style:
            self._wanted = style
            self._background.do("style", lambda: self._load(style))
        return True

    def after(self, by: int) -> int:
        """The number of the style ``by`` further on; after the last comes the first."""
        now = self._wanted or self.style
        at = self._styles.index(now) if now in self._styles else -1
        return (at + by) % len(self._styles)

    def _load(self, style: str) -> None:
        try:
            self._painting.change(style=style)
        except Exception as error:  # shown on the picture, whatever it is: the run goes on
            self._notes.tell(str(error))
        finally:
            if self._wanted == style:
                self._wanted = None
