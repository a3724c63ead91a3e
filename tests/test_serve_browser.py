"""The page in a real browser, whose fake camera plays a clip."""

import asyncio
import json
import re
import time
from io import BytesIO
from pathlib import Path

import av
import browser
import cv2
import numpy as np
import pytest
import yarl

pytest.importorskip("aiortc", reason="needs the extra serve")

import model_factory
import serve_factory
from serve_factory import (
    LEFT,
    RIGHT,
    blended,
    metric,
    painted,
    serving,
    until_metric,
    viewing,
)

from realtime_nst import presets
from realtime_nst.look import Look, View
from realtime_nst.sizes import BRUSHES

pytestmark = pytest.mark.skipif(
    browser.PROGRAM is None, reason="needs Chromium (Debian: apt install chromium)"
)

SWITCHED = 5.0
"""Seconds within which another style is on the page; about a tenth of one is usual."""

_COLOURS = """(() => {
  const video = document.querySelector("video");
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [video.videoWidth || 1, video.videoHeight || 1];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(video, 0, 0);
  return [0.15, 0.85].map((x) =>
    [...context.getImageData(x * canvas.width, canvas.height / 2, 1, 1).data].slice(0, 3));
})()"""


@pytest.fixture(autouse=True)
def installed(tmp_path, monkeypatch):
    serve_factory.install(tmp_path, monkeypatch)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """A second of LEFT beside RIGHT, with a bar that moves between them."""
    path = tmp_path_factory.mktemp("clip") / "camera.mjpeg"
    with av.open(str(path), "w", format="mjpeg") as output:
        stream = output.add_stream("mjpeg", rate=30, options={"qscale": "2"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuvj420p"
        for number in range(30):
            image = np.empty((240, 320, 3), np.uint8)
            image[:, :160], image[:, 160:] = LEFT, RIGHT
            image[:, 110 + 3 * number : 120 + 3 * number] = 255
            picture = av.VideoFrame.from_ndarray(image, format="rgb24")
            output.mux(stream.encode(picture.reformat(format="yuvj420p")))
        output.mux(stream.encode())
    return path


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 4 * browser.PATIENCE))


async def shown(page, left, right):
    return np.abs(np.subtract(await page.evaluate(_COLOURS), [left, right])).max() < 30


async def until_shown(page, left, right):
    until = time.monotonic() + browser.PATIENCE
    while not await shown(page, left, right):
        assert time.monotonic() < until, await page.evaluate(_COLOURS)
        await asyncio.sleep(0.05)


async def opened(page, url):
    await page.open(url)
    await page.until("document.querySelectorAll('#styles input:checked').length")


_CHOSEN = "document.querySelector('#styles input:checked').parentElement.innerText"


async def error(page):
    """What the page says is wrong, once it says so."""
    return await page.until("document.querySelector('#message.error')?.textContent")


async def saved(folder, suffix):
    """The bytes of the file the page saves, once it is whole."""
    until = time.monotonic() + browser.PATIENCE
    while not (files := list(folder.glob(f"*{suffix}"))):
        assert time.monotonic() < until, list(folder.iterdir())
        await asyncio.sleep(0.05)
    return files[0].read_bytes()


def test_one_click_paints_the_camera(tmp_path, clip):
    async def main():
        async with serving() as url, browser.chromium(tmp_path / "profile", clip) as page:
            await opened(page, url)
            await page.evaluate("document.querySelector('#start').focus()")
            await page.press("Enter")
            await until_shown(page, painted(LEFT, "swap"), painted(RIGHT, "swap"))
            await page.until("document.querySelector('#fps').textContent > 0")
            assert (await page.text("#latency")).endswith(" ms")
            assert await page.text("#size") == "320 × 240"

            clicked = time.monotonic()
            await page.click("input[value=bright]")
            await until_shown(page, painted(LEFT, "bright"), painted(RIGHT, "bright"))
            assert time.monotonic() - clicked < SWITCHED
            await page.until("!document.querySelector('#styles .loading')")

            await page.click("#split")
            await until_shown(page, LEFT, painted(RIGHT, "bright"))
            await page.evaluate("document.querySelector('#divider').focus()")
            for key in ("ArrowRight", "ArrowRight", "ArrowLeft"):
                await page.press(key)
            await page.until("document.querySelector('#divider').ariaValueNow === '55'")

            loaded = "performance.getEntriesByType('resource').map((each) => each.name)"
            assert all(name.startswith(url) for name in await page.evaluate(loaded))
            assert not page.complaints

    run(main())


