"""The web page's server against strangers: they hold up nobody, and fill neither memory nor log."""

import asyncio
import gc
import json
import logging
import socket
import struct
from contextlib import asynccontextmanager

import pytest
import yarl

pytest.importorskip("aiortc", reason="needs the extra serve")

import serve_factory
from aioice import stun
from aiortc.sdp import candidate_from_sdp
from serve_factory import LEFT, RIGHT, Camera, get, painted, run, serving, viewing

from realtime_nst.serve import connections, datagrams, guesses, server
from realtime_nst.serve.connections import Connections, client_of
from realtime_nst.serve.datagrams import Datagrams
from realtime_nst.serve.guesses import Guesses


@pytest.fixture(autouse=True)
def installed(tmp_path, monkeypatch):
    serve_factory.install(tmp_path, monkeypatch)


@pytest.fixture(scope="module")
def quick_to_collect():
    """What the worker has loaded by now stays, and costs each collection 0.4 s."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def log(quick_to_collect, caplog):
    """All that is logged as worth a line; a test that ends with some fails."""
    caplog.set_level(logging.WARNING)
    yield caplog
    gc.collect()  # asyncio logs what a task raised when it frees it
    assert [each.getMessage() for each in (*caplog.get_records("call"), *caplog.records)] == []


# ---- connections -------------------------------------------------------------------------------


@asynccontextmanager
async def connected(url, number, first=b""):
    """``number`` connections that send ``first`` and then nothing."""
    parts = yarl.URL(url)
    made = []
    try:
        for _ in range(number):
            reader, writer = await asyncio.open_connection(parts.host, parts.port)
            writer.write(first)
            made.append((reader, writer))
        yield made
    finally:
        for _, writer in made:
            writer.close()


async def ended(made):
    """How many of the connections the other end has closed."""
    await asyncio.sleep(0.1)
    return sum(reader.at_eof() or reader.exception() is not None for reader, _ in made)


@pytest.mark.parametrize("first", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"])
def test_idle_connections_make_room_for_others(monkeypatch, log, first):
    monkeypatch.setattr(connections, "_descriptors", lambda: 80)

    async def main():
        async with serving() as url, viewing(url) as viewer:
            await viewer.hear("look")
            async with connected(url, 100, first) as made:
                assert (await get(url))[0] == 200
                assert 100 - await ended(made) <= 20
                await viewer.wish(strength=0.5)
                assert (await viewer.hear("look"))["look"]["strength"] == 0.5

    run(main())


def test_where_nothing_is_idle_the_newest_is_refused(monkeypatch, log):
    monkeypatch.setattr(connections, "_descriptors", lambda: 16)

    async def main():
        async with serving() as url, viewing(url) as one, viewing(url) as other:
            await one.hear("look")
            await other.hear("look")
            async with connected(url, 3) as made:
                assert await ended(made) == 3
            await one.wish(strength=0.5)
            await one.hear("look")

    run(main())


def test_other_clients_lose_nothing_to_a_crowd():
    room = Connections(4)
    crowd = [socket.socket() for _ in range(room.most)]
    quiet, other_end = socket.socketpair()
    assert room.admit(quiet, ("192.0.2.1", 1))
    for port, each in enumerate(crowd):
        assert room.admit(each, ("192.0.2.2", port))
    other_end.setblocking(False)
    with pytest.raises(BlockingIOError):
        other_end.recv(1)
    for each in (quiet, other_end, *crowd):
        each.close()


def test_an_ipv6_network_is_one_client():
    assert client_of("2001:db8::1") == client_of("2001:db8::ffff:1%eth0")
    assert client_of("2001:db8::1") != client_of("2001:db8:0:1::1")
    assert client_of("192.0.2.1") != client_of("192.0.2.2")
    assert client_of(None) == ""


@pytest.mark.parametrize("first", [b"", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"])
def test_who_does_not_ask_in_time_is_cut_off(monkeypatch, log, first):
    monkeypatch.setattr(server, "_SECONDS_TO_ASK", 0.2)

    async def main():
        async with serving() as url, connected(url, 1, first) as [(reader, _)]:
            assert await reader.read() == b""

    run(main())


# ---- requests ----------------------------------------------------------------------------------


async def asked(url, request):
    """The status line that answers the bytes ``request``; empty if there is none."""
    async with connected(url, 1, request) as [(reader, _)]:
        return await reader.readline()


POST = b"POST /paintings HTTP/1.1\r\nHost: 127.0.0.1\r\n"


@pytest.mark.parametrize(
    "request_",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
        b"GET\r\n\r\n",
        b"GET / HTTP/9\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n: none\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
        b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
        POST + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
        POST + b"Content-Encoding: none such\r\nContent-Length: 5\r\n\r\nhello",
    ],
    ids=lambda each: str(each[:70]),
)
def test_what_is_no_request_is_refused_and_not_logged(log, request_):
    async def main():
        async with serving() as url:
            assert (await asked(url, request_)).split()[1:2] == [b"400"]

    run(main())


def test_who_leaves_in_the_middle_of_an_upload_is_not_logged(log):
    async def main():
        async with serving() as url:
            for rest in (
                b"Content-Length: 1000\r\n\r\nhello",
                b"Transfer-Encoding: chunked\r\n\r\n5",
            ):
                async with connected(url, 1, POST + rest):
                    await asyncio.sleep(0.05)
            assert (await get(url + "health"))[0] == 200

    run(main())


# ---- messages ----------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", [100, 990, 3000, 30_000])
@pytest.mark.parametrize("text", ['{"type": %s}', '{"type": "look", "look": {"style": %s}}'])
def test_deeply_nested_messages_are_refused(log, text, depth):
    async def main():
        async with serving() as url, viewing(url) as viewer:
            await viewer.socket.send_str(text % ("[" * depth + "]" * depth))
            heard = await viewer.receive()
            while json.loads(heard.data)["type"] not in ("end", "error"):
                heard = await viewer.receive()
            assert "\n" not in json.loads(heard.data)["message"]

    run(main())


# ---- datagrams ---------------------------------------------------------------------------------


def media_ports(answer):
    """The addresses at which the server waits for a viewer's pictures."""
    lines = [line[12:] for line in answer.splitlines() if line.startswith("a=candidate:")]
    return [(each.ip, each.port) for each in map(candidate_from_sdp, lines) if ":" not in each.ip]


