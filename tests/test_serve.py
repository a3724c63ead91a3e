"""The web page's server, spoken to as a browser would, and as one would not."""

import asyncio
import gc
import json
import threading
import time
import zlib
from fractions import Fraction

import aiohttp
import model_factory
import numpy as np
import pytest
import yarl

pytest.importorskip("aiortc", reason="needs the extra serve")

import painter_factory
import serve_factory
from aiortc.codecs.vpx import Vp8Encoder
from aiortc.jitterbuffer import JitterFrame
from aiortc.mediastreams import VIDEO_TIME_BASE, AudioStreamTrack
from av import VideoFrame
from serve_factory import (
    COLOURS,
    LEFT,
    RIGHT,
    Camera,
    Hose,
    blend,
    blended,
    get,
    key_frame,
    metric,
    painted,
    refusal,
    run,
    serving,
    until_metric,
    viewing,
)

from realtime_nst.errors import ProviderError, RealtimeNstError, UnknownName, UsageError
from realtime_nst.look import Look
from realtime_nst.runtime import networks
from realtime_nst.runtime.networks import Network
from realtime_nst.runtime.stages import Stylise
from realtime_nst.serve import app, intake, peer
from realtime_nst.serve.app import LARGEST_MESSAGE
from realtime_nst.serve.intake import replace_part
from realtime_nst.serve.session import Session
from realtime_nst.serve.studio import Studio
from realtime_nst.serve.tracks import Newest, PaintingEncoder, RateLimit, painted_size
from realtime_nst.stream import Frame


@pytest.fixture(autouse=True)
def installed(tmp_path, monkeypatch):
    serve_factory.install(tmp_path, monkeypatch)


# ---- pictures ----------------------------------------------------------------------------------


def test_the_camera_comes_back_painted_as_the_page_asks():
    async def main():
        async with serving() as url, viewing(url) as viewer:
            await viewer.connect()
            await viewer.until_shown(painted(LEFT), painted(RIGHT))
            await viewer.wish(style="bright")
            await viewer.until_shown(painted(LEFT, "bright"), painted(RIGHT, "bright"))
            await viewer.wish(mirror=True)
            await viewer.until_shown(painted(RIGHT, "bright"), painted(LEFT, "bright"))
            await viewer.wish(mirror=False, style="swap", split=0.5)
            await viewer.until_shown(LEFT, painted(RIGHT))
            await viewer.wish(split=None, strength=0)
            await viewer.until_shown(LEFT, RIGHT)

    run(main())


def test_a_style_is_blended_with_another_by_one_network(tmp_path, monkeypatch):
    serve_factory.install_several(tmp_path)
    opened = []
    monkeypatch.setattr(networks, "Network", lambda *given: opened.append(given) or Network(*given))

    async def main():
        async with serving() as url, viewing(url) as one, viewing(url) as other:
            await one.connect()
            await one.wish(style=blend(0.5))
            await one.until_shown(blended(LEFT, 0.5), blended(RIGHT, 0.5))
            before = len(opened)
            for weight in (0, 0.25, 1):
                await one.wish(style=blend(weight))
                await one.until_shown(blended(LEFT, weight), blended(RIGHT, weight))
            await other.connect()
            await other.wish(style=blend(0.25))
            await other.until_shown(blended(LEFT, 0.25), blended(RIGHT, 0.25))
            await one.until_shown(blended(LEFT, 1), blended(RIGHT, 1))
            assert len(opened) == before
            await one.wish(style="swap")
            await one.until_shown(painted(LEFT), painted(RIGHT))

    run(main())


def test_what_no_network_plays_together_is_not_blended(tmp_path):
    path = model_factory.write_style(tmp_path / "mine.onnx", card=model_factory.card("mine"))
    serve_factory.install_several(tmp_path)

    async def main():
        async with serving(Look(str(path))) as url, viewing(url) as viewer:
            _, text, _ = await get(url + "styles")
            styles = {each["name"]: each["blends_in"] for each in json.loads(text)["styles"]}
            assert styles == {"own": "", "swap": "several", "bright": "several"}
            await viewer.hear("look")
            await viewer.wish(style=blend(0.5, "own"))
            assert (
                "no one network plays 'own' and 'bright'" in (await viewer.hear("error"))["message"]
            )
            await viewer.wish(style=blend(0.5))
            assert (await viewer.hear("look"))["look"]["style"] == blend(0.5)

    run(main())


