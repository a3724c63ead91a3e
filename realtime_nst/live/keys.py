"""What each key does."""

from collections.abc import Callable, Iterable, Sequence

from realtime_nst.live.brush import Brush
from realtime_nst.live.choice import StyleChoice
from realtime_nst.live.keeping import Keeping
from realtime_nst.live.notes import Notes
from realtime_nst.live.view import View
from realtime_nst.motion.stabilise import Stabilise
from realtime_nst.motion.stabiliser import STABILISE_PRESETS
from realtime_nst.runtime.colour import KEEP_COLOUR

_COLOURS = {
    "none": "colours of the painting",
    "luminance": "colours of the source",
    "matched": "colours matched to the source",
}


class Keys:
    """Changes the parts of a live run as keys say; ``hud.HELP`` lists them.

    ``quit`` is whether the run is to end, ``help`` and ``figures`` whether those are to be on the
    picture. ``full_screen`` is called to switch it.
    """

    def __init__(
        self,
        choice: StyleChoice,
        brush: Brush,
        stabilisers: Sequence[Stabilise],
        view: View,
        keeping: Keeping,
        notes: Notes,
        full_screen: Callable[[], None],
    ) -> None:
        self._choice, self._brush, self._stabilisers = choice, brush, stabilisers
        self._view, self._keeping, self._notes = view, keeping, notes
        self._full_screen = full_screen
        self._full = False
        self.help = self.quit = False
        self.figures = True

    def press(self, key: str) -> None:
        """Do what ``key`` stands for; other keys do nothing."""
        if key in "123456789":
            self._choose(int(key) - 1)
        elif key in self._actions():
            self._actions()[key]()

    def _actions(self) -> dict[str, Callable[[], None]]:
        return {
            **dict.fromkeys(("n", "right", "down"), lambda: self._choose(self._choice.after(1))),
            **dict.fromkeys(("p", "left", "up"), lambda: self._choose(self._choice.after(-1))),
            **dict.fromkeys("+=", lambda: self._strengthen(0.1)),
            **dict.fromkeys("-_", lambda: self._strengthen(-0.1)),
            "q": self._end,
            "escape": self._leave,
            "c": self._next_colour,
            "t": self._next_stabilising,
            "o": self._toggle_original,
            "v": self._toggle_split,
            "m": self._toggle_mirror,
            " ": self._toggle_freeze,
            "f": self._toggle_full_screen,
            "s": lambda: self._keeping.snapshot(self._choice.style),
            "r": lambda: self._keeping.toggle_recording(self._choice.style),
            "i": self._toggle_figures,
            "h": self._toggle_help,
        }

    def _choose(self, number: int) -> None:
        if self._choice.choose(number):
            self._brush.set(original=False)

    def _strengthen(self, by: float) -> None:
        strength = round(min(1.0, max(0.0, self._brush.strength + by)), 2)
        self._notes.say(f"strength {strength:.0%}")
        self._brush.set(strength=strength)

    def _next_colour(self) -> None:
        keep = _after(self._brush.keep_colour, KEEP_COLOUR)
        self._notes.say(_COLOURS[keep])
        self._brush.set(keep_colour=keep)

    def _next_stabilising(self) -> None:
        strength = _after(self._stabilisers[0].strength, STABILISE_PRESETS)
        for stabilise in self._stabilisers:
            stabilise.strength = strength
        self._notes.say(f"stabilising {strength}")

    def _toggle_original(self) -> None:
        self._brush.set(original=not self._brush.original)

    def _toggle_split(self) -> None:
        self._view.split = 0.5 if self._view.split is None else None

    def _toggle_mirror(self) -> None:
        self._view.mirror = not self._view.mirror
        self._notes.say("mirrored" if self._view.mirror else "not mirrored")

    def _toggle_freeze(self) -> None:
        self._view.frozen = not self._view.frozen
        self._notes.say("frozen; space goes on" if self._view.frozen else "live again")

    def _toggle_full_screen(self) -> None:
        self._full = not self._full
        self._full_screen()

    def _toggle_figures(self) -> None:
        self.figures = not self.figures

    def _toggle_help(self) -> None:
        self.help = not self.help

    def _leave(self) -> None:
        """Full screen first, then the program."""
        if self._full:
            self._toggle_full_screen()
        else:
            self._end()

    def _end(self) -> None:
        self.quit = True


def _after(name: str, names: Iterable[str]) -> str:
    """The next of ``names``, after the last one the first."""
    known = list(names)
    return known[(known.index(name) + 1) % len(known)]
