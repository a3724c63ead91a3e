"""Films that viewers bring: painted one at a time, kept for a while, and removed."""

import asyncio
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from aiohttp import web

from realtime_nst import presets
from realtime_nst.errors import RealtimeNstError, UsageError
from realtime_nst.files import LockedFile
from realtime_nst.look import Look, settings_of
from realtime_nst.serve.film import Film
from realtime_nst.serve.log import LOG
from realtime_nst.serve.metrics import Metrics
from realtime_nst.serve.requested import requested
from realtime_nst.serve.studio import Studio
from realtime_nst.spec import compose, parse, stem

BEGINS_WITHIN = 60.0
"""Seconds from the time a film was announced until its first piece."""

KEPT, KEPT_WHEN_FETCHED = 3600.0, 300.0
"""Seconds for which a painted film is kept, and once it has been fetched as a whole."""

_LOOK_EVERY = 5.0
_PREFIX, _LOCK = "realtime_nst-films-", "lock"
_LONGEST_NAME = 100
_SPARE = 1 << 30
"""Bytes that stay free on the disk."""

_TIMES_ITS_SIZE = 3
"""Room on the disk for a film and its painting, which may be larger; for all films announced and
not yet painted, as several may be announced before the first byte of one is there."""

T = TypeVar("T")
_Work = Callable[[Film], Coroutine[Any, Any, None]]


