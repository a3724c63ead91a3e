"""A studio of tiny styles, and a viewer that is no browser."""

import asyncio
import hashlib
import json
import shutil
from contextlib import asynccontextmanager
from fractions import Fraction
from pathlib import Path

import aiohttp
import model_factory
import numpy as np
import pytest
import yarl
from aioice.ice import get_host_addresses
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription, VideoStreamTrack
from av import Packet, VideoFrame

from realtime_nst.look import Look, View
from realtime_nst.runtime import styles
from realtime_nst.serve.server import Server
from realtime_nst.serve.studio import Studio

PATIENCE = 30.0
LEFT, RIGHT = (200, 40, 30), (20, 60, 120)
"""Colours of the two halves of what the viewer's camera shows."""

SHIFTS = {"swap": 0.0, "bright": 90.0}
"""The styles: both swap the channels, the second one adds to them."""

COLOURS = {"swap": (50, 0, 0), "bright": (0, 0, 100)}
"""What the same styles add to a picture in the network that blends them."""


def install(folder, monkeypatch):
    """Make SHIFTS the installed styles; the first has a picture."""
    entries = []
    for name, shift in SHIFTS.items():
        card = model_factory.card(name, title=name.title(), speed_class="fast")
        path = model_factory.write_style(folder / f"{name}.onnx", shift=shift, card=card)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        rest = {"title": card.title, "artist": card.artist, "licence": "MIT", "network": "tiny"}
        entries.append({"name": name, "file": path.name, "sha256": digest, "bytes": 1, **rest})
    (folder / "swap.jpg").write_bytes(b"a picture")
    entries[0]["picture"] = "swap.jpg"
    (folder / "manifest.json").write_text(json.dumps({"styles": entries}))
    monkeypatch.setattr(styles, "folder", lambda: folder)


def install_several(folder):
    """Make a network of COLOURS one of the installed ones."""
    path = model_factory.write_several(folder / "several.onnx", COLOURS)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    manifest = folder / "manifest.json"
    known = json.loads(manifest.read_text())
    rest = {"title": "2 styles", "artist": "", "licence": "MIT", "network": "tiny"}
    entry = {"name": "several", "file": path.name, "sha256": digest, "bytes": 1, **rest}
    known["styles"].append({**entry, "kind": "multi-style", "styles": list(COLOURS)})
    manifest.write_text(json.dumps(known))


def painted(colour, style="swap"):
    """``colour`` as the style paints it."""
    return model_factory.expected(np.array(colour, np.uint8), SHIFTS[style])


def blend(weight, one="swap", other="bright"):
    """``one`` with ``weight`` of ``other``, as pages send it."""
    return [{"name": one, "weight": 1 - weight}, {"name": other, "weight": weight}]


def blended(colour, weight):
    """``colour`` as "swap" with ``weight`` of "bright" paints it."""
    one, other = (np.array(COLOURS[name]) for name in ("swap", "bright"))
    return np.clip(np.array(colour) + (1 - weight) * one + weight * other, 0, 255)


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, PATIENCE))


def install_person(folder):
    """Put the network that finds people beside the installed ones."""
    for name in ("person.onnx", "person.json"):
        shutil.copy(Path(__file__).parent.parent / "weights" / name, folder)


@asynccontextmanager
async def serving(look=None, painter="", **options):
    """A server on loopback, on any port if none is given; its address without query."""
    look = look or Look("swap", stabilise="off", brush="fine", painter=str(painter))
    with Studio(look, "cpu", View()) as studio:
        async with Server(studio, **{"port": 0, **options}) as server:
            yield server.urls[0].partition("?")[0]


