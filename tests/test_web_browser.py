"""The page in a real browser: what it paints, keeps and asks for."""

import asyncio
import base64
import json
import shutil
import time
from contextlib import AsyncExitStack, contextmanager
from hashlib import sha256
from pathlib import Path

import av
import browser
import media_factory
import numpy as np
import pytest
from PIL import Image

pytest.importorskip("aiohttp", reason="needs the extra serve")

import web_factory

from realtime_nst.motion.tracking import Tracker
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
    """A browser and a server of the page, one of each for all tests; a test gets what somebody sees
    who comes for the first time."""

    def __init__(self, site):
        self.site = site
        self._loop, self._open = asyncio.new_event_loop(), AsyncExitStack()

    def run(self, coroutine):
        return self._loop.run_until_complete(coroutine)

    async def start(self, folder, camera):
        self.page = await self._open.enter_async_context(
            browser.chromium(folder / "profile", camera, gpu=True)
        )
        self.saved = folder / "saved"
        await self.page.command(
            "Browser.setDownloadBehavior", behavior="allow", downloadPath=str(self.saved)
        )
        self.here, self.asked, _ = await self._open.enter_async_context(
            web_factory.giving_out(self.site)
        )

    async def forget(self):
        await self.page.open("about:blank")
        await self.page.command(
            "Storage.clearDataForOrigin", origin=self.here.rstrip("/"), storageTypes="all"
        )
        await self.page.command("Emulation.clearDeviceMetricsOverride")
        await self.page.command("Emulation.setEmulatedMedia", features=[])
        shutil.rmtree(self.saved, ignore_errors=True)
        self.saved.mkdir()
        self.asked.clear()
        self.page.complaints.clear()

    def close(self):
        self.run(self._open.aclose())
        self._loop.close()

    def open(self, url=None):
        self.run(self.page.open((url or self.here) + "?engine=wasm"))
        self.until("document.documentElement.dataset.ready")

    def open_engine(self, url=None):
        self.open(url)
        self.until("document.querySelector('#engine')?.textContent")

    @contextmanager
    def host(self, **options):
        """Another server: its address, the contents it holds, and what closes it."""
        stack = AsyncExitStack()
        giving_out = web_factory.giving_out(self.site, **options)
        url, _, held = self.run(stack.enter_async_context(giving_out))
        try:
            yield url, held, lambda: self.run(stack.aclose())
        finally:
            self.run(stack.aclose())

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
        """As the viewer does who chooses a file, in a browser that cannot write to chosen ones."""
        self.evaluate("delete globalThis.showSaveFilePicker")
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
            self.run(asyncio.sleep(0.05))
        return files[0]


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
def started(once, camera, tmp_path_factory):
    site = once("page", lambda made: web_factory.write_site(made / "site", web_factory.LIBRARIES))
    visit = Visit(site / "site")
    visit.run(visit.start(tmp_path_factory.mktemp("visit"), camera))
    yield visit
    visit.close()


@pytest.fixture
def first_visit(started):
    """No page is open yet."""
    started.run(started.forget())
    yield started
    assert started.page.complaints == []


@pytest.fixture
def visit(first_visit):
    first_visit.open()
    return first_visit


@pytest.fixture
def modules(first_visit):
    """The page's modules without the page."""
    first_visit.run(first_visit.page.open(first_visit.here + "icon.svg"))
    return first_visit


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
        visit.run(asyncio.sleep(0.05))
    return shown


FIGURES = "/pictures a second/.test(document.querySelector('#figures').textContent)"
LOADED = "!document.querySelector('#styles .loading')"


def chosen(visit):
    """A small network that paints a small picture, once it is there."""
    visit.put("#brush", "4")
    visit.put("#variant", "great_wave_tiny")
    visit.until(f"document.querySelector('#variant').value === 'great_wave_tiny' && {LOADED}")


