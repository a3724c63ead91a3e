"""Wrong tokens, counted by client, so that nobody can try many."""

from collections import OrderedDict, deque
from time import monotonic

MOST = 10
"""Wrong tokens that a client may send in ``SECONDS``."""

SECONDS = 60.0

_CLIENTS = 1000


class Guesses:
    """The wrong tokens of the last minute, of the last thousand clients that sent one."""

    def __init__(self) -> None:
        self._made: OrderedDict[str, deque[float]] = OrderedDict()

    def are_too_many(self, client: str) -> bool:
        """Whether no token of ``client`` is to be looked at for now."""
        made = self._made.get(client, deque())
        return len(made) == MOST and monotonic() - made[0] < SECONDS

    def add(self, client: str) -> None:
        """Count a wrong token."""
        self._made.setdefault(client, deque(maxlen=MOST)).append(monotonic())
        self._made.move_to_end(client)
        if len(self._made) > _CLIENTS:
            self._made.popitem(last=False)
