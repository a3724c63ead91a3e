"""Limits on what arrives at a viewer's media port, where anyone on the network may send to."""

import asyncio
import struct
from contextlib import suppress
from typing import Any

from aioice.ice import StunProtocol
from aiortc import RTCIceTransport, sdp

from realtime_nst.serve.intake import replace_part

MOST_WAITING = 512
"""Datagrams: one second of a camera's."""

LARGEST = 2048
"""Bytes; browsers send 1,200."""

MOST_CANDIDATES = 64
"""Addresses that an offer may name; each is sent a few datagrams."""

_FAULTS = (struct.error, LookupError, AssertionError)
"""What aioice raises at an attribute of STUN that is too short, or is missing."""


class Datagrams(asyncio.Queue[Any]):
    """The queue in front of a connection; what is too large or too much is dropped.

    Nobody takes from it before the connection is there: without a bound, three floods of some
    seconds took 900 MiB. aiortc ends a connection at an empty datagram.
    """

    def put_nowait(self, item: Any) -> None:
        """``item`` comes from aioice: data and a component, or None at the end."""
        if item is None or (self.qsize() < MOST_WAITING and 0 < len(item[0]) <= LARGEST):
            super().put_nowait(item)

    def drop(self) -> None:
        """Forget what nobody took: the connection is part of a cycle, and stays for a while."""
        while not self.empty():
            self.get_nowait()

    def bind(self, transport: RTCIceTransport) -> None:
        """Make ``transport`` receive through this queue.

        Raises RealtimeNstError if this version of aioice has no such queue.
        """
        replace_part(transport._connection, "queue", self)


class _Tolerant(StunProtocol):
    """Drops malformed STUN messages, which asyncio would otherwise log with a traceback each."""

    def datagram_received(self, data: bytes | str, addr: tuple[Any, ...]) -> None:
        with suppress(*_FAULTS):
            super().datagram_received(data, addr)


def tolerate(transport: RTCIceTransport) -> None:
    """Make the sockets of ``transport`` tolerant; it has some once it has gathered candidates."""
    for protocol in transport._connection._protocols:
        protocol.__class__ = _Tolerant


def check_candidates(offer: str) -> None:
    """Raises ValueError for too many candidates, and for ports that do not exist."""
    found = [
        each for media in sdp.SessionDescription.parse(offer).media for each in media.ice_candidates
    ]
    if len(found) > MOST_CANDIDATES:
        raise ValueError(f"it has {len(found)} candidates, and {MOST_CANDIDATES} is the most")
    for each in found:
        if not 0 < each.port < 2**16:
            raise ValueError(f"there is no port {each.port}")
