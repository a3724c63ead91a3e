"""The routes. No path is looked up in the file system: each is a row of a table."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from importlib.resources import files

from aiohttp import WSCloseCode, web

from realtime_nst import presets
from realtime_nst.errors import RealtimeNstError
from realtime_nst.look import Look, settings_of
from realtime_nst.runtime.player import PICTURES
from realtime_nst.serve.access import HEADERS, Access
from realtime_nst.serve.metrics import Metrics
from realtime_nst.serve.paintings import LARGEST
from realtime_nst.serve.peer import IceServer
from realtime_nst.serve.session import Session
from realtime_nst.serve.studio import Studio
from realtime_nst.spec import choices_of

LARGEST_MESSAGE = 64 * 1024
"""Bytes; a browser's offer has about 6,000."""

HEARTBEAT = 10.0
"""Seconds between pings; a page has half of that to answer."""

UPLOAD_SECONDS = 20.0
"""Time in which a picture must arrive in full."""

_PAGE = {
    "/": ("index.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}


class App:
    """``web`` is the aiohttp application: the page, and the viewers' sessions in ``studio``."""

    def __init__(
        self, studio: Studio, access: Access, metrics: Metrics, ice_servers: Sequence[IceServer]
    ) -> None:
        self._studio, self._metrics, self._ice_servers = studio, metrics, ice_servers
        self._sockets: set[web.WebSocketResponse] = set()
        self._taking = asyncio.Lock()
        self.web = web.Application(middlewares=[access.middleware], client_max_size=LARGEST)
        self.web.on_response_prepare.append(_add_headers)
        self.web.on_shutdown.append(self._close_all)
        self.web.router.add_get("/styles", self._styles)
        self.web.router.add_get("/session", self._session)
        self.web.router.add_post("/paintings", self._take_painting)
        self.web.router.add_get("/health", self._health)
        self.web.router.add_get("/metrics", self._prometheus)
        self._add_contents()

    def _add_contents(self) -> None:
        for path, (name, kind) in _PAGE.items():
            self._add(path, files(__package__).joinpath("page", name).read_bytes(), kind)
        for name, choice in self._studio.choices.items():
            if choice.picture is not None:
                self._add(f"/styles/{name}.jpg", choice.picture.read_bytes(), "image/jpeg")

    def _add(self, path: str, body: bytes, kind: str) -> None:
        async def content(_: web.Request) -> web.Response:
            return web.Response(body=body, content_type=kind)

        self.web.router.add_get(path, content)

    async def _styles(self, _: web.Request) -> web.Response:
        """What the page offers, and what it begins with. Styles blend with those that blend in the
        same."""
        styles = [
            {
                "name": name,
                "title": choice.title,
                "artist": choice.artist,
                "speed_class": choice.speed_class,
                "blends_in": choice.blends_in,
                "picture": f"styles/{name}.jpg" if choice.picture else None,
            }
            for name, choice in self._studio.choices.items()
        ]
        return web.json_response(
            {
                "styles": styles,
                "choices": {
                    name: choices_of(hint)
                    for name, (hint, _) in settings_of(Look).items()
                    if choices_of(hint)
                },
                "paintings": self._studio.takes_paintings,
                "look": presets.to_json(self._studio.look),
                "view": presets.to_json(self._studio.view),
                "ice_servers": list(self._ice_servers),
            }
        )

    async def _take_painting(self, request: web.Request) -> web.Response:
        """Take a picture to use as a style; answers with its name, and the network it blends in.

        One at a time is decoded."""
        try:
            async with asyncio.timeout(UPLOAD_SECONDS):
                data = await request.read()
        except TimeoutError:
            return _json_error(408, f"the picture did not arrive within {UPLOAD_SECONDS:.0f} s")
        except web.HTTPRequestEntityTooLarge:
            return _json_error(
                413, f"the picture has over {LARGEST >> 20} MB; choose a smaller one"
            )
        if self._taking.locked():
            return _json_error(429, "another picture is being decoded; try again")
        async with self._taking:
            try:
                loop, studio = asyncio.get_running_loop(), self._studio
                name = await loop.run_in_executor(studio.loading, studio.paintings.add, data)
            except RealtimeNstError as error:
                return _json_error(400, self._studio.without_paths(str(error)))
        return web.json_response({"name": name, "blends_in": PICTURES})

    async def _session(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=LARGEST_MESSAGE)
        await socket.prepare(request)
        if self._metrics.viewers >= self._metrics.limit:
            await self._refuse(socket)
            return socket
        self._metrics.viewers += 1
        self._metrics.viewers_total += 1
        self._sockets.add(socket)
        try:
            await Session(socket, self._studio, self._metrics, self._ice_servers).run()
        finally:
            self._metrics.viewers -= 1
            self._sockets.discard(socket)
            await socket.close()
        return socket

    async def _refuse(self, socket: web.WebSocketResponse) -> None:
        self._metrics.viewers_refused_total += 1
        taken = "The place is" if self._metrics.limit == 1 else "All places are"
        await socket.send_json(
            {"type": "end", "message": f"{taken} taken; try again when someone has left"}
        )
        await socket.close(code=WSCloseCode.TRY_AGAIN_LATER)

    async def _close_all(self, _: web.Application) -> None:
        for socket in list(self._sockets):
            with suppress(ConnectionError):
                if not socket.closed:
                    await socket.send_json({"type": "end", "message": "the server was stopped"})
                await socket.close(code=WSCloseCode.GOING_AWAY)

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _prometheus(self, _: web.Request) -> web.Response:
        headers = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
        return web.Response(text=self._metrics.prometheus(), headers=headers)


def _json_error(status: int, message: str) -> web.Response:
    return web.json_response({"message": message}, status=status)


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
