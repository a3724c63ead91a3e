"""The page in a real browser: what it paints, keeps and asks for."""

import asyncio
import base64
import json
import time
from contextlib import AsyncExitStack
from pathlib import Path

import av
import browser
import media_factory
import numpy as np
import pytest
from PIL import Image

pytest.importorskip("aiohttp", reason="needs the extra serve")

import web_factory

from realtime_nst.runtime.enlarge import enlarged_rgb
from realtime_nst.runtime.styles import read_installed
from realtime_nst.sources.synthetic import SyntheticSource
from realtime_nst.web import folder as pages

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
        self.url, self.asked, self.held = await self._open.enter_async_context(
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
    visit.put("#brush", "4")  # the smallest to paint
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


def test_paintings_are_enlarged_as_they_are_here(visit):
    source = SyntheticSource(162, 120, frames=1).picture(0)
    painted = np.ascontiguousarray(255 - source[::3, ::3])
    visit.run(web_factory.open_networks(visit.page, "wasm"))
    made = visit.run(web_factory.enlarged(visit.page, painted, (162, 120)))
    off = np.abs(made.astype(int) - enlarged_rgb(painted, (162, 120)))
    assert off.mean() < 1.5  # OpenCV rounds after each step, to whole numbers
    assert np.quantile(off, 0.99) <= 6


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


def test_what_moves_is_told_from_what_is_still(visit):
    shares = """import('./work/moving.js').then(({ MovingMask }) => {
      const mask = new MovingMask(), canvas = new OffscreenCanvas(160, 120);
      const context = canvas.getContext("2d");
      let weights;
      for (let frame = 0; frame < 12; frame++) {
        context.fillStyle = "#48a";
        context.fillRect(0, 0, 160, 120);
        context.fillStyle = "#fe8";
        if (frame) context.fillRect(8 * frame, 40, 40, 40);
        weights = mask.find(canvas, 160, 120);
      }
      const mean = (left) => {
        let sum = 0;
        for (let at = 0; at < 20; at++) sum += weights[160 * 60 + left + at];
        return sum / 20;
      };
      return [mean(98), mean(8)];
    })"""
    moving, still = visit.evaluate(shares)
    assert moving > 220
    assert still < 40


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


def test_an_update_replaces_all_or_nothing(visit, site):
    version = "caches.keys().then((names) => names.join())"
    before = visit.evaluate(version)
    script, listed = site / "service-worker.js", site / "files.json"
    kept = script.read_bytes(), listed.read_bytes()
    old = json.loads(listed.read_text())["version"]
    for name in (script, listed):
        name.write_text(name.read_text().replace(old, "f" * 16))
    wrong = json.loads(listed.read_text())
    wrong["files"]["page.css"] = "0" * 64
    listed.write_text(json.dumps(wrong))
    visit.held.clear()
    update = "navigator.serviceWorker.getRegistration().then((each) => each.update())"
    visit.evaluate(update)
    visit.evaluate("new Promise((done) => setTimeout(done, 500))")
    assert visit.evaluate("caches.match('page.css').then(Boolean)")
    assert before in visit.evaluate(version)
    for name, contents in zip((script, listed), kept, strict=True):
        name.write_bytes(contents)
    visit.held.clear()


AXE = Path(pages.__file__).parent / "node_modules" / "axe-core" / "axe.min.js"


@pytest.mark.skipif(not AXE.exists(), reason="needs axe-core (npm ci in realtime_nst/web)")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_all_fits_a_phone(visit, scheme):
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    visit.run(visit.page.command("Emulation.setEmulatedMedia", features=features))
    visit.evaluate("document.querySelector('details').open = true")
    visit.run(visit.page.resize(*((390, 844, True) if scheme == "dark" else (1280, 900))))
    run = "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => "
    run += "violations.map(({ id, nodes }) => `${id} ${nodes[0].html}`))"
    assert visit.evaluate(f"{AXE.read_text()};{run}") == []
    assert visit.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_keyboard_reaches_everything_and_shows_where_it_is(visit):
    visit.evaluate("document.querySelector('details').open = true")
    visit.evaluate("document.activeElement.blur()")
    seen = []
    for _ in range(14):
        visit.run(visit.page.press("Tab"))
        seen.append(
            visit.evaluate(
                "((at) => [at.id || at.name || at.tagName, at.matches(':focus-visible')])"
                "(document.activeElement)"
            )
        )
    names = [name for name, _ in seen]
    assert all(ring for _, ring in seen)
    assert names[:3] == ["language", "start", "open"]
    assert {"style", "strength", "SUMMARY", "brush"} <= set(names)


def test_all_of_it_works_with_the_server_gone(visit):
    visit.put("#variant", "great_wave_tiny")
    visit.until("!document.querySelector('#styles .loading')")
    visit.run(visit.server.aclose())
    visit.run(visit.page.open(visit.url + "?engine=wasm"))
    visit.until("document.querySelector('#engine')?.textContent")
    visit.until("document.querySelector('#variant')?.value === 'great_wave_tiny'")
    visit.put("#strength", "80")
    visit.click("#styles input[value=udnie]")  # which was never loaded
    visit.until(
        "document.querySelector('#message.error')?.textContent.startsWith('Udnie could not')"
    )
    assert visit.evaluate("document.querySelector('#variant').value") == "great_wave_tiny"
    visit.page.complaints.clear()
    visit.click("#start")
    visit.until("/pictures a second/.test(document.querySelector('#figures').textContent)")
    assert not visit.page.complaints
