"""One viewer: its messages and its pictures; gone when its page is."""

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import asdict
from statistics import median
from typing import Any, TypeVar

from aiohttp import WSMsgType
from aiohttp.web import WebSocketResponse
from av import VideoFrame

from realtime_nst.errors import RealtimeNstError, UsageError
from realtime_nst.serve.ice import IceServer
from realtime_nst.serve.look import Look, changed
from realtime_nst.serve.metrics import Metrics
from realtime_nst.serve.newest import Newest
from realtime_nst.serve.painter import Painter
from realtime_nst.serve.peer import Arrival, Peer
from realtime_nst.serve.sizes import painted_size
from realtime_nst.serve.studio import Studio
from realtime_nst.serve.tracks import decoded, encodable

_LATENCIES = 60

T = TypeVar("T")


class Session:
    """Serves the viewer at the other end of ``socket``.

    Messages are JSON objects with a ``type``. From the page: "offer" with its ``sdp``; "look" with
    the fields of :class:`Look` that change. To the page: "answer" with ``sdp``; "look" with all
    fields once they hold; "statistics" every second; "error" with a ``message`` when a look cannot
    be had, and the ``look`` that holds on; "end" with one when it is over.
    """

    def __init__(
        self,
        socket: WebSocketResponse,
        studio: Studio,
        metrics: Metrics,
        ice_servers: Sequence[IceServer],
    ) -> None:
        self._socket, self._studio, self._metrics = socket, studio, metrics
        self._peer = Peer(metrics, ice_servers)
        self._painter: Painter
        self._wished = studio.look
        self._wishes: Newest[Look] = Newest()
        self._dropped = 0
        self._latencies: deque[float] = deque(maxlen=_LATENCIES)

    async def run(self) -> None:
        """Ends with the socket, the connection, or a picture that cannot be painted."""
        try:
            self._painter = await _on(self._studio.loading, Painter, self._studio)
            await self._until_one_ends(
                self._listen(),
                self._peer.receive(),
                self._peer.refuse(),
                self._paint(),
                self._wear(),
                self._tell(),
            )
        except RealtimeNstError as error:
            await self._say("end", message=str(error))
        finally:
            await self._peer.close()

    async def _until_one_ends(self, *parts: Coroutine[Any, Any, None]) -> None:
        tasks = [asyncio.create_task(part) for part in parts]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        done.pop().result()

    async def _listen(self) -> None:
        async for message in self._socket:
            if message.type is WSMsgType.TEXT:
                await self._obey(_object(message.data))

    async def _obey(self, message: dict[str, Any]) -> None:
        match message.pop("type", None):
            case "look":
                await self._wish(message)
            case "offer":
                await self._say("answer", sdp=await self._peer.answer(message.get("sdp")))
            case other:
                raise UsageError(f"a message is a look or an offer, not {str(other)[:40]!r}")

    async def _wish(self, fields: Mapping[str, Any]) -> None:
        try:
            wished = {**asdict(self._wished), **fields}
            styles = self._studio.offered(wished["style"], wished["blend_with"])
            self._wished = changed(self._wished, fields, styles)
        except UsageError as error:
            await self._say("error", message=str(error), look=asdict(self._wished))
        else:
            self._wishes.put(self._wished)

    async def _wear(self) -> None:
        """Of several wishes the last one counts."""
        while True:
            look = await self._wishes.get()
            try:
                await _on(self._studio.loading, self._painter.wear, look)
            except RealtimeNstError as error:
                self._wished = self._painter.look
                await self._say("error", message=str(error), look=asdict(self._wished))
            await self._say("look", **asdict(self._painter.look))

    async def _paint(self) -> None:
        while True:
            arrival = await self._peer.arrived.get()
            size = painted_size(arrival.picture.width, arrival.picture.height)
            if size != self._painter.size:
                await _on(self._studio.loading, self._painter.prepare, size)
            began = time.perf_counter()
            picture = await _on(self._studio.painting, self._painted, arrival)
            self._peer.painted.pictures.put(picture)
            self._count(time.perf_counter() - began, time.monotonic() - arrival.at)

    def _painted(self, arrival: Arrival) -> VideoFrame:
        frame = decoded(arrival.picture, arrival.index, arrival.at)
        return encodable(self._painter(frame), frame)

    def _count(self, painting: float, latency: float) -> None:
        self._latencies.append(latency + self._peer.painted.encoding)
        dropped, self._dropped = self._dropped, self._peer.dropped
        self._metrics.frames_dropped_total += self._dropped - dropped
        self._metrics.frames_painted_total += 1
        self._metrics.painting_seconds_total += painting
        self._metrics.latency_seconds_total += latency

    async def _tell(self) -> None:
        await self._say("look", **asdict(self._painter.look))
        while True:
            await asyncio.sleep(1)
            await self._say(
                "statistics",
                milliseconds=round(1000 * median(self._latencies or [0])),
                dropped=self._peer.dropped,
                provider=self._studio.provider,
            )

    async def _say(self, type: str, **fields: Any) -> None:
        """Nothing is said to a page that has gone: ``_listen`` is about to end."""
        with suppress(ConnectionError):
            await self._socket.send_json({"type": type, **fields})


async def _on(executor: Executor, function: Callable[..., T], *arguments: Any) -> T:
    return await asyncio.get_running_loop().run_in_executor(executor, function, *arguments)


def _object(text: str) -> dict[str, Any]:
    try:
        message = json.loads(text)
    except ValueError:
        message = None
    if not isinstance(message, dict):
        raise UsageError(f"a message is a JSON object, not {text[:40]!r}")
    return message
