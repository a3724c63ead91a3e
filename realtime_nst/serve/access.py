"""Which requests are allowed: by their host, their origin and their token."""

import hmac
import ipaddress
from collections.abc import Mapping
from html import escape
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from realtime_nst.serve.metrics import Metrics

COOKIE = "realtime_nst_token"
_OPEN = ("/health", "/page.css", "/icon.svg")
"""Paths that need no token: they reveal nothing."""

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self' blob:; media-src 'self' blob:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Permissions-Policy": "camera=(self), microphone=()",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def is_loopback(host: str) -> bool:
    """Whether ``host``, a name or an address, is loopback."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


class Access:
    """A middleware for a server at ``host``; ``token`` is empty if none is required.

    On loopback, a request's Host must be loopback too: otherwise any web page could reach the
    server through a domain of its own (DNS rebinding). Elsewhere the token keeps such pages out. An
    Origin header must be that of the page itself.
    """

    def __init__(self, host: str, token: str, metrics: Metrics) -> None:
        self._loopback, self._token, self._metrics = is_loopback(host), token, metrics

    @property
    def middleware(self) -> Middleware:
        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            return self._refusal(request) or await handler(request)

        return guard

    def _refusal(self, request: web.Request) -> web.StreamResponse | None:
        refusal = self._stranger(request) or self._without_token(request)
        if refusal is not None:
            self._metrics.requests_refused_total += refusal.status in (401, 403)
        return refusal

    def _stranger(self, request: web.Request) -> web.Response | None:
        if self._loopback and not is_loopback(_host(request.host)):
            return _page(403, "This page is for this computer only; open it at http://localhost.")
        origin = request.headers.get("Origin")
        if origin is not None and origin.partition("://")[2] != request.host:
            return _page(403, "Another web page requested this; only the server's own page may.")
        return None

    def _without_token(self, request: web.Request) -> web.Response | None:
        """None if the request has the token; a token in the address is turned into a cookie."""
        if not self._token or request.path in _OPEN:
            return None
        if request.path == "/" and self._is_token(request.query.get("token", "")):
            return self._welcome(request)
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self._is_token(request.cookies.get(COOKIE, "")) or self._is_token(bearer):
            return None
        wrong = "This is not the token. " if "token" in request.query else ""
        return _page(401, f"{wrong}The token was printed where the server was started.", _FORM)

    def _welcome(self, request: web.Request) -> web.Response:
        """The cookie is Lax: Strict ones are not sent when a link in another page is followed."""
        response = web.Response(status=303, headers={"Location": "/"})
        response.set_cookie(
            COOKIE, self._token, httponly=True, samesite="Lax", secure=request.secure
        )
        return response

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(_bytes(given), _bytes(self._token))


def _bytes(text: str) -> bytes:
    """Bytes as received: headers need not be UTF-8."""
    return text.encode(errors="surrogateescape")


def _host(netloc: str) -> str:
    try:
        return urlsplit(f"//{netloc}").hostname or ""
    except ValueError:
        return ""


_FORM = (
    '<form action="/"><label>Token <input name="token" type="password" '
    'autocomplete="current-password" '
    "autofocus required></label><button>Open</button></form>"
)


def _page(status: int, text: str, form: str = "") -> web.Response:
    return web.Response(
        status=status,
        content_type="text/html",
        text=f"<!doctype html><html lang=en><meta charset=utf-8>"
        f'<meta name=viewport content="width=device-width"><title>realtime-nst</title>'
        f"<link rel=icon href=/icon.svg><link rel=stylesheet href=/page.css>"
        f"<main class=notice><h1>realtime-nst</h1><p>{escape(text)}</p>{form}</main></html>",
    )
