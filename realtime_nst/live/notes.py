"""Notes that are shown on the picture for a few seconds."""

import time
from collections.abc import Callable

_SECONDS = 4.0


class Notes:
    """Holds one note at a time, and whatever is wrong with the source for as long as it is wrong.

    ``log`` is called, on any thread, with notes that still matter when they are no longer shown.
    """

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log
        self._trouble = ""
        self._note, self._until = "", 0.0

    def say(self, note: str) -> None:
        """Show ``note`` for a while."""
        self._note, self._until = note, time.monotonic() + _SECONDS

    def tell(self, note: str) -> None:
        """Show ``note`` for a while, and log it."""
        self.say(note)
        self._log(note)

    def watch(self, trouble: str) -> None:
        """Set what is wrong with the source now (empty: nothing). Its start and end are logged."""
        if bool(trouble) != bool(self._trouble):
            self._log(trouble or "the source is there again")
        self._trouble = trouble

    def current(self, doing: str) -> str:
        """The text to show now; ``doing`` is work under way (empty: none)."""
        return self._trouble or doing or (self._note if time.monotonic() < self._until else "")
