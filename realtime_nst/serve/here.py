"""The page that paints in the viewer's browser, given out beside the one that paints here."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import web

from realtime_nst.web.folder import HEADERS, POLICY, write_page
from realtime_nst.web.libraries import at_hand

_HEADERS = {
    **HEADERS,
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",
    "Permissions-Policy": "camera=(self), microphone=(self)",
    "Cache-Control": "no-cache",
}
_KINDS = {".mjs": "text/javascript", ".js": "text/javascript", ".wasm": "application/wasm"}
_ADDRESS = "../"
"""Of the page that paints here, seen from the other."""


class Here:
    """Writes the page's folder when somebody asks for it, and deletes it when the server ends.

    It is ``possible`` where nothing needs to be fetched for it.
    """

    def __init__(self) -> None:
        self.possible = at_hand() is not None
        self._folder: TemporaryDirectory[str] | None = None
        self._files: dict[str, Path] = {}
        self._writing = asyncio.Lock()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The file of that name: only what was written is given out."""
        async with self._writing:
            if not self._files:
                self._files = await asyncio.to_thread(self._written)
        path = self._files.get(request.match_info["name"] or "index.html")
        if path is None:
            raise web.HTTPNotFound
        kind = {"Content-Type": _KINDS[path.suffix]} if path.suffix in _KINDS else {}
        return web.FileResponse(path, headers={**_HEADERS, **kind})

    def _written(self) -> dict[str, Path]:
        self._folder = TemporaryDirectory(prefix="realtime_nst-page-")
        site = write_page(Path(self._folder.name, "site"), server=_ADDRESS)
        return {p.relative_to(site).as_posix(): p for p in site.rglob("*") if p.is_file()}

    async def close(self, _: web.Application) -> None:
        if self._folder is not None:
            self._folder.cleanup()
