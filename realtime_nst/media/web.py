"""Videos on web servers, by HTTP and HTTPS."""

from __future__ import annotations

import base64
import socket
import ssl
import string
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path, PurePosixPath
from time import sleep
from urllib.error import HTTPError, URLError
from urllib.parse import quote, unquote, urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

from realtime_nst.errors import MediaError, UsageError
from realtime_nst.media.stored import Stored, spool, temporary_file

SCHEMES = ("http", "https")
_LONGEST_NUMBER = 19
"""Digits."""

_TIMEOUT = 15.0
_BLOCK = 2**18
_FEW, _MANY = 4, 256
"""Blocks of a request: few where the reading begins, since it may end soon, then more and more.
So many are also read over rather than left out."""
_PAUSES = (0.5, 2.0, 5.0)
"""Seconds before each further try, when a connection broke off."""
_AGAIN = (408, 429, 500, 502, 503, 504)


@dataclass(frozen=True)
class Address:
    """``url`` to ask for, without user and password, which are in ``authorization``; ``shown`` is
    without the query, too, which may hold a key. ``name`` is that of the file."""

    url: str
    shown: str
    authorization: str
    name: str

    @classmethod
    def of(cls, text: str) -> Address:
        """Raises :class:`UsageError` if it is no address of a file on a web server."""
        try:
            parts = urlsplit(text)
            host = (parts.hostname or "").encode("idna").decode()
            port = f":{parts.port}" if parts.port else ""
        except ValueError:
            host = ""
        if not host:
            raise UsageError("that address is not valid; give one as https://host/name.mp4")
        plain = f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}"
        asked = quote(parts.path or "/", safe=string.punctuation)
        query = f"?{quote(parts.query, safe=string.punctuation)}" if parts.query else ""
        user = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
        given = parts.username is not None
        name = PurePosixPath(unquote(parts.path)).name
        name = "".join(c for c in name if c.isprintable() and c not in '\\/:*?"<>|')
        return cls(
            plain + asked + query,
            plain + parts.path,
            f"Basic {base64.b64encode(user.encode()).decode()}" if given else "",
            name.strip(". ") or host,
        )


def is_web_address(text: str) -> bool:
    scheme, separator, _ = text.partition("://")
    return bool(separator) and scheme.lower() in SCHEMES


def open_web(address: Address, folder: Path, told: Callable[[int], None]) -> Stored:
    """The file at ``address``, with what is read of it kept on the disk of ``folder``.

    It is fetched as far as it is read if the server can begin anywhere in it (RFC 9110, 14), else
    whole: then ``told`` is called with the number of bytes so far. Raises :class:`MediaError`.
    """
    response = _ask(address, _FEW)
    size = _whole_size(response)
    if response.status == 206 and size:
        return WebFile(address, size, response, folder)
    if response.status == 206:
        response.close()
        response = _ask(address, None)
    try:
        with response:
            stored = spool(response, address.name, folder, told, address.shown)
    except HTTPException:
        raise MediaError(f"{address.shown} broke off; try again") from None
    if size and stored.size < size:
        stored.__exit__(None, None, None)
        raise MediaError(
            f"{address.shown} broke off after {stored.size} of {size} bytes, and its server cannot "
            "go on in the middle; try again"
        )
    return stored


