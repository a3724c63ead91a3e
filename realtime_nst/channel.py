"""A bounded queue between two threads that carries errors from the producer to the consumer."""

import threading
from collections import deque
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class ChannelClosed(Exception):
    """The producer closed the channel without an error, and every item has been taken."""


class Channel(Generic[T]):
    """First in, first out, at most ``capacity`` items.

    When full, ``put`` waits; with ``newest_wins`` it discards the oldest item instead and counts
    it in ``dropped``: with a capacity of 1, a mailbox that holds the newest item. Iterating ends
    when the producer closes the channel, and raises the error the producer closed it with.
    """

    def __init__(self, capacity: int, *, newest_wins: bool = False) -> None:
        self.dropped = 0
        self._capacity = capacity
        self._newest_wins = newest_wins
        self._items: deque[T] = deque()
        self._changed = threading.Condition()
        self._closed = self._cancelled = False
        self._error: BaseException | None = None

    def put(self, item: T) -> bool:
        """Add ``item``; returns False once the consumer has cancelled."""
        with self._changed:
            if self._newest_wins and len(self._items) == self._capacity:
                self._items.popleft()
                self.dropped += 1
            self._changed.wait_for(lambda: self._cancelled or len(self._items) < self._capacity)
            if self._cancelled:
                return False
            self._items.append(item)
            self._changed.notify_all()
            return True

    def close(self, error: BaseException | None = None) -> None:
        """Called by the producer when it is done, or has failed with ``error``."""
        with self._changed:
            self._closed, self._error = True, None if self._cancelled else error
            self._changed.notify_all()

    def cancel(self) -> None:
        """Called by the consumer when it wants no more: every ``put`` returns False from now on.

        Items and an error are let go of. An error leads to all that its traceback leads to, this
        channel as well, and so would keep networks and pictures until a garbage collection.
        """
        with self._changed:
            self._cancelled, self._error = True, None
            self._items.clear()
            self._changed.notify_all()

    def get(self, timeout: float | None = None) -> T:
        """Wait for the next item and take it.

        Raises TimeoutError if none comes within ``timeout`` seconds (None: wait for ever). Once
        the channel is closed and empty, raises the producer's error, or :class:`ChannelClosed`.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._items or self._closed, timeout):
                raise TimeoutError
            if not self._items:
                raise self._error or ChannelClosed
            self._changed.notify_all()
            return self._items.popleft()

    def __iter__(self) -> Iterator[T]:
        while True:
            try:
                held = [self.get()]
            except ChannelClosed:
                return
            yield held.pop()  # and not kept alive by this generator
