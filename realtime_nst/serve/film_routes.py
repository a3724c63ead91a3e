"""What a page asks for when it brings a film."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.typedefs import Handler

from realtime_nst.errors import RealtimeNstError, UsageError
from realtime_nst.serve.connections import Connections, client_of
from realtime_nst.serve.film import HEAD, Film, is_film
from realtime_nst.serve.films import Films, NoRoom
from realtime_nst.serve.metrics import Metrics
from realtime_nst.serve.paintings import PaintingsGone
from realtime_nst.serve.studio import Studio

ARRIVES_WITHIN, SILENT_FOR = 1800.0, 20.0
"""Seconds in which a film must arrive, and within which its next piece must."""

_PIECE = 1 << 18
"""Bytes."""

_BAD_BODIES = (web.RequestPayloadError, web.HTTPRequestEntityTooLarge)


class FilmRoutes:
    """A page announces a film, which gets a key that nobody can guess, then sends its bytes, asks
    how far it is, and fetches the result. Bytes go from and to the disk piece by piece."""

    def __init__(
        self, films: Films, studio: Studio, connections: Connections, metrics: Metrics
    ) -> None:
        self._films, self._studio = films, studio
        self._connections, self._metrics = connections, metrics
        self._arriving: set[str] = set()

    def __iter__(self) -> Iterator[tuple[str, str, Handler]]:
        """Method, path and handler. The key in a path is looked up in a table, never on disk."""
        one = "films/{key}"
        yield "POST", "films", self._offer
        yield "PUT", one, self._take
        yield "GET", one, self._tell
        yield "DELETE", one, self._remove
        yield "GET", f"{one}/preview", self._preview
        yield "GET", f"{one}/result", self._result

    async def _offer(self, request: web.Request) -> web.Response:
        """A film's name, size and look; answers with what is known of it."""
        try:
            message = await _message(request)
            film = await self._films.announce(message, client_of(request.remote))
        except PaintingsGone as error:
            return _refusal(400, str(error), missing=list(error.names))
        except NoRoom as error:
            self._metrics.films_refused_total += 1
            return _refusal(error.status, str(error))
        except RealtimeNstError as error:
            return _refusal(400, self._studio.without_paths(str(error)))
        except OSError as error:
            self._metrics.films_refused_total += 1
            return _refusal(507, f"the server has no room for the film: {error.strerror}")
        return web.json_response(self._told(film), status=201)

    async def _take(self, request: web.Request) -> web.Response:
        """The bytes of a film that was announced."""
        film = self._film(request)
        if film.state != "arriving" or film.id in self._arriving:
            return _refusal(409, f"{film.name} was sent already")
        self._arriving.add(film.id)
        film.expires += ARRIVES_WITHIN
        try:
            with self._connections.held(request):
                await self._store(request, film)
        except TimeoutError:
            refusal = _refusal(408, f"{film.name} did not arrive in time; send it again")
        except (web.RequestPayloadError, ConnectionError):
            refusal = _refusal(400, f"{film.name} did not arrive whole; send it again")
        except NoRoom as error:
            refusal = _refusal(error.status, str(error))
        except OSError as error:
            refusal = _refusal(507, f"{film.name} could not be stored: {error.strerror}")
        else:
            self._films.arrived(film)
            return web.json_response(self._told(film))
        finally:
            self._arriving.discard(film.id)
            if film.state == "arriving":  # also where the page has gone
                await asyncio.shield(self._films.drop(film))
        self._metrics.films_refused_total += 1
        return refusal

    async def _store(self, request: web.Request, film: Film) -> None:
        loop, got, head = asyncio.get_running_loop(), 0, b""
        with film.source.open("xb") as file:
            async with asyncio.timeout(ARRIVES_WITHIN), asyncio.timeout(SILENT_FOR) as silence:
                async for piece in request.content.iter_chunked(_PIECE):
                    silence.reschedule(loop.time() + SILENT_FOR)
                    if self._films.find(film.id) is None:
                        raise NoRoom(410, f"{film.name} was removed while it was sent")
                    got += len(piece)
                    if got > film.size:
                        raise NoRoom(413, f"{film.name} is larger than the page said")
                    if len(head) < HEAD:
                        head = (head + piece)[:HEAD]
                        _check_kind(film, head)
                    await self._films.on_disk(file.write, piece)
            if got < film.size:
                raise ConnectionError
            await self._films.on_disk(file.flush)

    async def _tell(self, request: web.Request) -> web.Response:
        return web.json_response(self._told(self._film(request)))

    async def _remove(self, request: web.Request) -> web.Response:
        """Its viewer does not want it any more."""
        await self._films.drop(self._film(request))
        return web.Response(status=204)

    async def _preview(self, request: web.Request) -> web.StreamResponse:
        film = self._film(request)
        if not film.has_preview:
            return _refusal(404, f"there is no picture of {film.name} yet")
        return web.FileResponse(film.preview)

    async def _result(self, request: web.Request) -> web.StreamResponse:
        film = self._film(request)
        if film.state != "done":
            return _refusal(404, f"{film.name} is not painted yet")
        named = f"attachment; filename*=UTF-8''{quote(film.result_name, safe='')}"
        return _Download(film, self._films, self._connections, {"Content-Disposition": named})

    def _film(self, request: web.Request) -> Film:
        film = self._films.find(request.match_info["key"])
        if film is None:
            text = json.dumps({"message": "the server no longer has this film"})
            raise web.HTTPNotFound(text=text, content_type="application/json")
        return film

    def _told(self, film: Film) -> dict[str, Any]:
        """What a page shows."""
        return {
            "key": film.id, "name": film.name, "result": film.result_name, "state": film.state,
            "before": self._films.before(film), "done": film.done, "total": film.total,
            "seconds_left": film.seconds_left, "preview": film.has_preview,
            "message": film.message,
        }  # fmt: skip


class _Download(web.FileResponse):
    """The result of ``film``; its connection is kept meanwhile. aiohttp sends a file in
    ``prepare``, which it calls itself: a response that a handler has prepared is sent twice."""

    def __init__(
        self, film: Film, films: Films, connections: Connections, headers: Mapping[str, str]
    ) -> None:
        super().__init__(film.result, headers=headers)
        self._film, self._films, self._connections = film, films, connections

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        with self._connections.held(request):
            writer = await super().prepare(request)
        if request.method == "GET" and self.status == 200:
            self._films.fetched(self._film)
        return writer


def _check_kind(film: Film, head: bytes) -> None:
    if len(head) == min(HEAD, film.size) and not is_film(head):
        raise NoRoom(
            415,
            f"{film.name} is not a film of a kind that is taken here: MP4, QuickTime, Matroska, "
            "WebM, AVI, MPEG, ASF, Flash, Ogg",
        )


async def _message(request: web.Request) -> Mapping[str, Any]:
    """The JSON object that a page sends, in bounded time and size."""
    try:
        async with asyncio.timeout(SILENT_FOR):
            message = json.loads(await request.read())
    except (TimeoutError, ValueError, RecursionError, *_BAD_BODIES):
        message = None
    if not isinstance(message, dict):
        raise UsageError("a film is announced as a JSON object with name, size and look")
    return message


def _refusal(status: int, message: str, **more: Any) -> web.Response:
    return web.json_response({"message": message, **more}, status=status)