def throw(ports, *packets):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as thrower:
        for port in ports:
            for packet in packets:
                thrower.sendto(packet, port)


def short_attribute():
    """A STUN message whose PRIORITY has two of its four bytes."""
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    attribute = struct.pack("!HH2s2x", 0x24, 2, b"\0\0")
    head = bytes(message)
    return head[:2] + struct.pack("!H", len(attribute)) + head[4:] + attribute


def test_a_flood_before_the_connection_fills_no_memory(monkeypatch, log):
    monkeypatch.setattr(datagrams, "MOST_WAITING", 50)

    async def main():
        async with serving() as url, viewing(url) as viewer:
            await viewer.offer()
            ports = media_ports((await viewer.hear("answer"))["sdp"])
            for _ in range(20):
                throw(ports, *[b"\x80" * 1400] * 10)
                await asyncio.sleep(0)
            await asyncio.sleep(0.1)
            waiting = [each.qsize() for each in gc.get_objects() if isinstance(each, Datagrams)]
            assert max(waiting) == 50

    run(main())


def test_what_is_no_media_is_dropped_and_what_ends_a_connection_comes_through(monkeypatch):
    monkeypatch.setattr(datagrams, "MOST_WAITING", 2)
    queue = Datagrams()
    for data in (b"", bytes(datagrams.LARGEST + 1), b"one", b"two", b"three"):
        queue.put_nowait((data, 1))
    queue.put_nowait(None)
    assert [queue.get_nowait() for _ in range(queue.qsize())] == [(b"one", 1), (b"two", 1), None]


