"""Pictures that arrive from viewers, each in a limited time, and few of one viewer at once."""

import asyncio
from collections import Counter

from aiohttp import web

from realtime_nst.errors import RealtimeNstError
from realtime_nst.runtime.player import PICTURES
from realtime_nst.serve.connections import Connections, client_of
from realtime_nst.serve.paintings import LARGEST
from realtime_nst.serve.studio import Studio

SECONDS = 20.0
"""Time in which a picture must arrive in full."""

MOST = 4
"""Pictures of one client that are under way at once."""


class Uploads:
    """Hands pictures to the studio, which decodes one at a time."""

    def __init__(self, studio: Studio, connections: Connections) -> None:
        self._studio, self._connections = studio, connections
        self._under_way: Counter[str] = Counter()

    async def take(self, request: web.Request) -> web.Response:
        """Take a picture to use as a style; answers with its name, and the network it blends in."""
        client = client_of(request.remote)
        if self._under_way[client] >= MOST:
            return _refusal(429, "other pictures of yours are still on their way; try again")
        self._under_way[client] += 1
        try:
            with self._connections.held(request):
                return await self._taken(request)
        finally:
            self._under_way -= Counter([client])

    async def _taken(self, request: web.Request) -> web.Response:
        try:
            async with asyncio.timeout(SECONDS):
                data = await request.read()
        except TimeoutError:
            return _refusal(408, f"the picture did not arrive within {SECONDS:.0f} s")
        except web.HTTPRequestEntityTooLarge:
            return _refusal(413, f"the picture has over {LARGEST >> 20} MB; choose a smaller one")
        except web.RequestPayloadError:
            return _refusal(400, "the picture did not arrive whole; send it again")
        try:
            loop, studio = asyncio.get_running_loop(), self._studio
            name = await loop.run_in_executor(studio.loading, studio.paintings.add, data)
        except RealtimeNstError as error:
            return _refusal(400, self._studio.without_paths(str(error)))
        return web.json_response({"name": name, "blends_in": PICTURES})


def _refusal(status: int, message: str) -> web.Response:
    return web.json_response({"message": message}, status=status)
