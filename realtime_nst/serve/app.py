"""The routes. No path is looked up in the file system: each is a row of a table."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePath

from aiohttp import WSCloseCode, web
from aiohttp.typedefs import Handler

from realtime_nst import presets
from realtime_nst.look import Look, settings_of
from realtime_nst.serve.access import HEADERS, SHARED, Access
from realtime_nst.serve.connections import Connections
from realtime_nst.serve.film import LONGEST
from realtime_nst.serve.film_routes import FilmRoutes
from realtime_nst.serve.films import Films
from realtime_nst.serve.here import Here
from realtime_nst.serve.lessons import MINUTES
from realtime_nst.serve.metrics import Metrics
from realtime_nst.serve.paintings import LARGEST
from realtime_nst.serve.peer import IceServer
from realtime_nst.serve.session import Session
from realtime_nst.serve.studio import Studio
from realtime_nst.serve.uploads import Uploads
from realtime_nst.values import choices_of

LARGEST_MESSAGE = 64 * 1024
"""Bytes; a browser's offer has about 6,000."""

HEARTBEAT = 10.0
"""Seconds between pings; a page has half of that to answer."""

_KINDS = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
"""What the page consists of, by suffix; index.html is served without its name."""

_Route = tuple[str, str, Handler]
"""Method, path behind the page's own, handler."""


class App:
    """``web`` is the aiohttp application: the page, and the viewers' sessions in ``studio``."""

    def __init__(
        self,
        studio: Studio,
        access: Access,
        connections: Connections,
        metrics: Metrics,
        ice_servers: Sequence[IceServer],
        films: Films,
    ) -> None:
        self._studio, self._metrics, self._ice_servers = studio, metrics, ice_servers
        self._films, self._here = films, Here()
        self._connections = connections
        self._sockets: set[web.WebSocketResponse] = set()
        self.web = web.Application(middlewares=[access.middleware], client_max_size=LARGEST)
        self.web.on_response_prepare.append(_add_headers)
        self.web.on_shutdown.append(self._close_all)
        self.web.on_cleanup.append(self._here.close)
        routes = [*self._routes(Uploads(studio, connections)), *self._contents()]
        if films.most:
            self.web.cleanup_ctx.append(films.serving)
            routes += FilmRoutes(films, studio, connections, metrics)
        for home in dict.fromkeys(("/", access.home)):
            for method, path, handler in routes:
                self.web.router.add_route(method, home + path, handler)

    def _routes(self, uploads: Uploads) -> Iterator[_Route]:
        yield "GET", "styles", self._styles
        yield "GET", "session", self._session
        yield "POST", "paintings", uploads.take
        yield "GET", "trained/{name}", self._trained
        if self._here.possible:
            yield "GET", "here/{name:.*}", self._here.answer
        yield "GET", "health", self._health
        yield "GET", "metrics", self._prometheus

    def _contents(self) -> Iterator[_Route]:
        shared = files("realtime_nst.web").joinpath("page")
        page = files(__package__).joinpath("page").iterdir()
        for file in (*page, *(shared.joinpath(name) for name in SHARED)):
            if kind := _KINDS.get(PurePath(file.name).suffix):
                yield "GET", file.name.removesuffix("index.html"), _content(file, kind)
        for name, choice in self._studio.choices.items():
            if choice.picture is not None:
                yield "GET", f"styles/{name}.jpg", _content(choice.picture, "image/jpeg")

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
                "minutes": MINUTES if self._studio.lessons.possible else 0,
                "films": {
                    "most": self._films.most,
                    "bytes": self._films.largest,
                    "minutes": LONGEST // 60,
                },
                "look": presets.to_json(self._studio.look),
                "view": presets.to_json(self._studio.view),
                "here": self._here.possible,
                "ice_servers": list(self._ice_servers),
            }
        )

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
            with self._connections.held(request):
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
                    await socket.send_json(
                        {"type": "end", "message": "The server was stopped.", "again": True}
                    )
                await socket.close(code=WSCloseCode.GOING_AWAY)

    async def _trained(self, request: web.Request) -> web.StreamResponse:
        """A style that was trained here, as a file, for who knows its name."""
        name = request.match_info["name"]
        if name not in self._studio.lessons:
            raise web.HTTPNotFound
        return web.FileResponse(self._studio.lessons.path(name))

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _prometheus(self, _: web.Request) -> web.Response:
        headers = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
        return web.Response(text=self._metrics.prometheus(), headers=headers)


def _content(file: Traversable, kind: str) -> Handler:
    body = file.read_bytes()

    async def content(_: web.Request) -> web.Response:
        return web.Response(body=body, content_type=kind)

    return content


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
