"""The HTTP server: address, port, certificate and token."""

import errno
import secrets
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Self
from urllib.parse import quote

from aiohttp import web
from aioice.ice import get_host_addresses

from realtime_nst.errors import UsageError
from realtime_nst.serve.access import Access, is_loopback
from realtime_nst.serve.app import App
from realtime_nst.serve.connections import BACKLOG, Connections, listeners
from realtime_nst.serve.films import Films
from realtime_nst.serve.log import LOG
from realtime_nst.serve.metrics import Metrics
from realtime_nst.serve.peer import ice_servers
from realtime_nst.serve.studio import Studio
from realtime_nst.values import check_number

_SHORTEST_TOKEN, _LAST_PORT, _MOST_SESSIONS = 8, 65535, 1000
_MOST_FILMS, _LARGEST_FILM = 1000, 1_000_000
_EVERYWHERE = ("0.0.0.0", "::")
_SECONDS_TO_LEAVE = 2.0

_SECONDS_TO_ASK = 15.0
"""Time in which a request's headers must arrive, and the next request on the same connection."""


class Server:
    """An asynchronous context manager; once entered, ``urls`` has the addresses to open.

    A ``host`` other than loopback requires a token; one is generated where it is None. ``port`` 0
    chooses a free port. ``certificate`` and ``key`` are PEM files; the certificate's file may
    contain the key. ``sessions`` is the most viewers at once. ``ice`` has addresses for
    :func:`ice_servers`. ``films`` is how many films there may be at once, ``film_size`` how many
    megabytes one may have. Raises :class:`UsageError` for invalid arguments.
    """

    def __init__(
        self,
        studio: Studio,
        *,
        host: str = "127.0.0.1",
        port: int = 8000,
        token: str | None = None,
        certificate: Path | None = None,
        key: Path | None = None,
        sessions: int = 4,
        ice: Sequence[str] = (),
        films: int = 4,
        film_size: int = 1000,
    ) -> None:
        _check(token, port, sessions)
        check_number("`films`", films, 0, _MOST_FILMS)
        check_number("`film_size`", film_size, 1, _LARGEST_FILM)
        self._host, self._port = host, port
        self._token = token or ("" if is_loopback(host) else secrets.token_urlsafe(16))
        self._ssl = _ssl(certificate, key)
        metrics, self._connections = Metrics(limit=sessions), Connections(sessions)
        access = Access(host, self._token, metrics)
        room = Films(studio, metrics, most=films, largest=film_size * 1_000_000)
        self._runner = web.AppRunner(
            App(studio, access, self._connections, metrics, ice_servers(ice), room).web,
            access_log=None,
            logger=LOG,
            keepalive_timeout=_SECONDS_TO_ASK,
            shutdown_timeout=_SECONDS_TO_LEAVE,
            # A refused request's body is neither decompressed nor waited for: 1.5 MB of deflated
            # zeros, sent without a token, kept the event loop of all viewers busy for 10 s.
            auto_decompress=False,
            lingering_time=0,
        )

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        try:
            for each in await listeners(self._host, self._port, self._connections):
                site = web.SockSite(self._runner, each, ssl_context=self._ssl, backlog=BACKLOG)
                await site.start()
        except (OSError, OverflowError, UnicodeError) as error:
            await self._runner.cleanup()
            raise UsageError(self._why_not(error)) from error
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    @property
    def urls(self) -> list[str]:
        """The address, or one for each address of this machine if it listens on all of them."""
        host, port = self._runner.addresses[0][:2]
        hosts = get_host_addresses(True, False) if host in _EVERYWHERE else []
        scheme = "https" if self._ssl else "http"
        query = f"?token={quote(self._token)}" if self._token else ""
        return [f"{scheme}://{_bracketed(each)}:{port}/{query}" for each in hosts or [host]]

    @property
    def hides_cameras(self) -> bool:
        """Whether other machines' browsers deny the page their camera, because HTTPS is missing."""
        return self._ssl is None and not is_loopback(self._host)

    def _why_not(self, error: Exception) -> str:
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            return (
                f"port {self._port} of {self._host} is in use; choose another with `port`, "
                "or a free one with `port` 0"
            )
        return (
            f"{self._host} port {self._port} cannot be opened ({error}); choose an address of "
            "this machine with `host`, and a `port` from 1024 to 65535"
        )


def _check(token: str | None, port: int, sessions: int) -> None:
    if token is not None and len(token) < _SHORTEST_TOKEN:
        raise UsageError(
            f"`token` has {len(token)} characters and needs {_SHORTEST_TOKEN}; "
            "without `token`, one is generated"
        )
    check_number("`port`", port, 0, _LAST_PORT)
    check_number("`sessions`", sessions, 1, _MOST_SESSIONS)


def _ssl(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    if certificate is None:
        if key is not None:
            raise UsageError(f"`key` {str(key)!r} needs a `certificate`; give both")
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate, key, password="")
    except (OSError, ValueError) as error:
        files = " and ".join(repr(str(each)) for each in (certificate, key) if each)
        raise UsageError(
            f"{files} cannot be used ({error.strerror if isinstance(error, OSError) else error}); "
            "`certificate` and `key` are PEM files, the key without a password"
        ) from error
    return context


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