def test_a_still_camera_is_left_as_it_is_where_what_moves_is_painted():
    async def main():
        async with serving() as url, viewing(url) as viewer:
            await viewer.connect()
            await viewer.wish(mask="moving")
            await viewer.until_shown(LEFT, RIGHT)
            await viewer.wish(mask="moving", invert_mask=True)
            await viewer.until_shown(painted(LEFT), painted(RIGHT))

    run(main())


def test_before_a_camera_that_shows_nobody_the_background_is_all_there_is(tmp_path):
    serve_factory.install_person(tmp_path)

    async def main():
        async with serving() as url, viewing(url) as viewer:
            await viewer.connect()
            await viewer.wish(mask="person")
            await viewer.until_shown(LEFT, RIGHT)
            await viewer.wish(mask="background")
            await viewer.until_shown(painted(LEFT), painted(RIGHT))

    run(main())


def test_without_the_network_that_finds_people_viewers_are_told():
    async def main():
        async with serving() as url, viewing(url) as viewer:
            await viewer.connect()
            await viewer.wish(mask="person")
            told = (await viewer.hear("error"))["message"]
            assert "the network that finds people" in told
            assert "/" not in told

    run(main())


def test_each_viewer_has_a_look_of_its_own():
    async def main():
        async with serving() as url, viewing(url) as one, viewing(url) as other:
            await one.connect()
            await other.connect()
            await other.wish(style="bright")
            await other.until_shown(painted(LEFT, "bright"), painted(RIGHT, "bright"))
            await one.until_shown(painted(LEFT), painted(RIGHT))
            await other.until_shown(painted(LEFT, "bright"), painted(RIGHT, "bright"))

    run(main())


def test_the_page_is_told_the_look_and_the_figures():
    async def main():
        async with serving() as url, viewing(url) as viewer:
            assert (await viewer.hear("look"))["look"]["style"] == "swap"
            await viewer.connect()
            await viewer.until_shown(painted(LEFT), painted(RIGHT))
            figures = await viewer.hear("statistics")
            assert figures["provider"] == "cpu"
            await viewer.wish(strength=0.5)
            assert (await viewer.hear("look"))["look"]["strength"] == 0.5
            assert await metric(url, "frames_painted_total") > 0

    run(main())


def test_a_style_given_as_a_file_is_offered_first(tmp_path):
    card = model_factory.card("mine", title="Mine")
    path = model_factory.write_style(tmp_path / "mine.onnx", card=card)

    async def main():
        async with serving(Look(str(path), stabilise="off")) as url:
            _, text, _ = await get(url + "styles")
            assert text.index('"own"') < text.index('"swap"')
            assert str(tmp_path) not in text
            async with viewing(url) as viewer:
                await viewer.connect()
                await viewer.until_shown(painted(LEFT), painted(RIGHT))

    run(main())


def test_what_painting_is_too_slow_for_is_left_out_and_counted(monkeypatch):
    def slowly(self, frame):
        time.sleep(0.1)
        return frame

    monkeypatch.setattr(Stylise, "__call__", slowly)

    async def main():
        async with serving() as url, viewing(url) as viewer:
            await viewer.connect()
            while not await metric(url, "frames_dropped_total"):
                await asyncio.sleep(0.02)
            painted = await metric(url, "frames_painted_total")
            assert painted < await metric(url, "frames_received_total")

    run(main())


def test_the_painting_is_sent_with_the_bits_strokes_need(monkeypatch):
    bits = []

    def watched(self, *arguments):
        bits.append(self.target_bitrate)
        return Vp8Encoder.encode(self, *arguments)

    monkeypatch.setattr(PaintingEncoder, "encode", watched)

    async def main():
        async with serving() as url, viewing(url) as viewer:
            await viewer.connect()
            await viewer.until_shown(painted(LEFT), painted(RIGHT))
            assert bits[0] == 4_000_000

    run(main())


def test_the_bit_rate_follows_the_network_within_bounds():
    encoder = PaintingEncoder()
    asked = 10_000, 1_000_000, 100_000_000
    assert [_bits(encoder, rate) for rate in asked] == [250_000, 1_000_000, 4_000_000]