async def put(page, selector, value):
    """As a hand on the select or slider does."""
    await page.evaluate(
        f"""(() => {{
          const control = document.querySelector("{selector}");
          control.value = "{value}";
          control.dispatchEvent(new Event("input", {{ bubbles: true }}));
        }})()"""
    )


def test_a_style_is_blended_and_painted_where_the_viewer_says(tmp_path, clip):
    serve_factory.install_several(tmp_path)
    serve_factory.install_person(tmp_path)
    offered = "[...document.querySelector('#blend_with').options].map((each) => each.text).join()"
    hidden = "document.querySelector('#blending').offsetParent === null"

    async def main():
        async with serving() as url, browser.chromium(tmp_path / "profile", clip) as page:
            await opened(page, url)
            assert await page.evaluate(offered) == "nothing,Bright"
            assert await page.evaluate(hidden)
            await page.click("#start")
            await put(page, "#blend_with", "bright")
            await until_shown(page, blended(LEFT, 0.5), blended(RIGHT, 0.5))
            await put(page, "#blend_weight", 100)
            await until_shown(page, blended(LEFT, 1), blended(RIGHT, 1))
            assert await page.text("#blend_weight-shown") == "100 %"

            await page.click("#where input[value=moving]")
            await until_shown(page, LEFT, RIGHT)
            await page.click("#where input[value=still]")
            await until_shown(page, blended(LEFT, 1), blended(RIGHT, 1))
            await page.click("#where input[value=person]")
            await until_shown(page, LEFT, RIGHT)
            await page.click("#where input[value=background]")
            await until_shown(page, blended(LEFT, 1), blended(RIGHT, 1))

            await page.click("#styles input[value=bright]")
            await until_shown(page, painted(LEFT, "bright"), painted(RIGHT, "bright"))
            assert await page.evaluate(offered) == "nothing,Swap"
            assert await page.evaluate(hidden)
            assert not page.complaints

    run(main())


def test_what_one_keeps_is_what_one_sees(tmp_path, clip):
    kept = tmp_path / "kept"
    kept.mkdir()

    async def main():
        async with serving() as url, browser.chromium(tmp_path / "profile", clip) as page:
            await opened(page, url)
            await page.command(
                "Browser.setDownloadBehavior", behavior="allow", downloadPath=str(kept)
            )
            await page.click("#start")
            await until_shown(page, painted(LEFT, "swap"), painted(RIGHT, "swap"))
            await page.click("#snapshot")
            picture = cv2.imdecode(np.frombuffer(await saved(kept, ".png"), np.uint8), 1)
            seen = picture[120, [48, 272], ::-1].astype(int)
            assert np.abs(seen - [painted(LEFT, "swap"), painted(RIGHT, "swap")]).max() < 30

            await put(page, "#strength", 50)
            assert await page.text("#brush-shown") == "as trained"
            await page.evaluate("document.querySelector('#brush').focus()")
            for _ in range(4):
                await page.press("ArrowRight")
            assert await page.text("#brush-shown") == "bold"
            assert await page.evaluate("document.querySelector('#brush').ariaValueText") == "bold"
            await page.click("#save-look")
            preset = json.loads(await saved(kept, ".json"))
            look, view = presets.read(preset, kept)
            assert look == Look("swap", strength=0.5, brush="bold", stabilise="off")
            assert view == View()
            await put(page, "#strength", 100)

            await page.click("#record")
            await page.until("document.querySelector('#record').ariaPressed === 'true'")
            count = "document.querySelector('video').getVideoPlaybackQuality().totalVideoFrames"
            await page.until(f"{count} > {await page.evaluate(count)} + 30")
            await page.click("#record")
            with av.open(BytesIO(await saved(kept, ".webm"))) as film:
                assert sum(1 for _ in film.decode(video=0)) > 1
            assert not page.complaints

    run(main())


