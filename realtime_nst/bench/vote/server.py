"""The page that asks for votes, on this computer alone."""

import asyncio
import errno
import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Self

from aiohttp import web
from aiohttp.typedefs import Handler

from realtime_nst.bench.vote.gallery import Gallery, Question
from realtime_nst.bench.vote.votes import CHOICES, Choice, VotesFile
from realtime_nst.errors import UsageError
from realtime_nst.serve.access import HEADERS, SHARED, Access
from realtime_nst.serve.metrics import Metrics

_HOST = "127.0.0.1"
_LARGEST = 4096
"""Bytes of a request; a vote has about 60."""

_SIDES = ("photo", "painting", "left", "right")
_PAGE = {
    "": ("index.html", "text/html"),
    "page.css": ("page.css", "text/css"),
    "page.js": ("page.js", "text/javascript"),
    "base.css": ("base.css", "text/css"),
    "icon.svg": ("icon.svg", "image/svg+xml"),
}


class Poll:
    """The questions to one ``voter``: those that are not answered in ``votes`` yet."""

    def __init__(self, gallery: Gallery, votes: VotesFile, voter: str) -> None:
        self.gallery, self._votes, self._voter = gallery, votes, voter
        self._questions = gallery.questions(voter)

    @property
    def answered(self) -> set[str]:
        return {vote.question.key for vote in self._votes.votes if vote.voter == self._voter}

    def current(self) -> Question | None:
        """The first that is not answered; None if all are."""
        answered = self.answered
        return next((each for each in self._questions if each.key not in answered), None)

    def answer(self, key: str, choice: Choice) -> bool:
        """False, and nothing is kept, if ``key`` is not that of the current question: the page was
        open twice, or a key was pressed twice."""
        question = self.current()
        if question is None or question.key != key:
            return False
        self._votes.add(question, choice, self._voter)
        return True

    def undo(self) -> None:
        """Ask once more what was answered last."""
        taken = self._votes.undo(self._voter)
        if taken:
            # It comes next even if the order of questions put it behind others.
            again = next(each for each in self._questions if each.key == taken.question.key)
            self._questions.remove(again)
            self._questions.insert(0, again)

    def find(self, key: str) -> Question | None:
        return next((each for each in self._questions if each.key == key), None)

    def state(self) -> dict[str, Any]:
        """What the page shows. It names neither system."""
        question, answered = self.current(), len(self.answered)
        return {
            "answered": answered,
            "total": len(self._questions),
            "question": question.key if question else None,
            "can_undo": answered > 0,
        }


class VoteServer:
    """An asynchronous context manager; once entered, ``url`` is to be opened.

    Raises UsageError if ``port`` is in use (0: any that is free).
    """

    def __init__(self, poll: Poll, port: int = 0) -> None:
        self._poll, self._port = poll, port
        access = Access(_HOST, "", Metrics(limit=1))
        app = web.Application(middlewares=[access.middleware], client_max_size=_LARGEST)
        app.on_response_prepare.append(_add_headers)
        for path, (name, kind) in _PAGE.items():
            package = "realtime_nst.web" if name in SHARED else __package__
            body = files(package).joinpath("page", name).read_bytes()
            app.router.add_get(f"/{path}", _content(body, kind))
        app.router.add_get("/state", self._state)
        app.router.add_get("/pictures/{key}/{side}", self._picture)
        app.router.add_post("/votes", self._vote)
        app.router.add_post("/undo", self._undo)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, _HOST, self._port).start()
        except (OSError, OverflowError) as error:
            await self._runner.cleanup()
            in_use = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
            why = "is in use" if in_use else f"cannot be opened ({error})"
            raise UsageError(f"port {self._port} {why}; choose another with `port`") from error
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        return f"http://{_HOST}:{self._runner.addresses[0][1]}/"

    async def _state(self, _: web.Request) -> web.Response:
        return web.json_response(self._poll.state())

    async def _picture(self, request: web.Request) -> web.Response:
        question, side = self._poll.find(request.match_info["key"]), request.match_info["side"]
        if question is None or side not in _SIDES:
            raise web.HTTPNotFound
        body = await asyncio.to_thread(self._poll.gallery.shown, question, side)
        return web.Response(body=body, content_type="image/png")

    async def _vote(self, request: web.Request) -> web.Response:
        told = await _json(request)
        key = told.get("question")
        choice = next((each for each in CHOICES if each == told.get("choice")), None)
        if not isinstance(key, str) or choice is None:
            raise web.HTTPBadRequest(text="a vote names its question, and left, right or same")
        taken = self._poll.answer(key, choice)
        return web.json_response(self._poll.state(), status=200 if taken else 409)

    async def _undo(self, _: web.Request) -> web.Response:
        self._poll.undo()
        return web.json_response(self._poll.state())


async def _json(request: web.Request) -> Mapping[str, Any]:
    try:
        told = json.loads(await request.text())
    except (ValueError, RecursionError) as error:
        raise web.HTTPBadRequest(text="this is not JSON") from error
    if not isinstance(told, dict):
        raise web.HTTPBadRequest(text="this is not an object")
    return told


def _content(body: bytes, kind: str) -> Handler:
    async def content(_: web.Request) -> web.Response:
        return web.Response(body=body, content_type=kind)

    return content


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