def _bits(encoder, rate):
    encoder.target_bitrate = rate
    picture = VideoFrame(64, 48, "yuv420p")
    picture.pts, picture.time_base = 0, VIDEO_TIME_BASE
    encoder.encode(picture)
    return encoder.codec.bit_rate


def test_an_aiortc_without_what_is_replaced_is_named():
    with pytest.raises(RealtimeNstError, match="'decoder_queue' of aiortc's object"):
        replace_part(object(), "decoder_queue", None)


# ---- coming and going --------------------------------------------------------------------------


def test_a_page_that_closes_frees_everything():
    async def main():
        async with serving() as url:
            before = set(threading.enumerate())
            async with viewing(url) as viewer:
                await viewer.connect()
                await viewer.until_shown(painted(LEFT), painted(RIGHT))
                assert await metric(url, "viewers") == 1
            await until_metric(url, "viewers", 0)
            decoders = {each for each in threading.enumerate() if "decoder" in each.name}
            assert decoders <= before

    run(main())


@pytest.mark.parametrize("first", ["page", "camera"])
def test_an_ended_session_is_freed_without_a_collection(first):
    """Networks, codecs and pictures of many viewers would add up until there is one."""

    def left():
        kinds = (peer.RTCPeerConnection, peer.Peer, Session)
        return [each for each in gc.get_objects() if isinstance(each, kinds)]

    async def main():
        async with serving(Look("swap", stabilise="strong")) as url:
            async with viewing(url) as viewer:
                await viewer.connect()
                await viewer.until_shown(painted(LEFT), painted(RIGHT))
                if first == "page":
                    await viewer.socket.close()
                else:
                    await viewer.peer.close()
                    await viewer.hear("end")
                await until_metric(url, "viewers", 0)
            await get(url + "health")
            assert left() == [viewer.peer]

    gc.collect()
    gc.disable()
    try:
        run(main())
    finally:
        gc.enable()


def test_one_too_many_is_sent_away_politely_and_may_come_back():
    async def main():
        async with serving(sessions=1) as url:
            async with viewing(url) as viewer:
                await viewer.hear("look")
                async with viewing(url) as other:
                    assert "taken" in (await other.hear("end"))["message"]
                    assert (await other.receive()).data == aiohttp.WSCloseCode.TRY_AGAIN_LATER
            await until_metric(url, "viewers", 0)
            async with viewing(url) as again:
                await again.hear("look")

    run(main())


def test_a_viewer_without_a_picture_loses_its_place(monkeypatch):
    monkeypatch.setattr(peer, "PATIENCE", 0.1)

    async def main():
        async with serving() as url, viewing(url) as viewer:
            assert "no camera picture" in (await viewer.hear("end"))["message"]
            await until_metric(url, "viewers", 0)

    run(main())


def test_a_viewer_that_falls_silent_loses_its_place(monkeypatch):
    async def main():
        camera = Camera()
        async with serving() as url, viewing(url) as viewer:
            await viewer.connect(camera)
            await viewer.until_shown(painted(LEFT), painted(RIGHT))
            monkeypatch.setattr(peer, "PATIENCE", 0.2)
            await viewer.until_shown(painted(LEFT), painted(RIGHT))
            camera.silent = True
            assert "no camera picture" in (await viewer.hear("end"))["message"]
            await until_metric(url, "viewers", 0)

    run(main())


def test_a_machine_without_a_network_says_so(monkeypatch):
    monkeypatch.setattr(peer, "get_host_addresses", lambda *_: [])

    async def main():
        async with serving() as url, viewing(url) as viewer:
            await viewer.say("offer", sdp="v=0")
            assert "no network address" in (await viewer.hear("end"))["message"]

    run(main())


def test_a_page_that_shows_no_sign_of_life_loses_its_place(monkeypatch):
    monkeypatch.setattr(app, "HEARTBEAT", 2)

    async def main():
        async with serving() as url, viewing(url, autoping=False) as viewer:
            await viewer.hear("look")
            await until_metric(url, "viewers", 0)

    run(main())


def test_a_stopping_server_tells_its_viewers():
    async def main():
        async with aiohttp.ClientSession() as session:
            async with serving() as url:
                socket = await session.ws_connect(url + "session")
                viewer = serve_factory.Viewer(socket)
                await viewer.connect()
                await viewer.until_shown(painted(LEFT), painted(RIGHT))
                leaving = asyncio.create_task(viewer.hear("end"))
            assert "stopped" in (await leaving)["message"]
            await viewer.leave()
            await socket.close()

    run(main())