def test_malformed_datagrams_disturb_no_viewer(log):
    left, right = painted(LEFT), painted(RIGHT)

    async def main():
        async with serving() as url, viewing(url) as viewer:
            await viewer.connect()
            await viewer.until_shown(left, right)
            ports = media_ports(viewer.heard[-1]["sdp"])
            throw(ports, b"", b"\0", b"\x80", short_attribute(), bytes(20), bytes(5000))
            for _ in range(10):
                await viewer.until_shown(left, right)

    run(main())


@pytest.mark.parametrize("port", [0, 65_536, 99_999, -1])
def test_candidates_at_no_port_are_refused(log, port):
    async def main():
        async with serving() as url, viewing(url) as viewer:
            await send_candidates(viewer, f"a=candidate:1 1 udp 1 192.0.2.1 {port} typ host\r\n")
            assert f"port {port}" in (await viewer.hear("end"))["message"]

    run(main())


def test_more_candidates_than_any_browser_has_are_refused(log):
    async def main():
        async with serving() as url, viewing(url) as viewer:
            line = "a=candidate:1 1 udp 1 192.0.2.1 {} typ host\r\n"
            await send_candidates(viewer, "".join(map(line.format, range(1000, 1100))))
            assert "candidates" in (await viewer.hear("end"))["message"]

    run(main())


async def send_candidates(viewer, lines):
    viewer.peer.addTransceiver(Camera(), "sendrecv")
    await viewer.peer.setLocalDescription(await viewer.peer.createOffer())
    await viewer.say("offer", sdp=viewer.peer.localDescription.sdp + lines)


# ---- tokens ------------------------------------------------------------------------------------


def test_tokens_cannot_be_tried_for_long(monkeypatch):
    monkeypatch.setattr(guesses, "MOST", 3)

    async def main():
        async with serving(token="open sesame") as url:
            _, _, headers = await get(url + "?token=open+sesame")
            home = url.rstrip("/") + headers["Location"]
            known = {"Cookie": headers["Set-Cookie"].split(";")[0]}
            for _ in range(2):
                assert (await get(url + "?token=guess"))[0] == 401
            assert (await get(url, headers={"Authorization": "Bearer guess"}))[0] == 401
            status, text, headers = await get(url + "?token=open+sesame")
            assert (status, headers["Retry-After"]) == (429, "60")
            assert "Wait a minute" in text
            assert (await get(url + "metrics", headers={"Authorization": "Bearer guess"}))[0] == 429
            assert (await get(home, headers=known))[0] == 200
            assert (await get(url))[0] == 401

    run(main())


def test_wrong_tokens_are_forgotten_and_few_clients_are_kept(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(guesses, "monotonic", lambda: now[0])
    made = Guesses()
    for _ in range(guesses.MOST):
        assert not made.are_too_many("one")
        made.add("one")
    assert made.are_too_many("one")
    assert not made.are_too_many("other")
    now[0] = guesses.SECONDS
    assert not made.are_too_many("one")
    for number in range(2000):
        made.add(str(number))
    assert len(made._made) == 1000


def test_the_cookie_is_for_a_path_that_no_other_server_of_the_host_has():
    async def main():
        async with serving(token="open sesame") as url, serving(token="another one") as other:
            (_, _, one), (_, _, two) = [
                await get(f"{each}?token={token}")
                for each, token in ((url, "open+sesame"), (other, "another+one"))
            ]
            assert f"Path={one['Location']};" in one["Set-Cookie"]
            assert len({one["Location"], two["Location"], "/"}) == 3
            assert "sesame" not in one["Set-Cookie"] + one["Location"]
            known = {"Cookie": one["Set-Cookie"].split(";")[0]}
            assert (await get(other.rstrip("/") + two["Location"], headers=known))[0] == 401
            async with viewing(url.rstrip("/") + one["Location"], headers=known) as viewer:
                await viewer.hear("look")

    run(main())