def test_a_host_without_headers_is_made_up_for_and_then_none_is_needed(first_visit):
    visit = first_visit
    with visit.host(headers=False) as (url, _, close):
        visit.open_engine(url)
        visit.until("crossOriginIsolated && document.querySelector('#engine')?.textContent")
        assert visit.evaluate("document.querySelector('#preview').naturalWidth") > 100
        assert "thread" in visit.evaluate("document.querySelector('#engine').textContent")
        chosen(visit)
        close()
        visit.open_engine(url)
        assert visit.evaluate("document.querySelector('#variant').value") == "great_wave_tiny"
        visit.put("#strength", "80")
        visit.click("#styles input[value=udnie]")  # which was never loaded
        said = "document.querySelector('#message.error')?.textContent"
        visit.until(f"{said}.startsWith('Udnie could not')")
        assert visit.evaluate("document.querySelector('#variant').value") == "great_wave_tiny"
        visit.page.complaints.clear()
        visit.click("#start")
        visit.until(FIGURES)


UPDATE = """(async () => {
  const registration = await navigator.serviceWorker.getRegistration();
  const found = new Promise((done) => {
    registration.addEventListener("updatefound", () => done(registration.installing));
  });
  await registration.update();
  const worker = await found;
  while (!["redundant", "activated"].includes(worker.state)) {
    await new Promise((done) => worker.addEventListener("statechange", done, { once: true }));
  }
  return worker.state;
})()"""


def test_an_update_replaces_all_or_nothing(first_visit):
    visit = first_visit
    page, script, listed = (visit.site / n for n in ("page.css", "service-worker.js", "files.json"))
    new = "f" * 16
    old = json.loads(listed.read_text())["version"].encode()
    style = page.read_bytes() + b":root { --updated: yes }"
    shown = "getComputedStyle(document.documentElement).getPropertyValue('--updated')"
    with visit.host() as (url, held, close):
        held[page] = style
        visit.open_engine(url)  # though its files are not those of the list
        assert visit.evaluate("navigator.serviceWorker.controller") is None
        held.clear()
        visit.open_engine(url)

        held[script] = script.read_bytes().replace(old, new.encode())
        changed = json.loads(listed.read_bytes().replace(old, new.encode()))
        changed["files"]["page.css"] = sha256(style).hexdigest()
        held[listed] = json.dumps(changed).encode()
        assert visit.evaluate(UPDATE) == "redundant"
        visit.open_engine(url)
        assert not visit.evaluate(shown)

        held[page] = style
        visit.page.complaints.clear()
        assert visit.evaluate(UPDATE) == "activated"
        close()
        visit.open_engine(url)
        assert visit.evaluate(shown) == "yes"
        assert visit.evaluate("caches.keys()") == [f"realtime-nst {new}"]


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


def assert_painted_as_here(modules, provider, name, path):
    image = SyntheticSource(64, 48, frames=1).picture(0)
    made = modules.run(web_factory.painted(modules.page, name, image))
    off = np.abs(made.astype(int) - web_factory.wanted(path, image))
    assert off.mean() <= 1
    assert off.max() <= 3


def test_networks_paint_as_they_do_here(modules):
    modules.run(web_factory.open_networks(modules.page, "wasm"))
    entry = read_installed().by_name["great_wave_tiny"]
    assert_painted_as_here(modules, "wasm", entry.name, entry.path)


def test_a_graphics_card_paints_as_the_processor_does(modules, style):
    """A tiny network: SwiftShader takes ten seconds to compile what those that paint consist of.
    ``tools/web_parity.py`` shows it of all of them."""
    modules.run(web_factory.open_networks(modules.page, "webgpu"))
    data = base64.b64encode(style.read_bytes()).decode()
    modules.evaluate(f"networks.offered.networks.tiny = {{ file: 'data:;base64,{data}' }}")
    assert_painted_as_here(modules, "webgpu", "tiny", style)


def test_paintings_are_enlarged_as_they_are_here(modules):
    source = SyntheticSource(162, 120, frames=1).picture(0)
    painted = np.ascontiguousarray(255 - source[::3, ::3])
    modules.run(web_factory.open_networks(modules.page, "wasm"))
    made = modules.run(web_factory.enlarged(modules.page, painted, (162, 120)))
    off = np.abs(made.astype(int) - enlarged_rgb(painted, (162, 120)))
    assert off.mean() < 1.5  # OpenCV rounds after each step, to whole numbers
    assert np.quantile(off, 0.99) <= 6


SCENE = SyntheticSource(400, 300, frames=1).picture(0)
SCENE[:, 180:260] = 120  # flat