class NoRoom(RealtimeNstError):
    """A film is too large, or there are too many; ``status`` is HTTP's word for it."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


class Films:
    """Room for the ``most`` films, of which one client may have half unpainted; each of the
    ``largest`` size in bytes. They are painted one after the other, while another is examined.

    A film stays if its viewer leaves: phones put pages to sleep. It is removed an hour after it was
    painted, some minutes after it was fetched, when its viewer says so, and when the server ends.
    """

    def __init__(self, studio: Studio, metrics: Metrics, *, most: int, largest: int) -> None:
        self._studio, self._metrics = studio, metrics
        self.most, self.largest = most, largest
        self._films: dict[str, Film] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def serving(self, _: web.Application) -> AsyncIterator[None]:
        """While the application runs."""
        self._examining: asyncio.Queue[Film] = asyncio.Queue()
        self._painting: asyncio.Queue[Film] = asyncio.Queue()
        self._disk = ThreadPoolExecutor(1, "realtime_nst-films")
        with _own_folder() as self._folder:
            work = (
                self._lane(self._examining, self._examine),
                self._lane(self._painting, self._paint),
                self._forget(),
            )
            lanes = [asyncio.create_task(each) for each in work]
            try:
                yield
            finally:
                tasks = [*lanes, *self._tasks.values()]
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                self._disk.shutdown()

    def find(self, key: str) -> Film | None:
        return self._films.get(key)

    async def announce(self, message: Mapping[str, Any], client: str) -> Film:
        """Make room for a film of a ``name`` and ``size``, to be painted with the ``look`` that a
        page asks for. Raises :class:`NoRoom`, and the errors of :func:`requested`."""
        name, size = _name(message.get("name")), message.get("size")
        if type(size) is not int or size <= 0:
            raise UsageError(f"{name} is empty; choose another file")
        held, view = self._studio.look, self._studio.view
        look, _ = requested(held, view, {"look": message.get("look", {})}, self._studio)
        self._check_room(name, size, client)
        key = secrets.token_urlsafe(16)
        film = self._films[key] = Film(
            key, name, f"{PurePosixPath(name).stem}-{stem(look.style)[:_LONGEST_NAME]}.mp4", client,
            self._folder / key, size, self.largest, time.monotonic() + BEGINS_WITHIN,
            self._studio.provider,
        )  # fmt: skip
        promised = sum(each.size for each in self._films.values() if not each.is_over)
        try:
            free = (await self.on_disk(shutil.disk_usage, self._folder)).free
            if free < _TIMES_ITS_SIZE * promised + _SPARE:
                raise NoRoom(507, f"the server's disk has too little room for {name}")
            await self.on_disk(self._store_look, film, look)
        except BaseException:
            await self.drop(film)
            raise
        return film

    def arrived(self, film: Film) -> None:
        """All its bytes are there."""
        film.state, film.expires = "waiting", float("inf")
        self._metrics.films_taken_total += 1
        self._examining.put_nowait(film)

    def fetched(self, film: Film) -> None:
        """Its viewer has the result."""
        film.expires = min(film.expires, time.monotonic() + KEPT_WHEN_FETCHED)

    async def drop(self, film: Film) -> None:
        """Stop what is done with it, and remove all of it."""
        self._films.pop(film.id, None)
        if task := self._tasks.get(film.id):
            task.cancel()
            await asyncio.wait([task])
        await self.on_disk(shutil.rmtree, film.folder, True)

    def before(self, film: Film) -> int:
        """How many films are painted first."""
        waiting = [each for each in self._films.values() if each.state in ("waiting", "painting")]
        return sum(each.asked_at < film.asked_at for each in waiting) if film in waiting else 0

    async def on_disk(self, function: Callable[..., T], *arguments: Any) -> T:
        """Disks may be slow, and live pictures wait for nothing."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._disk, function, *arguments)

    async def _lane(self, films: "asyncio.Queue[Film]", work: _Work) -> None:
        """One film at a time; a removed one is not begun."""
        while True:
            film = await films.get()
            if film.id in self._films:
                task = self._tasks[film.id] = asyncio.create_task(self._guarded(film, work))
                await asyncio.wait([task])
                if self._tasks.get(film.id) is task:  # the other lane may have begun with it
                    del self._tasks[film.id]

    async def _guarded(self, film: Film, work: _Work) -> None:
        try:
            await work(film)
        except (RealtimeNstError, OSError) as error:
            film.state, film.message = "failed", str(error)
        except Exception:
            LOG.exception("a film could not be painted")
            film.state, film.message = "failed", "it could not be painted"
        if film.state == "failed":
            film.source.unlink(missing_ok=True)
        film.message = self._studio.without_paths(film.message)
        if film.state in ("done", "failed"):
            film.expires = time.monotonic() + KEPT

    async def _examine(self, film: Film) -> None:
        await film.look_at()
        self._painting.put_nowait(film)

    async def _paint(self, film: Film) -> None:
        film.state = "painting"
        await film.paint()
        film.state = "done"
        self._metrics.films_painted_total += 1

    async def _forget(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            now = time.monotonic()
            for film in [each for each in self._films.values() if each.expires < now]:
                await self.drop(film)

    def _check_room(self, name: str, size: int, client: str) -> None:
        if size > self.largest:
            raise NoRoom(413, f"{name} has {_megabytes(size)}; at most {_megabytes(self.largest)}")
        films = self._films.values()
        own = sum(each.client == client and not each.is_over for each in films)
        if own >= max(1, self.most // 2):
            raise NoRoom(429, f"your other films are not painted yet; send {name} afterwards")
        if len(self._films) >= self.most:
            raise NoRoom(429, "all places for films are taken; try again in some minutes")

    def _store_look(self, film: Film, look: Look) -> None:
        """With the pictures and styles of viewers: the server keeps only the last ones."""
        film.folder.mkdir()
        resolved = self._studio.resolved(look)
        named = [name for name, (_, about) in settings_of(Look).items() if about.names == "styles"]
        own: dict[str, Any] = {
            name: self._with_copies(getattr(resolved, name), film.folder) for name in named
        }
        presets.save(film.look, replace(resolved, **own))

    def _with_copies(self, style: str, folder: Path) -> str:
        """``style`` with copies of what viewers have brought."""
        brought = {self._studio.paintings.folder, self._studio.lessons.folder}
        parts = [
            replace(part, name=str(shutil.copy(part.name, folder)))
            if os.path.dirname(part.name) in brought
            else part
            for part in (parse(style) if style else ())
        ]
        return compose(parts) if parts else ""


@contextmanager
def _own_folder() -> Iterator[Path]:
    """For films, gone at the end; what servers that were killed have left goes at once."""
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=_roomy()) as folder:
        path = Path(folder)
        for other in path.parent.glob(f"{_PREFIX}*") if os.name == "posix" else ():  # it has locks
            with suppress(OSError), LockedFile(other / _LOCK):
                shutil.rmtree(other, ignore_errors=True)
        with LockedFile(path / _LOCK, create=True):
            yield path


def _roomy() -> str | None:
    """A folder for large files: /tmp is in memory on many systems."""
    lasting = "/var/tmp"
    is_there = os.path.isdir(lasting) and os.access(lasting, os.W_OK)
    return lasting if is_there and "TMPDIR" not in os.environ else None


def _name(given: Any) -> str:
    """A file's name as it can be shown, whatever a page sends."""
    name = PurePosixPath(given.replace("\\", "/")).name if isinstance(given, str) else ""
    return "".join(c for c in name if c.isprintable())[-_LONGEST_NAME:] or "the film"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB"
