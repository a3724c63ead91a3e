"""A viewer's WebRTC connection: receives the newest camera picture, sends the newest painting."""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

from aioice.ice import get_host_addresses
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from aiortc.rtcicetransport import parse_stun_turn_uri
from av import VideoFrame

from realtime_nst.errors import UsageError, one_line
from realtime_nst.serve.datagrams import Datagrams, check_candidates, tolerate
from realtime_nst.serve.intake import Intake, replace_part
from realtime_nst.serve.metrics import Metrics
from realtime_nst.serve.tracks import RATE, Newest, PaintedTrack, PaintingEncoder, RateLimit

PATIENCE = 20.0
"""Seconds that a viewer has to send its first picture, and each next one."""

IceServer = Mapping[str, str]
"""``urls``, and for TURN ``username`` and ``credential``: the form of both browsers and aiortc."""


def ice_servers(addresses: Iterable[str]) -> list[IceServer]:
    """The ICE servers at ``stun:HOST:PORT`` and ``turn:USER:PASSWORD@HOST:PORT``.

    They help browser and server to find a route to each other. Raises :class:`UsageError` for any
    other address.
    """
    return [_ice_server(address) for address in addresses]


def _ice_server(address: str) -> IceServer:
    scheme, _, rest = address.partition(":")
    login, at, host = rest.rpartition("@")
    user, _, password = login.partition(":")
    url = f"{scheme}:{host}"
    if not _is_usable(url, login):
        raise UsageError(
            f"`ice_server` {address!r} is not valid; give it as stun:HOST:PORT or "
            "turn:USER:PASSWORD@HOST:PORT, the latter with ?transport=tcp if UDP is blocked"
        )
    return {"urls": url, **({"username": user, "credential": password} if at else {})}


def _is_usable(url: str, login: str) -> bool:
    """Browsers refuse a TURN server without a login; aiortc skips a transport it does not have."""
    try:
        parts = parse_stun_turn_uri(url)
    except ValueError:
        return False
    if parts["scheme"].startswith("stun"):
        return True
    user, _, password = login.partition(":")
    transports = ("tcp",) if parts["scheme"] == "turns" else ("udp", "tcp")
    return bool(user and password) and parts["transport"] in transports


@dataclass(frozen=True)
class Arrival:
    """A camera picture, its number (from 1), and the monotonic time at which it was decoded."""

    picture: VideoFrame
    index: int
    at: float


class Peer:
    """Only the given ``ice_servers`` are contacted. Needs a running event loop.

    Pictures are sent over UDP from the network addresses of this machine, never loopback, whatever
    address the page is served on. ``arrived`` has the newest camera picture.
    """

    def __init__(self, metrics: Metrics, ice_servers: Sequence[IceServer]) -> None:
        servers = [RTCIceServer(**server) for server in ice_servers]
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=servers))
        self._metrics = metrics
        self._limit = RateLimit(RATE)
        self._track: asyncio.Future[MediaStreamTrack] = asyncio.Future()
        self._received = self._over_limit = 0
        self.arrived: Newest[Arrival] = Newest()
        self.painted = PaintedTrack()
        self._intake, self._datagrams = Intake(), Datagrams()

    async def answer(self, sdp: object) -> str:
        """The SDP answer to a browser's SDP offer.

        Raises :class:`UsageError` for an invalid or a second offer, and if this machine has no
        network address.
        """
        if self._connection.remoteDescription is not None:
            raise UsageError("there already was an offer; reload the page")
        if not get_host_addresses(True, True):
            raise UsageError(
                "the server's machine has no network address other than loopback, which pictures "
                "need; connect it to a network and start again"
            )
        transceiver = self._connection.addTransceiver(self.painted)
        network = transceiver.sender.transport.transport
        self._intake.bind(transceiver)
        self._datagrams.bind(network)
        replace_part(transceiver.sender, "encoder", PaintingEncoder())
        try:
            check_candidates(str(sdp))
            await self._connection.setRemoteDescription(RTCSessionDescription(str(sdp), "offer"))
            track = transceiver.receiver.track
            others = self._connection.getTransceivers() != [transceiver] or self._connection.sctp
            if track is None or others:
                raise ValueError("it must have one video stream and nothing else")
            await self._connection.setLocalDescription(await self._connection.createAnswer())
        except Exception as error:  # aiortc fails in many ways on an invalid offer
            raise UsageError(
                f"the offer is not valid ({one_line(error)}); reload the page"
            ) from error
        tolerate(network)
        self._track.set_result(track)
        return str(self._connection.localDescription.sdp)

    async def refuse(self) -> None:
        """Wait until pictures arrive that are too large or too many; raises :class:`UsageError`."""
        raise await self._intake.refusal.get()

    async def receive(self) -> None:
        """Fill ``arrived``; raises :class:`UsageError` if no picture comes, or the stream ends."""
        try:
            while True:
                async with asyncio.timeout(PATIENCE):
                    self._take(await _next(await self._track))
        except TimeoutError:
            raise UsageError(
                f"no camera picture arrived for {PATIENCE:.0f} s; another program may be using the "
                "camera, or a firewall may block the connection (see `ice_server`)"
            ) from None
        except MediaStreamError:
            raise UsageError("the connection to the camera ended; start again") from None

    def _take(self, picture: VideoFrame) -> None:
        now = time.monotonic()
        self._received += 1
        self._metrics.frames_received_total += 1
        if self._limit.admits(now):
            self.arrived.put(Arrival(picture, self._received, now))
        else:
            self._over_limit += 1

    @property
    def dropped(self) -> int:
        """Pictures dropped because a newer one replaced them, or because too many came."""
        return self._over_limit + self.arrived.dropped + self.painted.pictures.dropped

    async def close(self) -> None:
        self._track.cancel()
        self.painted.stop()
        with suppress(ConnectionError):
            await self._connection.close()
        self._datagrams.drop()
        for transceiver in self._connection.getTransceivers():
            # A cycle, which would keep both codecs and their threads until a full collection.
            transceiver.sender.transport.remove_all_listeners()


async def _next(track: MediaStreamTrack) -> VideoFrame:
    return cast(VideoFrame, await track.recv())
