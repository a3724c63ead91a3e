"""The page in a real browser: what it paints, keeps and asks for."""

import asyncio
import base64
import time
from contextlib import AsyncExitStack

import av
import browser
import media_factory
import numpy as np
import pytest
from PIL import Image

pytest.importorskip("aiohttp", reason="needs the extra serve")

import web_factory

from realtime_nst.runtime.styles import read_installed
from realtime_nst.sources.synthetic import SyntheticSource

pytestmark = [
    pytest.mark.skipif(
        browser.PROGRAM is None, reason="needs Chromium (Debian: apt install chromium)"
    ),
    pytest.mark.skipif(web_factory.LIBRARIES is None, reason=web_factory.WITHOUT),
]


TICKS = [0, 1, 2, 4, 5, 6, 7, 9, 10, 11]


class Visit:
    """One page in one browser, for the tests of this module in their order."""

    def __init__(self):
        self._loop, self._open = asyncio.new_event_loop(), AsyncExitStack()

    def run(self, coroutine):
        return self._loop.run_until_complete(coroutine)

    async def begin(self, site, profile, camera):
        self.url, self.asked = await self._open.enter_async_context(
            web_factory.giving_out(site, headers=False)
        )
        self.server = self._open.pop_all()
        self.page = await self._open.enter_async_context(
            browser.chromium(profile, camera, gpu=True)
        )
        self.saved = profile / "saved"
        self.saved.mkdir()
        await self.page.command(
            "Browser.setDownloadBehavior", behavior="allow", downloadPath=str(self.saved)
        )
        await self.page.open(self.url + "?engine=wasm")

    async def end(self):
        await self._open.aclose()
        await self.server.aclose()

    def until(self, script):
        return self.run(self.page.until(script))

    def evaluate(self, script):
        return self.run(self.page.evaluate(script))

    def click(self, selector):
        self.evaluate(f"document.querySelector({selector!r}).click()")

    def put(self, selector, value):
        self.evaluate(
            f"""(() => {{
              const control = document.querySelector({selector!r});
              control.value = {value!r};
              control.dispatchEvent(new Event("input", {{ bubbles: true }}));
            }})()"""
        )

    def give(self, control, path, kind):
        """As the viewer does who chooses a file."""
        data = base64.b64encode(path.read_bytes()).decode()
        self.evaluate(
            f"""(() => {{
              const bytes = Uint8Array.from(atob("{data}"), (letter) => letter.charCodeAt(0));
              const given = new DataTransfer();
              given.items.add(new File([bytes], {path.name!r}, {{ type: {kind!r} }}));
              const input = document.querySelector({control!r});
              input.files = given.files;
              input.dispatchEvent(new Event("change"));
            }})()"""
        )

    def file(self, suffix):
        """What the page saves, once it is whole."""
        until = time.monotonic() + browser.PATIENCE
        while not (files := list(self.saved.glob(f"*{suffix}"))):
            assert time.monotonic() < until, list(self.saved.iterdir())
            time.sleep(0.05)
        return files[0]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return web_factory.write_site(tmp_path_factory.mktemp("page") / "site", web_factory.LIBRARIES)


