"""What is said on the picture for a while."""

import time
from collections.abc import Callable

_SECONDS = 4.0


class Notes:
    """One note at a time, and what is wrong with the source for as long as it is.

    ``log`` is called with what matters when it is no longer on the picture, on any thread.
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
        """``trouble`` is what is wrong with the source now, if anything; both ends are logged."""
        if bool(trouble) != bool(self._trouble):
            self._log(trouble or "the source is there again")
        self._trouble = trouble

    def current(self, doing: str) -> str:
        """What to show now, while ``doing`` (empty: nothing) is under way."""
        return self._trouble or doing or (self._note if time.monotonic() < self._until else "")
