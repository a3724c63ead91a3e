"""The page in a real browser: what it paints, keeps and asks for."""

import asyncio
import time
from contextlib import AsyncExitStack

import av
import browser
import numpy as np
import pytest

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
    visit.click("#styles input[value=great_wave_tiny]")
    visit.click("#start")
    visit.until("/pictures a second/.test(document.querySelector('#figures').textContent)")
    before = pixel(visit)
    visit.put("#strength", "0")
    until_pixel(visit, lambda shown: np.abs(shown - before).max() > 8)
    assert {method for method, _ in visit.asked} == {"GET"}
    loaded = "performance.getEntriesByType('resource').map((each) => each.name)"
    assert all(name.startswith((visit.url, "blob:")) for name in visit.evaluate(loaded))
    assert not visit.page.complaints


def test_all_of_it_works_with_the_server_gone(visit):
    visit.run(visit.server.aclose())
    visit.run(visit.page.open(visit.url + "?engine=wasm"))
    visit.until("document.querySelector('#engine')?.textContent")
    assert visit.evaluate("document.querySelector('#strength').value") == "0"
    visit.put("#strength", "80")
    visit.click("#start")
    visit.until("/pictures a second/.test(document.querySelector('#figures').textContent)")
    assert not visit.page.complaints