class WebFile(Stored):
    """A file of ``size`` bytes on a server that can begin anywhere in it.

    One answer after the other is read on; another one is asked for where it broke off, and to go
    elsewhere. Bytes are fetched once, but for short gaps that are read over. ``response`` answers
    the request for the beginning. ``told``, while it is set, is called with the number of bytes
    fetched so far.
    """

    def __init__(self, address: Address, size: int, response: HTTPResponse, folder: Path) -> None:
        super().__init__(address.name, size, temporary_file(folder), address.shown)
        self._address = address
        self._response: HTTPResponse | None = response
        self._version = _version(response)
        self._next, self._end, self._many = 0, _FEW, _FEW
        self._there = bytearray(-(-size // _BLOCK))
        self._came = 0
        self.told: Callable[[int], None] | None = None

    def _fill(self, offset: int, count: int) -> None:
        for block in range(offset // _BLOCK, -(-(offset + count) // _BLOCK)):
            while not self._there[block]:
                if not self._next <= block < self._next + _FEW:
                    self._leave()
                    self._next, self._many = block, _FEW
                self._fetch()

    def _fetch(self) -> None:
        """The block ``_next``, tried again where the connection fails."""
        wanted = min(_BLOCK, self.size - self._next * _BLOCK)
        for pause in (*_PAUSES, None):
            try:
                data = self._read(wanted)
                break
            except (OSError, HTTPException, _Unavailable) as error:
                self._leave()
                if pause is None:
                    raise MediaError(f"{self} broke off: {_reason(error)}; {_REMEDY}") from None
                sleep(pause)
        self._file.seek(self._next * _BLOCK)
        self._file.write(data)
        self._there[self._next] = True
        self._came += len(data)
        if self.told:
            self.told(self._came)
        self._next += 1
        if self._next == self._end:
            self._leave()
            self._many = min(2 * self._many, _MANY)

    def _read(self, wanted: int) -> bytes:
        if self._response is None:
            self._response = self._reopened()
        data = self._response.read(wanted)
        if len(data) < wanted:
            raise ConnectionError("the connection was closed")
        return data

    def _reopened(self) -> HTTPResponse:
        self._end = self._next + self._many
        response = _request(self._address, self._next, self._end)
        begin = response.headers.get("Content-Range", "").partition("-")[0]
        right = begin == f"bytes {self._next * _BLOCK}" and _version(response) == self._version
        if response.status != 206 or not right:
            response.close()
            raise MediaError(f"{self} was changed on its server while it was read; start anew")
        return response

    def _leave(self) -> None:
        if self._response is not None:
            self._response.close()
            self._response = None

    def _close(self) -> None:
        self._leave()
        super()._close()


_REMEDY = "check the address and the network"
_SAYS = {
    401: "asks for a user and a password, as in https://user:password@host/name",
    403: "is not to be read by everybody",
    404: "is not there",
    416: "is empty",
    410: "is not there any more",
}


class _Unavailable(Exception):
    """The server cannot answer now."""


def _ask(address: Address, end: int | None) -> HTTPResponse:
    """The first blocks before ``end`` (None: all). Raises :class:`MediaError`."""
    try:
        return _request(address, 0, end)
    except (OSError, HTTPException, _Unavailable) as error:
        raise MediaError(
            f"{address.shown} cannot be reached: {_reason(error)}; {_REMEDY}"
        ) from None


def _request(address: Address, first: int, end: int | None) -> HTTPResponse:
    """The blocks from ``first`` to before ``end`` (None: the whole file). Raises
    :class:`MediaError` for a refusal that will last, else OSError, HTTPException and
    _Unavailable."""
    headers = {"User-Agent": "realtime_nst", "Accept-Encoding": "identity"}
    if end is not None:
        headers["Range"] = f"bytes={first * _BLOCK}-{end * _BLOCK - 1}"
    request = Request(address.url, headers=headers)
    if address.authorization:  # not for where the server sends us on
        request.add_unredirected_header("Authorization", address.authorization)
    try:
        response: HTTPResponse = _opener().open(request, timeout=_TIMEOUT)
    except HTTPError as error:
        error.close()
        if error.code in _AGAIN:
            raise _Unavailable(f"the server answers {error.code} {error.reason}") from None
        says = _SAYS.get(error.code, f"is refused by its server: {error.reason}")
        raise MediaError(f"{address.shown} {says} ({error.code}); check the address") from None
    return response


def _opener() -> OpenerDirector:
    """The usual one, but for files and FTP, to which a server could send us on."""
    opener = OpenerDirector()
    for handler in (
        ProxyHandler(),
        HTTPHandler(),
        HTTPSHandler(),
        HTTPRedirectHandler(),
        HTTPDefaultErrorHandler(),
        HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener


def _reason(error: Exception) -> str:
    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, socket.gaierror):
        return "there is no such host"
    if isinstance(cause, TimeoutError):
        return f"nothing came for {_TIMEOUT:g} s"
    if isinstance(cause, ConnectionRefusedError):
        return "the connection was refused"
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not valid ({cause.verify_message})"
    return str(getattr(cause, "strerror", None) or cause or type(cause).__name__)


def _whole_size(response: HTTPResponse) -> int:
    """0 if the server does not tell."""
    told = response.headers.get("Content-Range", "").rpartition("/")[2]
    if response.status != 206:
        told = response.headers.get("Content-Length", "")
    return int(told) if told.isdecimal() and len(told) < _LONGEST_NUMBER else 0


def _version(response: HTTPResponse) -> tuple[int, str]:
    headers = response.headers
    return _whole_size(response), headers.get("ETag") or headers.get("Last-Modified") or ""