def _panning(step):
    return np.ascontiguousarray(SCENE[30 + step : 270 + step, 40 + 3 * step : 360 + 3 * step])


def _with_something_that_moves(step):
    image = SCENE[30:270, 40:360].copy()
    image[60:140, 20 + 6 * step : 100 + 6 * step] = SCENE[:80, :80]
    return image


@pytest.mark.parametrize("frame", [_panning, _with_something_that_moves])
def test_motion_is_followed_as_it_is_here(modules, frame):
    track = Tracker()
    wanted = [track(frame(step)) for step in range(3)][-1]
    given = ",".join(f"bytes('{web_factory.text(frame(step))}')" for step in range(3))
    modules.run(web_factory.open_networks(modules.page, "wasm"))
    made = modules.evaluate(
        f"""import("/painting/tracking.js").then(({{ Tracker }}) => {{
          const track = new Tracker();
          const all = [{given}].map((picture) => track.follow(picture, 320, 240));
          return [all[2].flow, all[2].trust, all[2].still].map(text);
        }})"""
    )
    flow, trust, still = (np.frombuffer(base64.b64decode(each), np.float32) for each in made)
    off = np.abs(flow.reshape(wanted.flow.shape) - wanted.flow)
    assert off.mean() < 0.25  # pixels
    assert np.abs(trust.reshape(wanted.trust.shape) - wanted.trust).mean() < 0.05
    assert np.abs(still.reshape(wanted.still.shape) - wanted.still).mean() < 0.05
    assert wanted.still.any() == (frame is not _panning)


def test_what_moves_is_told_from_what_is_still(modules):
    shares = """import('/painting/moving.js').then(({ MovingMask }) => {
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
    moving, still = modules.evaluate(shares)
    assert moving > 220
    assert still < 40


def test_the_camera_is_painted_and_recorded_and_nothing_leaves_the_page(visit):
    chosen(visit)
    visit.click("#start")
    visit.until(FIGURES)
    visit.click("#mirror")
    before = pixel(visit)
    visit.put("#strength", "0")
    until_pixel(visit, lambda shown: np.abs(shown - before).max() > 8)

    visit.click("#record")
    visit.until("document.querySelector('#record').ariaPressed === 'true'")
    visit.run(asyncio.sleep(0.6))
    visit.click("#record")
    made = visit.file(".mp4")
    assert made.name.startswith("The Great Wave off Kanagawa 20")
    with av.open(str(made)) as film:
        assert film.duration > 300_000
        assert sum(1 for _ in film.decode(video=0)) > 1

    assert {method for method, _ in visit.asked} == {"GET"}
    loaded = "performance.getEntriesByType('resource').map((each) => each.name)"
    assert all(name.startswith((visit.here, "blob:")) for name in visit.evaluate(loaded))


def test_a_film_keeps_its_times_and_its_sound(visit, tmp_path):
    chosen(visit)
    film = media_factory.clip(tmp_path / "film.mp4", count=10, pts=TICKS, sound="aac")
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


def test_a_film_that_is_cancelled_leaves_nothing(visit, tmp_path):
    chosen(visit)
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
    visit.put("#brush", "4")
    visit.give("#own", tmp_path / "dusk.png", "image/png")
    visit.until("/dusk/.test(document.querySelector('#styles label:has(:checked)').textContent)")
    visit.until("!document.querySelector('#picture').hidden")
    visit.open()
    visit.until("/dusk/.test(document.querySelector('#styles label:has(:checked)')?.textContent)")
    visit.until("document.querySelector('#picture').hidden === false")


AXE = Path(pages.__file__).parent / "node_modules" / "axe-core" / "axe.min.js"


@pytest.mark.skipif(not AXE.exists(), reason="needs axe-core (npm ci in realtime_nst/web)")
def test_axe_finds_nothing_and_all_fits_a_phone(visit):
    visit.evaluate("document.querySelector('details').open = true")
    visit.evaluate(AXE.read_text())
    run = "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => "
    run += "violations.map(({ id, nodes }) => `${id} ${nodes[0].html}`))"
    for scheme, size in (("light", (1280, 900)), ("dark", (390, 844, True))):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        visit.run(visit.page.command("Emulation.setEmulatedMedia", features=features))
        visit.run(visit.page.resize(*size))
        assert visit.evaluate(run) == []
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