class Camera(VideoStreamTrack):
    """LEFT beside RIGHT, thirty times a second."""

    def __init__(self, size=(96, 64)):
        super().__init__()
        width, height = size
        image = np.empty((height, width, 3), np.uint8)
        image[:, : width // 2], image[:, width // 2 :] = LEFT, RIGHT
        self._image = image
        self.silent = False

    async def recv(self):
        if self.silent:
            await asyncio.Event().wait()
        picture = VideoFrame.from_ndarray(self._image, format="rgb24")
        picture.pts, _ = await self.next_timestamp()
        picture.time_base = Fraction(1, 90_000)
        return picture


class Hose(Camera):
    """Key frames that cannot be decoded, hundreds a second."""

    def __init__(self):
        super().__init__()
        self._index = 0

    async def recv(self):
        self._index += 1
        packet = Packet(key_frame(64, 48))
        packet.pts, packet.time_base = self._index * 3000, Fraction(1, 90_000)
        await asyncio.sleep(0.001)
        return packet


def key_frame(width, height):
    """The head of a VP8 key frame, without anything behind it."""
    size = b"".join(side.to_bytes(2, "little") for side in (width, height))
    return b"\x10\0\0\x9d\x01\x2a" + size


class Viewer:
    """A connected viewer; ``heard`` are the server's messages in order."""

    def __init__(self, socket):
        self.socket, self.heard = socket, []
        self._messages = asyncio.Queue()
        self._reading = asyncio.create_task(self._read())
        self.peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._received = None

    async def _read(self):
        """All the time, for reading is what answers the server's heartbeat."""
        while not self.socket.closed:
            await self._messages.put(await self.socket.receive())

    async def leave(self):
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        await self.peer.close()

    async def receive(self):
        return await self._messages.get()

    async def say(self, type, **fields):
        await self.socket.send_json({"type": type, **fields})

    async def wish(self, **settings):
        """Ask for a look, as the page does."""
        view = {name: settings.pop(name) for name in ("mirror", "split") if name in settings}
        await self.say("look", look=settings, view=view)

    async def hear(self, type):
        """The next message of that type."""
        while True:
            message = await self.receive()
            if message.type is aiohttp.WSMsgType.PING:
                continue
            assert message.type is aiohttp.WSMsgType.TEXT, f"no {type!r} but {message}"
            self.heard.append(json.loads(message.data))
            if self.heard[-1]["type"] == type:
                return self.heard[-1]

    async def offer(self, camera=None, direction="sendrecv"):
        """What a page would send to have ``camera`` painted."""
        if not get_host_addresses(True, True):
            pytest.skip("needs a network address besides loopback")
        self.peer.addTransceiver(camera or Camera(), direction)
        await self.peer.setLocalDescription(await self.peer.createOffer())
        await self.say("offer", sdp=self.peer.localDescription.sdp)

    async def connect(self, camera=None):
        await self.offer(camera)
        answer = RTCSessionDescription((await self.hear("answer"))["sdp"], "answer")
        await self.peer.setRemoteDescription(answer)
        self._received = self.peer.getReceivers()[0].track

    async def picture(self):
        """The next picture that arrives."""
        return (await self._received.recv()).to_ndarray(format="rgb24")

    async def until_shown(self, left, right, tolerance=20):
        """Wait for a picture with these colours left and right."""
        wanted = np.array([left, right])
        while True:
            image = await self.picture()
            width = image.shape[1]
            shown = image[:, [width // 6, width * 5 // 6]].mean(0)
            if np.abs(shown - wanted).max() < tolerance:
                return image


@asynccontextmanager
async def viewing(url, **options):
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(url + "session", **options) as socket,
    ):
        viewer = Viewer(socket)
        try:
            yield viewer
        finally:
            await viewer.leave()


async def get(url, **options):
    """Status and text; no redirection is followed, and no path tidied."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(yarl.URL(url, encoded=True), allow_redirects=False, **options) as answer,
    ):
        return answer.status, await answer.text(errors="replace"), answer.headers


async def refusal(url, header):
    """The status when ``header``, bytes no client library would send, is one of the headers."""
    parts = yarl.URL(url)
    reader, writer = await asyncio.open_connection(parts.host, parts.port)
    request = f"GET {parts.path} HTTP/1.1\r\nHost: {parts.authority}\r\nConnection: close\r\n"
    writer.write(request.encode() + header + b"\r\n\r\n")
    status = int((await reader.readline()).split()[1])
    writer.close()
    return status


async def metric(url, name):
    _, text, _ = await get(url + "metrics")
    lines = [line.split() for line in text.splitlines() if not line.startswith("#")]
    return float(dict(lines)[f"realtime_nst_{name}"])


async def until_metric(url, name, value):
    while await metric(url, name) != value:
        await asyncio.sleep(0.02)
