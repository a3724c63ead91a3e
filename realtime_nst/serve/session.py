"""One viewer: its messages and its pictures; gone when its page is."""

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Executor
from contextlib import aclosing, suppress
from statistics import median
from typing import Any, TypeVar

from aiohttp import WSMsgType
from aiohttp.web import WebSocketResponse
from av import VideoFrame

from realtime_nst import presets
from realtime_nst.display import Display
from realtime_nst.errors import RealtimeNstError, UsageError
from realtime_nst.look import Look, View
from realtime_nst.paint import Paint
from realtime_nst.serve.metrics import Metrics
from realtime_nst.serve.paintings import PaintingsGone
from realtime_nst.serve.peer import Arrival, IceServer, Peer
from realtime_nst.serve.requested import requested
from realtime_nst.serve.studio import USUAL_SIZE, Studio
from realtime_nst.serve.tracks import Newest, decoded, encodable, painted_size

_LATENCIES = 60

T = TypeVar("T")


class Session:
    """Serves the viewer at the other end of ``socket``.

    Messages are JSON objects with a ``type``. From the page: "offer" with its ``sdp``; "look" with
    the settings of ``look`` and ``view`` that change, as presets have them; "train" with the
    ``style``, a picture, that is to be trained. To the page: "answer" with ``sdp``; "look" with all
    settings, once they hold; "statistics" every second; "training" with what it is ``of``, the
    share ``done``, the ``style`` that is new, and a ``message`` if it failed; "error" with
    a ``message``, all settings that still hold, and the pictures ``missing``, when a wish cannot be
    met; "end" with a ``message`` when it is over, and ``again`` where the page may try again.
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
        self._painting: Paint
        self._display: Display
        self._size = USUAL_SIZE
        self._requested = self._applied = studio.look, studio.view
        self._pending: Newest[tuple[Look, View]] = Newest()
        self._lesson: Newest[str] = Newest()
        self._dropped = 0
        self._latencies: deque[float] = deque(maxlen=_LATENCIES)

    async def run(self) -> None:
        """Ends with the socket, the connection, or a picture that cannot be painted."""
        try:
            look, view = self._applied
            self._painting = await _on(self._studio.loading, self._studio.paint, look)
            await _on(self._studio.loading, self._painting.prepare, *self._size)
            self._display = Display(self._painting, view)
            try:
                await self._until_one_ends(
                    self._listen(),
                    self._peer.receive(),
                    self._peer.refuse(),
                    self._paint(),
                    self._apply(),
                    self._train(),
                    self._tell(),
                )
            finally:
                await _on(self._studio.painting, self._display.reset)
        except RealtimeNstError as error:
            await self._say("end", message=self._studio.without_paths(str(error)))
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
            tasks.clear()  # an error would hold them and they it, and with both all of this session
        done.pop().result()

    async def _listen(self) -> None:
        async for message in self._socket:
            if message.type is WSMsgType.TEXT:
                await self._handle(_object(message.data))

    async def _handle(self, message: dict[str, Any]) -> None:
        match message.pop("type", None):
            case "look":
                await self._request(message)
            case "offer":
                await self._say("answer", sdp=await self._peer.answer(message.get("sdp")))
            case "train":
                self._lesson.put(str(message.get("style"))[:64])
            case other:
                raise UsageError(
                    f"a message is a look, an offer or a train, not {str(other)[:40]!r}"
                )

    async def _request(self, message: dict[str, Any]) -> None:
        try:
            self._requested = requested(*self._requested, message, self._studio)
        except UsageError as error:
            await self._refuse(error)
        else:
            self._pending.put(self._requested)

    async def _apply(self) -> None:
        """Apply what was requested; of several requests that wait only the last counts."""
        while True:
            look, view = await self._pending.get()
            try:
                if look != self._applied[0]:
                    await _on(self._studio.loading, self._change, look)
                self._display.view = view
                self._applied = look, view
            except RealtimeNstError as error:
                if self._requested == (look, view):
                    self._requested = self._applied
                await self._refuse(error)
            await self._say("look", **_settings(*self._applied))

    async def _train(self) -> None:
        """Have styles trained that the page asks for, one after the other."""
        while True:
            of = await self._lesson.get()
            try:
                painting = self._studio.paintings.path(of)
                async with aclosing(self._studio.lessons.give(of, painting)) as lesson:
                    async for now in lesson:
                        await self._say("training", of=of, done=now.done, style=now.style)
                await self._say("training", of=of, done=1, style="")
            except RealtimeNstError as error:
                why = self._studio.without_paths(str(error))
                await self._say("training", of=of, done=1, style="", message=why)

    async def _refuse(self, error: RealtimeNstError) -> None:
        message = self._studio.without_paths(str(error))
        missing = error.names if isinstance(error, PaintingsGone) else ()
        await self._say("error", message=message, missing=missing, **_settings(*self._requested))

    def _change(self, look: Look) -> None:
        self._painting.change(**vars(self._studio.resolved(look)))

    async def _paint(self) -> None:
        while True:
            arrival = await self._peer.arrived.get()
            size = painted_size(arrival.picture.width, arrival.picture.height)
            if size != self._size:
                await _on(self._studio.loading, self._painting.prepare, *size)
                self._size = size
            began = time.perf_counter()
            picture = await _on(self._studio.painting, self._painted, arrival)
            self._peer.painted.pictures.put(picture)
            self._count(time.perf_counter() - began, time.monotonic() - arrival.at)

    def _painted(self, arrival: Arrival) -> VideoFrame:
        frame = decoded(arrival.picture, arrival.index, arrival.at)
        return encodable(self._display(frame).image, frame)

    def _count(self, painting: float, latency: float) -> None:
        self._latencies.append(latency + self._peer.painted.encoding)
        dropped, self._dropped = self._dropped, self._peer.dropped
        self._metrics.frames_dropped_total += self._dropped - dropped
        self._metrics.frames_painted_total += 1
        self._metrics.painting_seconds_total += painting
        self._metrics.latency_seconds_total += latency

    async def _tell(self) -> None:
        await self._say("look", **_settings(*self._applied))
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


def _settings(look: Look, view: View) -> dict[str, Any]:
    return {"look": presets.to_json(look), "view": presets.to_json(view)}


async def _on(executor: Executor, function: Callable[..., T], *arguments: Any) -> T:
    return await asyncio.get_running_loop().run_in_executor(executor, function, *arguments)


def _object(text: str) -> dict[str, Any]:
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict):
        raise UsageError(f"a message is a JSON object, not {text[:40]!r}")
    return message