def test_a_provider_that_fails_ends_the_session_with_its_reason(monkeypatch):
    def fail(*_):
        raise ProviderError("out of memory; try a smaller size")

    monkeypatch.setattr(Stylise, "__call__", fail)

    async def main():
        async with serving() as url, viewing(url) as viewer:
            await viewer.connect()
            assert "out of memory" in (await viewer.hear("end"))["message"]

    run(main())


def test_a_camera_of_another_size_is_painted_at_a_usual_one():
    async def main():
        async with serving() as url, viewing(url) as viewer:
            await viewer.connect(Camera((334, 250)))
            image = await viewer.until_shown(painted(LEFT), painted(RIGHT))
            assert image.shape == (240, 320, 3)

    run(main())


def test_what_is_compiled_for_one_viewer_keeps_no_other_waiting(monkeypatch):
    """The painting thread is one for all: it must not wait for the network of another size."""
    preparing, go, in_time = threading.Event(), threading.Event(), []
    with Studio(Look("swap"), "cpu") as studio:
        painting = studio.paint(studio.look)
        painting.prepare(64, 48)
        session = painting._state.parts.stylizer._loaded.network.session
        compile = session._compile

        def slowly(height, width):
            preparing.set()
            in_time.append(go.wait(5))
            return compile(height, width)

        monkeypatch.setattr(session, "_compile", slowly)
        loading = studio.loading.submit(painting.prepare, 96, 64)
        assert preparing.wait(5)
        painting(Frame(np.zeros((48, 64, 3), np.uint8), 0, Fraction(0), 0.0))
        go.set()
        loading.result()
    assert in_time == [True]


@pytest.mark.parametrize("size", [(1296, 720), (3840, 2160)])
def test_pictures_too_large_are_refused_before_they_are_decoded(size):
    async def main():
        async with serving() as url, viewing(url) as viewer, viewing(url) as other:
            await other.connect()
            await viewer.connect(Camera(size))
            assert "{}x{}".format(*size) in (await viewer.hear("end"))["message"]
            await until_metric(url, "viewers", 1)
            await other.until_shown(painted(LEFT), painted(RIGHT))

    run(main())


def test_more_pictures_than_any_camera_has_end_the_session():
    async def main():
        async with serving() as url, viewing(url) as viewer:
            await viewer.connect(Hose())
            assert "pictures a second" in (await viewer.hear("end"))["message"]
            await until_metric(url, "viewers", 0)

    run(main())


@pytest.mark.parametrize(("width", "height", "passes"), [(1280, 720, True), (1281, 720, False)])
def test_the_size_is_read_from_the_key_frame(width, height, passes):
    waiting = intake.Intake()
    waiting.put((None, JitterFrame(key_frame(width, height), 0)))
    assert waiting.qsize() == passes


def test_too_many_pictures_waiting_are_refused(monkeypatch):
    monkeypatch.setattr(intake, "MOST_WAITING", 3)
    waiting = intake.Intake()
    for _ in range(4):
        waiting.put((None, JitterFrame(key_frame(64, 48), 0)))
    assert waiting.qsize() == 3
    with pytest.raises(UsageError, match="3 pictures are waiting"):
        raise asyncio.run(waiting.refusal.get())


def test_what_waits_to_be_decoded_does_not_hold_up_the_end():
    waiting = intake.Intake()
    for _ in range(3):
        waiting.put((None, JitterFrame(key_frame(64, 48), 0)))
    waiting.put(None)
    assert waiting.get_nowait() is None


# ---- what no page sends ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "no JSON",
        "[]",
        "{}",
        '{"type": "other"}',
        '{"type": "offer"}',
        '{"type": "\\ud800"}',
        '{"type": "offer", "sdp": 7}',
        '{"type": "offer", "sdp": "v=0\\r\\nm=video 9 UDP/TLS/RTP/SAVPF 96\\r\\n"}',
    ],
)
def test_malformed_messages_end_the_session(text):
    async def main():
        async with serving() as url, viewing(url) as viewer:
            await viewer.socket.send_str(text)
            assert "\n" not in (await viewer.hear("end"))["message"]
            await until_metric(url, "viewers", 0)

    run(main())