@pytest.fixture(scope="module")
def camera(tmp_path_factory):
    """A second of the generated scene."""
    path = tmp_path_factory.mktemp("clip") / "camera.mjpeg"
    with av.open(str(path), "w", format="mjpeg") as output:
        stream = output.add_stream("mjpeg", rate=30, options={"qscale": "3"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuvj420p"
        for frame in SyntheticSource(320, 240, frames=30):
            picture = av.VideoFrame.from_ndarray(frame.image, format="rgb24")
            output.mux(stream.encode(picture.reformat(format="yuvj420p")))
        output.mux(stream.encode())
    return path


@pytest.fixture(scope="module")
def visit(site, camera, tmp_path_factory):
    visit = Visit()
    visit.run(visit.begin(site, tmp_path_factory.mktemp("profile"), camera))
    yield visit
    visit.run(visit.end())
    visit._loop.close()


PIXEL = """(() => {
  const shown = document.querySelector("#picture"), canvas = new OffscreenCanvas(1, 1);
  const context = canvas.getContext("2d");
  context.drawImage(shown, shown.width / 2, shown.height / 2, 1, 1, 0, 0, 1, 1);
  return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
})()"""


def pixel(visit):
    return np.array(visit.evaluate(PIXEL))


def until_pixel(visit, condition):
    """Wait until the middle of the picture is as ``condition`` says."""
    until = time.monotonic() + browser.PATIENCE
    while not condition(shown := pixel(visit)):
        assert time.monotonic() < until, shown
        time.sleep(0.05)
    return shown


def test_a_host_without_headers_is_made_up_for_and_a_painted_still_is_there(visit):
    visit.until("document.querySelector('#engine')?.textContent")
    assert visit.evaluate("crossOriginIsolated")
    assert visit.evaluate("document.querySelector('#preview').naturalWidth") > 100
    assert "thread" in visit.evaluate("document.querySelector('#engine').textContent")


def test_strength_and_split_are_seen_on_the_still(visit):
    visit.put("#strength", "0")
    visit.until("!document.querySelector('#picture').hidden")
    source = pixel(visit)
    visit.put("#strength", "90")
    until_pixel(visit, lambda shown: np.abs(shown - source).max() > 8)
    visit.click("#split")
    visit.until("document.querySelector('#divider').hidden === false")
    visit.evaluate("document.querySelector('#divider').focus()")
    visit.run(visit.page.press("ArrowRight"))
    visit.until("document.querySelector('#divider').ariaValueNow === '55'")
    until_pixel(visit, lambda shown: np.abs(shown - source).max() < 4)
    visit.click("#split")


@pytest.mark.parametrize("provider", ["wasm", "webgpu"])
def test_networks_paint_as_they_do_here(visit, provider):
    visit.run(web_factory.open_networks(visit.page, provider))
    image = SyntheticSource(64, 48, frames=1).picture(0)
    entry = read_installed().by_name["great_wave_tiny"]
    made = visit.run(web_factory.painted(visit.page, entry.name, image))
    off = np.abs(made.astype(int) - web_factory.wanted(entry.path, image))
    assert off.mean() <= 1
    assert off.max() <= 3


def test_the_camera_is_painted_and_nothing_leaves_the_page(visit):
    visit.put("#variant", "great_wave_tiny")
    visit.click("#start")
    visit.until("/pictures a second/.test(document.querySelector('#figures').textContent)")
    visit.click("#mirror")
    before = pixel(visit)
    visit.put("#strength", "0")
    until_pixel(visit, lambda shown: np.abs(shown - before).max() > 8)
    assert {method for method, _ in visit.asked} == {"GET"}
    loaded = "performance.getEntriesByType('resource').map((each) => each.name)"
    assert all(name.startswith((visit.url, "blob:")) for name in visit.evaluate(loaded))
    assert not visit.page.complaints


def test_a_recording_is_a_film_with_a_length(visit):
    visit.click("#record")
    visit.until("document.querySelector('#record').ariaPressed === 'true'")
    time.sleep(1)
    visit.click("#record")
    made = visit.file(".mp4")
    assert made.name.startswith("The Great Wave off Kanagawa 20")
    with av.open(str(made)) as film:
        assert film.duration > 500_000
        assert sum(1 for _ in film.decode(video=0)) > 1
    made.unlink()
    visit.put("#strength", "100")


def test_a_film_keeps_its_times_and_its_sound(visit, tmp_path):
    film = media_factory.clip(tmp_path / "film.mp4", count=10, pts=TICKS, sound="aac")
    visit.evaluate("delete globalThis.showSaveFilePicker")
    visit.give("#file", film, "video/mp4")
    visit.until("!document.querySelector('#paint').hidden")
    visit.click("#paint")
    made = visit.file(".mp4")
    assert made.name == "film painted.mp4"
    sound = [media_factory.packets(each, "audio") for each in (film, made)]
    assert sound[0] == sound[1]
    times = [sorted(media_factory.times(each)) for each in (film, made)]
    assert len(times[0]) == len(times[1])
    assert max(abs(one - other) for one, other in zip(*times, strict=True)) < 2e-5
    with av.open(str(made)) as painted:
        pictures = [frame.to_ndarray(format="rgb24") for frame in painted.decode(video=0)]
    assert np.abs(pictures[0].astype(int) - next(iter(media_factory.pictures(1)))).mean() > 8
    visit.until("document.querySelector('#paint').hidden === false")


def test_a_film_that_is_cancelled_leaves_nothing(visit, tmp_path):
    film = media_factory.clip(tmp_path / "long.mp4", count=200)
    visit.give("#file", film, "video/mp4")
    visit.until("/long.mp4 begins/.test(document.querySelector('#message').textContent)")
    visit.click("#paint")
    visit.until("document.querySelector('#progress').value > 0")
    visit.click("#stop")
    visit.until("document.querySelector('#progress').hidden")
    names = "(async () => { const all = []; for await (const each of "
    names += "(await navigator.storage.getDirectory()).keys()) all.push(each); return all; })()"
    assert visit.evaluate(names) == []
    assert not list(visit.saved.glob("long*"))
    visit.click("#stop")
    visit.until("!document.querySelector('#begin').hidden")


def test_what_is_no_film_or_picture_is_said(visit, tmp_path):
    wrong = tmp_path / "notes.mp4"
    wrong.write_text("no film")
    for control, kind, said in (
        ("#file", "video/mp4", "no video"),
        ("#own", "image/png", "no pic"),
    ):
        visit.give(control, wrong, kind)
        visit.until(f"document.querySelector('#message.error')?.textContent.includes({said!r})")
    visit.page.complaints.clear()


def test_a_picture_of_ones_own_is_painted_like_and_kept(visit, tmp_path):
    Image.fromarray(np.full((60, 80, 3), (200, 40, 30), np.uint8)).save(tmp_path / "dusk.png")
    visit.give("#own", tmp_path / "dusk.png", "image/png")
    visit.until("/dusk/.test(document.querySelector('#styles label:has(:checked)').textContent)")
    visit.until("!document.querySelector('#picture').hidden")
    visit.run(visit.page.open(visit.url + "?engine=wasm"))
    visit.until("/dusk/.test(document.querySelector('#styles label:has(:checked)')?.textContent)")
    visit.until("document.querySelector('#picture').hidden === false")
    visit.click("#styles input[value=great_wave]")
    visit.put("#variant", "great_wave_tiny")
    assert not visit.page.complaints


def test_all_of_it_works_with_the_server_gone(visit):
    visit.run(visit.server.aclose())
    visit.run(visit.page.open(visit.url + "?engine=wasm"))
    visit.until("document.querySelector('#engine')?.textContent")
    visit.until("document.querySelector('#variant')?.value === 'great_wave_tiny'")
    visit.put("#strength", "80")
    visit.click("#start")
    visit.until("/pictures a second/.test(document.querySelector('#figures').textContent)")
    assert not visit.page.complaints