_DROP = """(async () => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 3000, height: 2000 });
  const context = canvas.getContext("2d");
  context.fillStyle = "rgb(30, 30, 30)";
  context.fillRect(0, 0, 3000, 2000);
  const picture = await new Promise((done) => canvas.toBlob(done, "image/png"));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([WHAT], "dusk.png"));
  document.dispatchEvent(new DragEvent("drop", { dataTransfer, cancelable: true }));
})()"""


def test_a_picture_dropped_on_the_page_is_painted_like(tmp_path, clip):
    painter = str(model_factory.write_painter(tmp_path / "any.onnx"))

    async def main():
        async with (
            serving(painter=painter) as url,
            browser.chromium(tmp_path / "profile", clip) as page,
        ):
            await opened(page, url)
            await page.click("#start")
            await until_shown(page, painted(LEFT, "swap"), painted(RIGHT, "swap"))
            await page.evaluate(_DROP.replace("WHAT", "'hello'"))
            assert "no picture" in await error(page)
            await page.evaluate(_DROP.replace("WHAT", "picture"))
            lighter = [tuple(value + 30 for value in colour) for colour in (LEFT, RIGHT)]
            await until_shown(page, *lighter)
            assert await page.evaluate(_CHOSEN) == "dusk"
            assert not page.complaints

    run(main())


def test_an_own_picture_and_settings_outlast_the_server_and_a_reload(tmp_path, clip):
    painter = str(model_factory.write_painter(tmp_path / "any.onnx"))
    lighter = [tuple(value + 30 for value in colour) for colour in (LEFT, RIGHT)]
    shown_before = "getComputedStyle(document.querySelector('#preview')).display"

    async def main():
        async with browser.chromium(tmp_path / "profile", clip) as page:
            async with serving(painter=painter) as url:
                await opened(page, url)
                await page.click("#start")
                await page.evaluate(_DROP.replace("WHAT", "picture"))
                await page.click("#mirror")
                await put(page, "#brush", 2)
                await until_shown(page, *lighter[::-1])
                await page.click("#save-look")
                assert "without your picture “dusk”" in await page.text("#message")
                await page.evaluate("document.querySelector('#frame').requestFullscreen()")
                assert await page.evaluate(shown_before) == "none"
                await page.evaluate("document.exitFullscreen()")
            assert "stopped. Trying again" in await error(page)
            async with serving(painter=painter, port=yarl.URL(url).port):
                await page.until("document.querySelector('#message').textContent === ''")
                await until_shown(page, *lighter[::-1])
                assert not page.complaints
                await opened(page, url)
                assert await page.evaluate(_CHOSEN) == "dusk"
                await page.click("#start")
                await until_shown(page, *lighter[::-1])
                await page.evaluate(
                    "sessionStorage.removeItem('realtime-nst picture ' + "
                    "document.querySelector('#styles input:checked').value)"
                )
                await opened(page, url)
                assert "no longer here" in await error(page)
                assert await page.evaluate("document.querySelector('#mirror').checked")
                assert await page.text("#brush-shown") == "medium"

    run(main())


def test_other_servers_of_the_host_get_no_cookie(tmp_path, clip):
    asked = []

    async def listen(reader, writer):
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    async def main():
        other = await asyncio.start_server(listen, "127.0.0.1", 0)
        port = other.sockets[0].getsockname()[1]
        async with (
            other,
            serving(token="open sesame") as url,
            browser.chromium(tmp_path / "profile", clip) as page,
        ):
            await opened(page, url + "?token=open+sesame")
            assert "sesame" not in await page.evaluate("location.href")
            await page.click("#start")
            await until_shown(page, painted(LEFT), painted(RIGHT))
            await page.open(f"http://127.0.0.1:{port}/")
            assert asked
            assert not any(b"cookie" in each.lower() for each in asked)

    run(main())


