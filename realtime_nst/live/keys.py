"""What each key does. A new key is one row of BINDINGS."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from realtime_nst.display import Display
from realtime_nst.live.captures import Captures
from realtime_nst.live.choice import BrushChoice, StyleChoice
from realtime_nst.live.notes import Notes
from realtime_nst.live.places import PlaceChoice
from realtime_nst.look import Look, settings_of
from realtime_nst.paint import Paint
from realtime_nst.values import choices_of

NUMBERS, LAST = tuple("123456789"), "0"
"""The keys of the first styles in the list, and that of the last one."""


class Keys:
    """Changes the parts of a live run as keys say.

    ``quit`` is whether the run is to end, ``help`` and ``figures`` whether those are to be on the
    picture. ``full_screen`` is called to toggle it.
    """

    def __init__(
        self,
        painting: Paint,
        choice: StyleChoice,
        places: PlaceChoice,
        brush: BrushChoice,
        display: Display,
        captures: Captures,
        notes: Notes,
        full_screen: Callable[[], None],
    ) -> None:
        self.painting, self.choice = painting, choice
        self.places, self.brush = places, brush
        self.display, self.captures, self.notes = display, captures, notes
        self._full_screen, self._full = full_screen, False
        self.help = self.quit = False
        self.figures = True

    def press(self, key: str) -> None:
        """Do what ``key`` stands for; keys without a meaning do nothing."""
        if key in NUMBERS:
            self.choose(NUMBERS.index(key))
        elif key == LAST:
            self.choose(self.choice.count - 1)
        elif key in _ACTIONS:
            _ACTIONS[key](self)

    def choose(self, number: int) -> None:
        if self.choice.choose(number):
            self.display.original = False

    def strengthen(self, by: float) -> None:
        strength = round(min(1.0, max(0.0, self.painting.look.strength + by)), 2)
        self.painting.change(strength=strength)
        self.notes.say(f"strength {strength:.0%}")

    def cycle(self, setting: str) -> None:
        """Take the next choice of a setting of the look; after the last comes the first."""
        choices = choices_of(settings_of(Look)[setting][0])
        now = choices.index(getattr(self.painting.look, setting))
        value = choices[(now + 1) % len(choices)]
        self.painting.change(**{setting: value})
        self.notes.say(f"{setting.replace('_', ' ')}: {value}")

    def toggle_original(self) -> None:
        self.display.original = not self.display.original

    def toggle_split(self) -> None:
        view = self.display.view
        self.display.view = replace(view, split=0.5 if view.split is None else None)

    def toggle_mirror(self) -> None:
        view = replace(self.display.view, mirror=not self.display.view.mirror)
        self.display.view = view
        self.notes.say("mirrored" if view.mirror else "not mirrored")

    def toggle_freeze(self) -> None:
        self.display.frozen = not self.display.frozen
        self.notes.say("frozen; space goes on" if self.display.frozen else "live again")

    def toggle_full_screen(self) -> None:
        self._full = not self._full
        self._full_screen()

    def toggle_figures(self) -> None:
        self.figures = not self.figures

    def toggle_help(self) -> None:
        self.help = not self.help

    def leave(self) -> None:
        """Leave full screen first, then the program."""
        if self._full:
            self.toggle_full_screen()
        else:
            self.end()

    def end(self) -> None:
        self.quit = True


@dataclass(frozen=True)
class Binding:
    """``keys`` do ``action``; the help shows them as ``label`` (empty: not at all)."""

    keys: Sequence[str]
    action: Callable[[Keys], None]
    label: str = ""
    help: str = ""


BINDINGS = (
    Binding(("n", "right", "down"), lambda keys: keys.choose(keys.choice.after(1))),
    Binding(
        ("p", "left", "up"),
        lambda keys: keys.choose(keys.choice.after(-1)),
        "arrows, n p",
        "next, previous style",
    ),
    Binding("+=", lambda keys: keys.strengthen(0.1)),
    Binding("-_", lambda keys: keys.strengthen(-0.1), "+ -", "strength"),
    Binding("b]", lambda keys: keys.brush.step(1)),
    Binding("d[", lambda keys: keys.brush.step(-1), "b d", "bolder strokes, more detail"),
    Binding("c", lambda keys: keys.cycle("keep_colour"), "c", "keep colour"),
    Binding("t", lambda keys: keys.cycle("stabilise"), "t", "stabilise: off, light, strong"),
    Binding("w", lambda keys: keys.places.next(), "w", "paint all, people, background"),
    Binding("o", Keys.toggle_original, "o", "original"),
    Binding("v", Keys.toggle_split, "v", "split view; drag the line"),
    Binding("m", Keys.toggle_mirror, "m", "mirror"),
    Binding(" ", Keys.toggle_freeze, "space", "freeze"),
    Binding("f", Keys.toggle_full_screen, "f", "full screen"),
    Binding("s", lambda keys: keys.captures.snapshot(keys.choice.style), "s", "snapshot"),
    Binding("r", lambda keys: keys.captures.toggle_recording(keys.choice.style), "r", "record"),
    Binding("i", Keys.toggle_figures, "i", "figures on and off"),
    Binding("h", Keys.toggle_help, "h", "this help"),
    Binding("q", Keys.end),
    Binding(("escape",), Keys.leave, "q, Esc", "quit"),
)

_ACTIONS = {key: binding.action for binding in BINDINGS for key in binding.keys}

HELP = (
    (f"{NUMBERS[0]}-{NUMBERS[-1]}, {LAST}", "style by number, the last"),
    *((binding.label, binding.help) for binding in BINDINGS if binding.label),
)
"""The keys and what they do, as shown."""