@pytest.mark.parametrize("what", ["sound", "channel", "two pictures", "no picture"])
def test_an_offer_is_one_video_stream(what):
    async def main():
        async with serving() as url, viewing(url) as viewer:
            if what == "sound":
                viewer.peer.addTrack(AudioStreamTrack())
            elif what == "channel":
                viewer.peer.createDataChannel("more")
            elif what == "two pictures":
                viewer.peer.addTrack(Camera())
            if what == "no picture":
                await viewer.offer(direction="recvonly")
            else:
                await viewer.offer()
            assert "one video stream" in (await viewer.hear("end"))["message"]

    run(main())


def test_a_second_offer_is_refused():
    async def main():
        async with serving() as url, viewing(url) as viewer:
            await viewer.connect()
            await viewer.say("offer", sdp=viewer.peer.localDescription.sdp)
            assert "already was an offer" in (await viewer.hear("end"))["message"]

    run(main())


def test_an_oversized_message_ends_the_session():
    async def main():
        async with serving() as url, viewing(url) as viewer:
            await viewer.hear("look")
            await viewer.socket.send_str("x" * (LARGEST_MESSAGE + 1))
            await until_metric(url, "viewers", 0)
            assert viewer.socket.close_code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG

    run(main())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("style", "/etc/passwd"),
        ("style", {"file": "/etc/passwd", "sha256": "0"}),
        ("style", [{"file": "/etc/passwd", "weight": 1}]),
        ("style", ["swap"]),
        ("style", blend(0.5)),
        ("style", "\ud800"),
        ("\ud800", 1),
        ("strength", float("nan")),
        ("rest", "/etc/passwd"),
        ("mask", "/etc/passwd"),
        ("mask", {"file": "/etc/passwd", "sha256": "0"}),
        ("mask_model", "/etc/passwd"),
        ("mask", "swap"),
        ("painter", "several"),
        ("size", "4000x4000"),
        ("network_every", 3),
        ("flow", "slow"),
        ("morph_to", "bright"),
        ("strength", 1.1),
        ("strength", True),
        ("strength", "1"),
        ("keep_colour", 1),
        ("brush", "0.25"),
        ("brush", "5"),
        ("brush", "x"),
        ("brush", 1),
        ("brush", None),
        ("stabilise", "medium"),
        ("split", -0.1),
        ("mirror", None),
        ("colour", True),
        ("invert_mask", True),
    ],
)
def test_a_look_that_cannot_be_leaves_the_one_before(field, value):
    async def main():
        async with serving() as url, viewing(url) as viewer:
            first = await viewer.hear("look")
            await viewer.wish(**{field: value})
            refused = await viewer.hear("error")
            assert "\n" not in refused["message"]
            assert (refused["look"], refused["view"]) == (first["look"], first["view"])
            await viewer.wish(strength=1)
            assert await viewer.hear("look") == first

    run(main())


def test_names_of_files_hold_in_their_own_setting_only_and_no_path_is_told(tmp_path, monkeypatch):
    secret = tmp_path / "secret"
    secret.mkdir()
    style = model_factory.write_style(secret / "mine.onnx", card=model_factory.card("mine"))
    several = model_factory.write_several(secret / "several.onnx", COLOURS)
    mask = painter_factory.painting(secret / "mask.png", (255, 255, 255))
    look = Look(str(style), painter=str(several), mask=str(mask), rest=str(style))

    async def main():
        async with serving(look, painter=several) as url, viewing(url) as viewer:
            heard = [await viewer.hear("look")]
            for asked in (
                {"style": "own-painter"},
                {"style": "own-mask"},
                {"style": "own-rest"},
                {"mask": "own"},
                {"mask": "own-rest"},
                {"mask_model": "own-mask"},
                {"rest": "own-mask"},
            ):
                await viewer.wish(**asked)
                heard.append(await viewer.hear("error"))
            await viewer.wish(mask="own-mask", rest="own-rest", style="own", strength=0.5)
            heard.append(await viewer.hear("look"))
            _, text, _ = await get(url + "styles")
            assert "secret" not in json.dumps(heard) + text

    run(main())