def test_a_style_that_cannot_be_had_leaves_the_page_as_it_was(tmp_path, clip):
    async def main():
        async with serving() as url, browser.chromium(tmp_path / "profile", clip) as page:
            await opened(page, url)
            await page.click("#start")
            await until_shown(page, painted(LEFT, "swap"), painted(RIGHT, "swap"))
            (tmp_path / "bright.onnx").write_bytes(b"damaged")
            await page.click("input[value=bright]")
            assert "bright" in await error(page)
            chosen = "document.querySelector('#styles input:checked').value"
            assert await page.evaluate(chosen) == "swap"
            assert not await page.evaluate("document.querySelector('#styles .loading')")
            await until_shown(page, painted(LEFT, "swap"), painted(RIGHT, "swap"))

    run(main())


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        ("NotAllowedError", "Allow it"),
        ("NotFoundError", "no camera"),
        ("NotReadableError", "in use by another program"),
    ],
)
def test_a_camera_that_cannot_be_had_is_said_and_asked_for_again(tmp_path, clip, failure, said):
    async def main():
        async with serving() as url, browser.chromium(tmp_path / "profile", clip) as page:
            await opened(page, url)
            await page.evaluate(
                f"""navigator.mediaDevices.getUserMedia = async () => {{
                  delete navigator.mediaDevices.getUserMedia;
                  throw new DOMException("", "{failure}");
                }}"""
            )
            await page.click("#start")
            assert said in await error(page)
            assert await metric(url, "viewers_total") == 0
            await page.click("#start")
            await until_shown(page, painted(LEFT, "swap"), painted(RIGHT, "swap"))
            await page.until("document.querySelector('#message').textContent === ''")

    run(main())


def test_a_camera_that_is_gone_is_said(tmp_path, clip):
    async def main():
        async with serving() as url, browser.chromium(tmp_path / "profile", clip) as page:
            await opened(page, url)
            await page.evaluate(_WATCHED)
            await page.click("#start")
            await until_shown(page, painted(LEFT, "swap"), painted(RIGHT, "swap"))
            await page.evaluate("track.dispatchEvent(new Event('ended'))")
            assert "camera is gone" in await error(page)
            await until_metric(url, "viewers", 0)

    run(main())


def test_a_lost_connection_is_said_and_taken_up_again_with_the_look(tmp_path, clip):
    async def main():
        async with serving() as url, browser.chromium(tmp_path / "profile", clip) as page:
            await opened(page, url)
            await page.evaluate(_WATCHED)
            await page.click("#start")
            await page.click("input[value=bright]")
            await until_shown(page, painted(LEFT, "bright"), painted(RIGHT, "bright"))
            await page.evaluate("socket.close()")
            assert "lost. Trying again" in await error(page)
            await page.evaluate("new Promise((done) => setTimeout(done, 300))")
            assert await shown(page, painted(LEFT, "bright"), painted(RIGHT, "bright"))
            await page.until("document.querySelector('#message').textContent === ''")
            await until_shown(page, painted(LEFT, "bright"), painted(RIGHT, "bright"))
            assert await page.evaluate("track.readyState") == "live"
            assert await metric(url, "viewers_total") == 2
            assert not page.complaints

    run(main())


_WATCHED = """(() => {
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wish) => {
    const camera = await open(wish);
    window.track = camera.getVideoTracks()[0];
    return camera;
  };
  window.WebSocket = class extends WebSocket {
    constructor(address) { super(address); window.socket = this; }
  };
})()"""
"""Hands the page's camera and socket out, so that a test can take them away."""


def test_closing_the_page_frees_its_place(tmp_path, clip):
    async def main():
        async with serving(sessions=1) as url, browser.chromium(tmp_path / "profile", clip) as page:
            await opened(page, url)
            await page.click("#start")
            await until_shown(page, painted(LEFT, "swap"), painted(RIGHT, "swap"))
            await page.click("#stop")
            await until_metric(url, "viewers", 0)
            await page.click("#start")
            await until_shown(page, painted(LEFT, "swap"), painted(RIGHT, "swap"))
            assert await metric(url, "viewers") == 1
            await page.open("about:blank")
            await until_metric(url, "viewers", 0)

    run(main())


