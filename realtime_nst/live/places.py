"""Where is painted, chosen while it runs."""

from collections.abc import Mapping, Sequence
from typing import Any

from realtime_nst.live.background import Background
from realtime_nst.live.notes import Notes
from realtime_nst.look import BACKGROUND, PERSON, Look
from realtime_nst.paint import Paint

_SETTINGS = ("mask", "mask_model", "invert_mask", "rest")


class PlaceChoice:
    """Makes ``painting`` paint everything, people or the background, in turn, and again by the mask
    that it began with if that is another. A network is opened in ``background``.

    What paints the rest at the beginning does so with every mask. A mask that cannot be used is
    noted, and the one before stays.
    """

    def __init__(self, painting: Paint, background: Background, notes: Notes) -> None:
        self._painting, self._background, self._notes = painting, background, notes
        self._places = _places(painting.look)
        self._at = [settings for _, settings in self._places].index(_of(painting.look))

    def next(self) -> None:
        self._at = (self._at + 1) % len(self._places)
        self._background.do("place", self._apply)

    def _apply(self) -> None:
        name, settings = self._places[self._at]
        try:
            self._painting.change(**settings)
            self._notes.say(f"paint: {name}")
        except Exception as error:  # shown on the picture, whatever it is: the run goes on
            self._notes.tell(str(error))


def _places(look: Look) -> Sequence[tuple[str, Mapping[str, Any]]]:
    """The name of each place, and its settings."""
    begun = _of(look)
    masked = {**begun, "mask_model": "", "invert_mask": False}
    found = [
        ("everything", {**masked, "mask": "", "rest": ""}),
        ("people", {**masked, "mask": PERSON}),
        ("background", {**masked, "mask": BACKGROUND}),
    ]
    known = any(begun == settings for _, settings in found)
    return found if known else [*found, ("by the mask", begun)]


def _of(look: Look) -> Mapping[str, Any]:
    return {name: getattr(look, name) for name in _SETTINGS}