def test_what_goes_wrong_with_a_file_is_told_without_its_path(tmp_path):
    style = model_factory.write_style(tmp_path / "mine.onnx", card=model_factory.card("mine"))

    async def main():
        async with serving(Look(str(style))) as url, viewing(url) as viewer:
            await viewer.hear("look")
            await viewer.wish(style="swap")
            await viewer.hear("look")
            style.write_bytes(b"damaged")
            await viewer.wish(style="own")
            message = (await viewer.hear("error"))["message"]
            assert str(tmp_path) not in message
            assert "own" in message

    run(main())


def test_a_style_that_cannot_be_loaded_leaves_the_look_before(tmp_path):
    async def main():
        async with serving() as url, viewing(url) as viewer:
            first = await viewer.hear("look")
            (tmp_path / "bright.onnx").write_bytes(b"damaged")
            await viewer.wish(style="bright")
            refused = await viewer.hear("error")
            assert (refused["look"], refused["view"]) == (first["look"], first["view"])

    run(main())


# ---- who is let in -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "rebound.example"},
        {"Host": "rebound.example:80"},
        {"Host": "127.0.0.1.example"},
        {"Host": "["},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "null"},
        {"Origin": "http://["},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", ["", "session", "styles", "styles/swap.jpg", "metrics", "none"])
def test_strangers_are_refused(headers, path):
    async def main():
        async with serving() as url:
            status, _, _ = await get(url + path, headers=headers)
            assert status in (400, 403)

    run(main())


@pytest.mark.parametrize(
    "header",
    [
        b"Authorization: Bearer \xff",
        b"Cookie: realtime_nst=\xff",
        b"Origin: http://\xff",
        b"Host: \xff",
    ],
)
def test_bytes_that_are_no_text_are_refused(header):
    async def main():
        async with serving(token="open sesame") as url:
            assert await refusal(url, header) in (400, 401, 403)

    run(main())


def test_the_own_page_is_let_in():
    async def main():
        async with serving() as url:
            async with viewing(url, origin=url.rstrip("/")) as viewer:
                await viewer.hear("look")
            host = url.removeprefix("http://").rstrip("/").replace("127.0.0.1", "localhost")
            assert (await get(url, headers={"Host": host}))[0] == 200

    run(main())


def test_a_token_is_asked_for_once():
    async def main():
        async with serving(token="open sesame") as url:
            for path in ("", "page.js", "styles", "styles/swap.jpg", "session", "metrics"):
                assert (await get(url + path))[0] == 401
            assert (await get(url + "?token=open+says+me"))[0] == 401
            assert (await get(url + "health"))[0] == 200
            status, _, headers = await get(url + "?token=open+sesame")
            home = url.rstrip("/") + headers["Location"]
            assert status == 303
            cookie = headers["Set-Cookie"]
            assert "HttpOnly" in cookie
            assert "SameSite=Lax" in cookie
            known = {"Cookie": cookie.split(";")[0]}
            for path in ("", "page.js", "styles", "styles/swap.jpg", "metrics"):
                assert (await get(home + path, headers=known))[0] == 200
                assert (await get(home + path))[0] == 401
            assert (await get(url + "?token=open+sesame"))[0] == 303
            bearer = {"Authorization": "Bearer open sesame"}
            assert (await get(url + "metrics", headers=bearer))[0] == 200

    run(main())


@pytest.mark.parametrize(
    "path",
    [
        "nothing",
        "manifest.json",
        "swap.onnx",
        "styles/swap.onnx",
        "styles/bright.jpg",
        "styles/../manifest.json",
        "styles/..%2Fmanifest.json",
        "..%2f..%2f..%2f..%2fetc%2fpasswd",
        "%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "page/index.html",
        "page.css/../server.py",
    ],
)
def test_no_other_file_can_be_had(path):
    async def main():
        async with serving() as url:
            assert (await get(url + path))[0] == 404

    run(main())


def test_answers_forbid_what_the_page_does_not_need():
    async def main():
        async with serving() as url:
            for path in ("", "page.js", "nothing"):
                _, _, headers = await get(url + path)
                assert "default-src 'none'" in headers["Content-Security-Policy"]
                assert headers["X-Content-Type-Options"] == "nosniff"

    run(main())


def test_the_page_brings_all_it_needs():
    async def main():
        async with serving() as url:
            _, page, _ = await get(url)
            assert "//" not in page
            for name in ("page.css", "page.js", "icon.svg"):
                assert f'"{name}"' in page
                assert (await get(url + name))[0] == 200

    run(main())


