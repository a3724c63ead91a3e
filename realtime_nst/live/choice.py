"""Which style is painted with, changed while it runs."""

from collections.abc import Sequence

from realtime_nst.live.background import Background
from realtime_nst.live.notes import Notes
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.spec import title


class StyleChoice:
    """``style`` of ``styles`` is in use; another one is loaded beside it in ``background``.

    A style that cannot be loaded is noted, and the one before stays.
    """

    def __init__(
        self,
        stylizer: Stylizer,
        styles: Sequence[str],
        style: str,
        background: Background,
        notes: Notes,
    ) -> None:
        self.style = style
        self._stylizer, self._styles = stylizer, list(styles)
        self._background, self._notes = background, notes
        self._wanted: str | None = None

    @property
    def titles(self) -> tuple[str, ...]:
        """All styles, as shown."""
        return tuple(title(style) for style in self._styles)

    @property
    def title(self) -> str:
        return title(self.style)

    @property
    def loading(self) -> str:
        """A note on the style that is being loaded; empty where none is."""
        wanted = self._wanted  # cleared on another thread
        return f"loading {title(wanted)}" if wanted else ""

    def choose(self, number: int) -> bool:
        """Take the style of that number, counted from 0; whether there is one."""
        if number >= len(self._styles):
            self._notes.say(f"no style {number + 1}, there are {len(self._styles)}")
            return False
        style = self._styles[number]
        if self._wanted or style != self.style:
            self._wanted = style
            self._background.do("style", lambda: self._load(style))
        return True

    def after(self, by: int) -> int:
        """The number of the style ``by`` further, round and round."""
        now = self._wanted or self.style
        at = self._styles.index(now) if now in self._styles else -1
        return (at + by) % len(self._styles)

    def _load(self, style: str) -> None:
        try:
            self._stylizer.set_style(style)
            self.style = style
        except Exception as error:  # on the picture, whatever it is: the run goes on
            self._notes.tell(str(error))
        finally:
            if self._wanted == style:
                self._wanted = None
