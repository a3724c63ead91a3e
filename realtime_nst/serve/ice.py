"""Servers that help browser and server find a way to each other; none is used unless given."""

from collections.abc import Iterable, Mapping

from aiortc.rtcicetransport import parse_stun_turn_uri

from realtime_nst.errors import UsageError

IceServer = Mapping[str, str]
"""``urls``, and for TURN ``username`` and ``credential``: what browsers and aiortc both take."""


def ice_servers(addresses: Iterable[str]) -> list[IceServer]:
    """Of ``stun:HOST:PORT`` and ``turn:USER:PASSWORD@HOST:PORT``; UsageError for other."""
    return [_ice_server(address) for address in addresses]


def _ice_server(address: str) -> IceServer:
    scheme, _, rest = address.partition(":")
    login, at, host = rest.rpartition("@")
    user, _, password = login.partition(":")
    url = f"{scheme}:{host}"
    if not _is_usable(url, login):
        raise UsageError(
            f"--ice-server {address!r} is no address of one; give it as stun:HOST:PORT or "
            "turn:USER:PASSWORD@HOST:PORT, the latter with ?transport=tcp where UDP is closed"
        )
    return {"urls": url, **({"username": user, "credential": password} if at else {})}


def _is_usable(url: str, login: str) -> bool:
    """Browsers refuse a TURN server without a login, aiortc leaves out a transport it lacks."""
    try:
        parts = parse_stun_turn_uri(url)
    except ValueError:
        return False
    if parts["scheme"].startswith("stun"):
        return True
    user, _, password = login.partition(":")
    transports = ("tcp",) if parts["scheme"] == "turns" else ("udp", "tcp")
    return bool(user and password) and parts["transport"] in transports