@pytest.mark.parametrize("path", ["", "paintings", "health"])
def test_a_compressed_body_is_not_inflated_for_who_has_no_token(path):
    """1.6 MB of it are 1.6 GB of zeros, which the loop that all viewers share would wait for."""
    squeeze = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    zeros = 100 * (squeeze.compress(bytes(2**24)) + squeeze.flush(zlib.Z_FULL_FLUSH))

    async def main():
        async with serving(token="a long token") as url:
            parts = yarl.URL(url)
            reader, writer = await asyncio.open_connection(parts.host, parts.port)
            writer.write(
                f"POST /{path} HTTP/1.1\r\nHost: {parts.authority}\r\nContent-Encoding: deflate\r\n"
                f"Content-Length: {len(zeros)}\r\n\r\n".encode()
            )
            writer.write(zeros)
            answer = await reader.readline()
            assert int(answer.split()[1]) in (401, 405)
            ended = asyncio.create_task(reader.read())
            for _ in range(10):
                asked = time.monotonic()
                assert (await get(url + "health"))[0] == 200
                assert time.monotonic() - asked < 0.5
                await asyncio.sleep(0.05)
            assert ended.done()
            await asyncio.gather(ended, return_exceptions=True)
            writer.close()

    run(main())


def test_metrics_are_in_the_format_of_prometheus():
    async def main():
        async with serving(sessions=3) as url:
            _, text, headers = await get(url + "metrics")
            assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
            assert "# TYPE realtime_nst_viewers gauge\nrealtime_nst_viewers 0\n" in text
            assert "# TYPE realtime_nst_viewers_total counter\n" in text
            assert "realtime_nst_limit 3\n" in text

    run(main())


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ([], []),
        (["stun:stun.example:3478"], [("stun:stun.example:3478", None, None)]),
        (["turn:me:secret@turn.example"], [("turn:turn.example", "me", "secret")]),
    ],
)
def test_no_ice_server_is_asked_but_those_given(monkeypatch, given, asked):
    configurations = []

    def connection(configuration):
        configurations.append(configuration)
        raise UsageError("far enough")

    monkeypatch.setattr(peer, "RTCPeerConnection", connection)

    async def main():
        async with serving(ice=given) as url:
            async with viewing(url) as viewer:
                await viewer.receive()
            _, text, _ = await get(url + "styles")
            assert all(address in text for address, _, _ in asked)

    run(main())
    servers = configurations[0].iceServers
    assert [(each.urls, each.username, each.credential) for each in servers] == asked


# ---- small parts -------------------------------------------------------------------------------


def test_newer_replaces_older():
    async def main():
        place = Newest()
        waiting = asyncio.create_task(place.get())
        await asyncio.sleep(0)
        place.put(1)
        assert await waiting == 1
        for item in (2, 3, 4):
            place.put(item)
        assert await place.get() == 4
        assert place.dropped == 2

    run(main())


@pytest.mark.parametrize(
    "size", [(640, 480), (480, 640), (1280, 720), (640, 360), (320, 240), (320, 180), (720, 720)]
)
def test_the_size_of_a_usual_camera_stays(size):
    assert painted_size(*size) == size


def test_whatever_is_sent_few_sizes_are_painted():
    sides = range(1, 1281, 3)
    given = [
        (width, height) for width in sides for height in sides if width * height <= intake.LARGEST
    ]
    sizes = {painted_size(*size) for size in given}
    assert len(sizes) <= 54
    assert max(width * height for width, height in sizes) <= intake.LARGEST


@pytest.mark.parametrize("offered", [29.0, 30.0])
def test_the_rate_limit_lets_a_usual_camera_through(offered):
    limit = RateLimit(30)
    assert all(limit.admits(n / offered) for n in range(300))


@pytest.mark.parametrize("offered", [60.0, 240.0, 1000.0])
def test_the_rate_limit_holds_a_faster_camera(offered):
    limit = RateLimit(30)
    admitted = sum(limit.admits(n / offered) for n in range(int(10 * offered)))
    assert 299 <= admitted <= 302


def test_a_studio_names_what_it_cannot_have():
    with pytest.raises(UnknownName):
        run(_enter(Look("nothing")))
    with pytest.raises(UsageError, match="strength"):
        Look("swap", strength=2)


async def _enter(look):
    async with serving(look):
        pass
