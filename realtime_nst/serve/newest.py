"""A place for one thing, where a newer one replaces an older: never a queue."""

import asyncio
from typing import Generic, TypeVar

T = TypeVar("T")


class Newest(Generic[T]):
    """For one event loop. ``dropped`` counts what was replaced before anyone took it."""

    def __init__(self) -> None:
        self.dropped = 0
        self._items: list[T] = []
        self._there = asyncio.Event()

    def put(self, item: T) -> None:
        self.dropped += len(self._items)
        self._items = [item]
        self._there.set()

    async def get(self) -> T:
        """Waits until there is one, and takes it."""
        await self._there.wait()
        self._there.clear()
        return self._items.pop()
