"""Connections to the server: how many there may be, in all and of one client."""

import asyncio
import errno
import ipaddress
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from aiohttp import web

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

BACKLOG = 32
"""Connections that may wait to be accepted; asyncio accepts as many at once."""

_OF_A_VIEWER = 8
"""Connections that a browser opens at most, its web socket included."""

_BESIDES = 64


def client_of(host: str | None) -> str:
    """Whom the address ``host`` is counted as: an IPv6 network of 64 bits is one client."""
    try:
        address = ipaddress.ip_address((host or "").partition("%")[0])
    except ValueError:
        return host or ""
    return str(address) if address.version == 4 else address.packed[:8].hex()


@dataclass(frozen=True)
class _Open:
    socket: socket.socket
    client: str
    peer: Any


class Connections:
    """Room for ``sessions`` viewers and for idle connections, of which one client has half at most.

    Where room is short, the oldest connection that holds nothing is closed for the new one. So idle
    connections lock nobody out. ``most`` is a quarter of the descriptors that this process may
    open, or less.
    """

    def __init__(self, sessions: int) -> None:
        self.most = min(_BESIDES + _OF_A_VIEWER * sessions, _descriptors() // 4)
        self._open: list[_Open] = []
        self._holding: set[Any] = set()

    @contextmanager
    def held(self, request: web.BaseRequest) -> Iterator[None]:
        """While the request's connection must not be closed to make room for others."""
        peer = request.get_extra_info("peername")
        self._holding.add(peer)
        try:
            yield
        finally:
            self._holding.discard(peer)

    def admit(self, connection: socket.socket, peer: Any) -> bool:
        """Whether there is room for ``connection``, which was just accepted."""
        self._open = [each for each in self._open if each.socket.fileno() >= 0]
        new = _Open(connection, client_of(peer[0]), peer)
        own = [each for each in self._open if each.client == new.client]
        full = len(own) >= self.most // 2 or len(self._open) >= self.most
        if full and not self._make_room(own if len(own) >= self.most // 2 else self._open):
            return False
        self._open.append(new)
        return True

    def _make_room(self, crowd: list[_Open]) -> bool:
        idle = next((each for each in crowd if each.peer not in self._holding), None)
        if idle is None:
            return False
        self._open.remove(idle)
        with suppress(OSError):  # it was closed from the other end
            idle.socket.shutdown(socket.SHUT_RDWR)
        return True


class Listener(socket.socket):
    """A listening socket that refuses connections for which ``connections`` has no room.

    Not on Windows, whose event loop accepts by other means.
    """

    def __init__(self, family: int, connections: Connections) -> None:
        super().__init__(family, socket.SOCK_STREAM)
        self._connections = connections
        self._spare = os.open(os.devnull, os.O_RDONLY)

    def accept(self) -> tuple[socket.socket, Any]:
        """A connection that there is room for; BlockingIOError, as if none waited, for another."""
        try:
            connection, peer = super().accept()
        except OSError as error:
            if error.errno not in (errno.EMFILE, errno.ENFILE):
                raise
            self._refuse_one()
            raise BlockingIOError from None
        if not self._connections.admit(connection, peer):
            connection.close()
            raise BlockingIOError
        return connection, peer

    def _refuse_one(self) -> None:
        """Close one that waits, with a descriptor that was kept for this; asyncio would log the
        same error as often as it tries."""
        os.close(self._spare)
        try:
            with suppress(OSError):
                super().accept()[0].close()
        finally:
            self._spare = os.open(os.devnull, os.O_RDONLY)

    def close(self) -> None:
        if self.fileno() >= 0:
            os.close(self._spare)
        super().close()


async def listeners(host: str, port: int, connections: Connections) -> list[Listener]:
    """A bound socket for each address of ``host``. Raises OSError, OverflowError, UnicodeError."""
    found = await asyncio.get_running_loop().getaddrinfo(
        host or None, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    made: list[Listener] = []
    try:
        for family, (address, _, *scope) in dict.fromkeys((each[0], each[4]) for each in found):
            made.append(_bound(Listener(family, connections), (address, port, *scope)))
    except BaseException:
        for each in made:
            each.close()
        raise
    return made


def _bound(listener: Listener, address: Any) -> Listener:
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if listener.family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
    except BaseException:
        listener.close()
        raise
    return listener


def _descriptors() -> int:
    """How many descriptors this process may have open."""
    limit = 1024 if resource is None else resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return limit if limit > 0 else 1024  # RLIM_INFINITY is -1