def test_the_page_says_why_it_was_refused_and_starts_later(tmp_path, clip):
    async def main():
        async with (
            serving(sessions=1) as url,
            browser.chromium(tmp_path / "profile", clip) as page,
        ):
            async with viewing(url) as other:
                await other.hear("look")
                await opened(page, url)
                await page.click("#start")
                await page.until("document.querySelector('#message').innerText.includes('taken')")
            await until_metric(url, "viewers", 0)
            await page.click("#start")
            await until_shown(page, painted(LEFT, "swap"), painted(RIGHT, "swap"))

    run(main())


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_nothing_sticks_out_at_any_width(tmp_path, clip, width):
    serve_factory.install_several(tmp_path)

    async def main():
        async with (
            serving() as url,
            browser.chromium(tmp_path / "profile", clip) as page,
        ):
            await page.resize(width, 800, phone=width < 500)
            await opened(page, url)
            await page.click("#start")
            await put(page, "#blend_with", "bright")
            await until_shown(page, blended(LEFT, 0.5), blended(RIGHT, 0.5))
            assert await page.evaluate("document.documentElement.scrollWidth") <= width
            small = """[...document.querySelectorAll("button, .choice label, .line input")]
              .filter((each) => each.offsetParent && each.offsetHeight < 20).length"""
            assert await page.evaluate(small) == 0

    run(main())


def test_the_page_offers_the_brushes_that_the_keys_step_through():
    page = Path(serve_factory.__file__).parent.parent / "realtime_nst/serve/page/look.js"
    (words,) = re.findall(r"const BRUSHES = {(.*)};", page.read_text(encoding="utf-8"))
    assert tuple(re.findall(r'"?([\w.]+)"?:', words)) == BRUSHES


async def choose(page, *files):
    """Films in the page's file chooser."""
    document = await page.command("DOM.getDocument")
    found = await page.command(
        "DOM.querySelector", nodeId=document["root"]["nodeId"], selector="#film"
    )
    await page.command("DOM.setFileInputFiles", files=[*map(str, files)], nodeId=found["nodeId"])


def test_a_film_is_painted_and_found_again_by_a_page_that_was_closed(tmp_path, clip, monkeypatch):
    import media_factory

    from realtime_nst.serve import child

    monkeypatch.setattr(child, "NICE", 0)
    style = model_factory.write_style(tmp_path / "tiny.onnx", card=model_factory.card())
    film = media_factory.clip(tmp_path / "holiday.mp4", count=10, sound="aac")
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no film at all")
    look = Look(str(style), stabilise="off", brush="fine")

    async def main():
        async with serving(look) as url, browser.chromium(tmp_path / "profile", clip) as page:
            await opened(page, url)
            await choose(page, broken, film)
            await page.until("document.querySelectorAll('#film-list li').length === 2")
            await page.until("!!document.querySelector('#film-list .error')")
            assert "not a film of a kind" in await page.text("#film-list .error")
            await page.until("document.querySelectorAll('#film-list strong')[1].textContent")
            await page.until("JSON.parse(localStorage['realtime-nst films']).length === 1")
            await page.until(
                "document.querySelector('#film-list li:last-child p').textContent"
                ".match(/Waiting|Looking|Painting|Painted/)"
            )
            await opened(page, url)
            link = "document.querySelector('#film-list a:not([hidden])')"
            await page.until(f"!!{link}", 4 * browser.PATIENCE)
            assert await page.evaluate(f"{link}.download") == "holiday-own.mp4"
            await page.until("document.querySelector('#film-list img').naturalWidth === 64")
            fetched = f"fetch({link}.href).then((each) => each.blob()).then(({{ size }}) => size)"
            assert await page.evaluate(fetched) > 1000
            await page.evaluate("document.querySelector('#film-list button').focus()")
            await page.press("Enter")
            await page.until("!document.querySelector('#film-list li')")
            assert await page.evaluate("document.activeElement.id") == "film"
            await page.resize(320, 700, phone=True)
            assert await page.evaluate("document.documentElement.scrollWidth") == 320

    run(main())
