"""The WebRTC connection of one viewer: the newest camera picture in, the newest painted one out."""

import asyncio
import time
from collections.abc import Sequence
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
from av import VideoFrame

from realtime_nst.errors import UsageError, one_line
from realtime_nst.serve.encoder import PaintingEncoder
from realtime_nst.serve.ice import IceServer
from realtime_nst.serve.inside import replace_part
from realtime_nst.serve.intake import Intake
from realtime_nst.serve.metrics import Metrics
from realtime_nst.serve.newest import Newest
from realtime_nst.serve.tracks import RATE, PaintedTrack, RateLimit

PATIENCE = 20.0
"""Seconds within which a viewer must send its first picture, and after each the next one."""


@dataclass(frozen=True)
class Arrival:
    """A picture of the camera, the how manyeth it is, and the monotonic time it was decoded."""

    picture: VideoFrame
    index: int
    at: float


class Peer:
    """Without ``ice_servers`` none is asked. Needs a running event loop.

    Pictures travel through UDP sockets on the network addresses of this machine, whatever address
    the page is served on; loopback is never among them.
    """

    def __init__(self, metrics: Metrics, ice_servers: Sequence[IceServer]) -> None:
        servers = [RTCIceServer(**server) for server in ice_servers]
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=servers))
        self._metrics = metrics
        self._limit = RateLimit(RATE)
        self._track: asyncio.Future[MediaStreamTrack] = asyncio.Future()
        self._received = self._left_out = 0
        self.arrived: Newest[Arrival] = Newest()
        self.painted = PaintedTrack()
        self._intake = Intake()

    async def answer(self, sdp: object) -> str:
        """The answer to a browser's offer; raises UsageError for what is none, or a second one.

        Also where this machine has no network address.
        """
        if self._connection.remoteDescription is not None:
            raise UsageError("there was an offer before; start again")
        if not get_host_addresses(True, True):
            raise UsageError(
                "the server's machine has no network address but loopback, and pictures need one; "
                "connect it to a network and start again"
            )
        transceiver = self._connection.addTransceiver(self.painted)
        self._intake.bound(transceiver)
        replace_part(transceiver.sender, "encoder", PaintingEncoder())
        try:
            await self._connection.setRemoteDescription(RTCSessionDescription(str(sdp), "offer"))
            track = transceiver.receiver.track
            others = self._connection.getTransceivers() != [transceiver] or self._connection.sctp
            if track is None or others:
                raise ValueError("one video stream, and nothing else, is wanted")
            await self._connection.setLocalDescription(await self._connection.createAnswer())
        except Exception as error:  # aiortc fails in many ways on what is no offer
            raise UsageError(f"this is no offer ({one_line(error)}); reload the page") from error
        self._track.set_result(track)
        return str(self._connection.localDescription.sdp)

    async def refuse(self) -> None:
        """Raises UsageError as soon as too large or too many pictures arrive."""
        raise await self._intake.refusal.get()

    async def receive(self) -> None:
        """Fills ``arrived``; raises UsageError when nothing comes, or no more."""
        try:
            while True:
                async with asyncio.timeout(PATIENCE):
                    self._take(await _next(await self._track))
        except TimeoutError:
            raise UsageError(
                f"no camera picture arrived for {PATIENCE:.0f} s; the camera may be held by "
                "another program, or a firewall be between browser and server, see --ice-server"
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
            self._left_out += 1

    @property
    def dropped(self) -> int:
        """Pictures left out because newer ones were there, or because too many came."""
        return self._left_out + self.arrived.dropped + self.painted.pictures.dropped

    async def close(self) -> None:
        self._track.cancel()
        self.painted.stop()
        with suppress(ConnectionError):
            await self._connection.close()


async def _next(track: MediaStreamTrack) -> VideoFrame:
    return cast(VideoFrame, await track.recv())
