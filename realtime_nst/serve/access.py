"""Which requests are allowed: by their host, their origin and their token."""

import hashlib
import hmac
import ipaddress
from collections.abc import Mapping
from html import escape
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from realtime_nst.serve import guesses
from realtime_nst.serve.connections import client_of
from realtime_nst.serve.guesses import Guesses
from realtime_nst.serve.metrics import Metrics

COOKIE = "realtime_nst"
SHARED = ("base.css", "icon.svg")
"""Files of the page that paints in the browser, which all pages have."""

_OPEN = ("/health", "/page.css", *(f"/{name}" for name in SHARED))
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

    Who gives the token is sent to ``home``, with a cookie for that path. Browsers send cookies to
    all ports of a host, whose servers may be other people's: neither cookie nor path reveals the
    token, and no other server knows the path, without which browsers keep the cookie back.
    """

    def __init__(self, host: str, token: str, metrics: Metrics) -> None:
        self._loopback, self._token, self._metrics = is_loopback(host), token, metrics
        self._guesses = Guesses()
        path, self._cookie = _derived(token) if token else ("", "")
        self.home = f"/viewer-{path}/" if token else "/"

    @property
    def middleware(self) -> Middleware:
        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            return self._refusal(request) or await handler(request)

        return guard

    def _refusal(self, request: web.Request) -> web.StreamResponse | None:
        refusal = self._stranger(request) or self._without_token(request)
        if refusal is not None:
            self._metrics.requests_refused_total += refusal.status in (401, 403, 429)
        return refusal

    def _stranger(self, request: web.Request) -> web.Response | None:
        if self._loopback and not is_loopback(_host(request.host)):
            return _page(403, "This page is for this computer only; open it at http://localhost.")
        origin = request.headers.get("Origin")
        if origin is not None and origin.partition("://")[2] != request.host:
            return _page(403, "Another web page requested this; only the server's own page may.")
        return None

    def _without_token(self, request: web.Request) -> web.Response | None:
        """None if the request has the token or the cookie."""
        cookie = request.cookies.get(COOKIE, "")
        if not self._token or request.path in _OPEN or _equal(cookie, self._cookie):
            return None
        in_address = request.query.get("token", "") if request.path == "/" else ""
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        given, client = in_address or bearer, client_of(request.remote)
        if given and self._guesses.are_too_many(client):
            return _page(429, _TOO_MANY, headers={"Retry-After": f"{guesses.SECONDS:.0f}"})
        if _equal(given, self._token):
            return self._welcome(request) if in_address else None
        if given:
            self._guesses.add(client)
        wrong = "This is not the token. " if in_address else ""
        return _page(401, f"{wrong}The token was printed where the server was started.", _FORM)

    def _welcome(self, request: web.Request) -> web.Response:
        """The cookie is Lax: Strict ones are not sent when a link in another page is followed."""
        response = web.Response(status=303, headers={"Location": self.home})
        response.set_cookie(
            COOKIE,
            self._cookie,
            path=self.home,
            httponly=True,
            samesite="Lax",
            secure=request.secure,
        )
        return response


def _derived(token: str) -> tuple[str, str]:
    """A path and a cookie, the same after a restart. Who sees them cannot try tokens quickly."""
    key = hashlib.scrypt(_bytes(token), salt=COOKIE.encode(), n=2**14, r=8, p=1, dklen=48)
    return key[:16].hex(), key[16:].hex()


def _equal(given: str, wanted: str) -> bool:
    return hmac.compare_digest(_bytes(given), _bytes(wanted))


def _bytes(text: str) -> bytes:
    """Bytes as received: headers need not be UTF-8."""
    return text.encode(errors="surrogateescape")


def _host(netloc: str) -> str:
    try:
        return urlsplit(f"//{netloc}").hostname or ""
    except ValueError:
        return ""


_TOO_MANY = "Too many wrong tokens came from this address. Wait a minute, and try again."
_FORM = (
    '<form action="/"><label>Token <input name="token" type="password" '
    'autocomplete="current-password" '
    "autofocus required></label><button>Open</button></form>"
)


def _page(
    status: int, text: str, form: str = "", headers: Mapping[str, str] | None = None
) -> web.Response:
    return web.Response(
        status=status,
        headers=headers,
        content_type="text/html",
        text=f"<!doctype html><html lang=en><meta charset=utf-8>"
        f'<meta name=viewport content="width=device-width"><title>realtime-nst</title>'
        f"<link rel=icon href=/icon.svg>"
        f"<link rel=stylesheet href=/base.css><link rel=stylesheet href=/page.css>"
        f"<main class=notice><h1>realtime-nst</h1><p>{escape(text)}</p>{form}</main></html>",
    )
