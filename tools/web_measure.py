"""How still and how fast the page paints, in a headless Chromium.

    python tools/web_measure.py still CLIP... [--style great_wave_tiny] [--size 320x240]
    python tools/web_measure.py speed [--size 320x240] [--network NAME]
    python tools/web_measure.py camera [--style great_wave_tiny] [--size 320x240] [--fixed]
    python tools/web_measure.py copies [--style great_wave_tiny] [--size 320x240]

``still``: e_stab of each clip painted without and with steadying, in the page and by the program,
as shares of e_stab without. ``speed``: the fastest of interleaved runs of each network in the page
(WebAssembly) and on ONNX Runtime's CPU provider, both on as many threads as the page uses.
``camera``: pictures a second that the page shows of a fake camera, and its longest task; with
``--fixed`` it paints at 320x240, half of what it asks of cameras, however slow that is.
``copies``: what it costs on WebGPU (SwiftShader) to read a frame, send it to the graphics card and
fetch it again, beside the network that paints it.
"""

import argparse
import asyncio
import base64
import sys
import tempfile
import time
from contextlib import asynccontextmanager
from pathlib import Path

import av
import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
import browser
import model_factory
import web_factory

from realtime_nst.metrics.stillness import e_stab, sharpness, warped_error
from realtime_nst.motion import dense_flow, visible
from realtime_nst.motion.stabiliser import Stabiliser
from realtime_nst.runtime.styles import read_installed
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.sources.synthetic import SyntheticSource
from realtime_nst.web.folder import write_page

FRAMES = 24

_STEADY = """(async () => {
  const { Steady } = await import("/painting/steady.js");
  globalThis.steady = new Steady();
  globalThis.spent = 0;
  globalThis.number = 0;
  globalThis.held = (source, painted, width, height, preset) => {
    const began = performance.now();
    steady.observe(source, width, height, ++number / 30);
    const shown = steady.blend(painted, width, height, preset);
    spent += performance.now() - began;
    return text(shown);
  };
})()"""


def clip(path, width, height):
    """The first frames of a film, in the middle of a frame of that size."""
    frames = []
    with av.open(str(path)) as film:
        for frame in film.decode(video=0):
            image = frame.to_ndarray(format="rgb24")
            scale = max(width / image.shape[1], height / image.shape[0])
            image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
            frames.append(np.ascontiguousarray(image[top : top + height, left : left + width]))
            if len(frames) == FRAMES:
                break
    return frames


def errors(frames, painted):
    """e_stab of ``painted``, and its sharpness."""
    found = []
    for at in range(1, len(frames)):
        flow = dense_flow(frames[at - 1], frames[at], full_size=True)
        back = dense_flow(frames[at], frames[at - 1], full_size=True)
        seen = visible(flow, back)
        found.append(warped_error(painted[at - 1], painted[at], flow, seen))
    return e_stab(found), float(np.mean([sharpness(each) for each in painted]))


@asynccontextmanager
async def page_of(camera=Path("/dev/null"), fixed=False, gpu=False):
    with tempfile.TemporaryDirectory() as work:
        site = write_page(Path(work, "site"))
        if fixed:
            worker = site / "painting" / "worker.js"
            worker.write_text(worker.read_text().replace("const FPS = 15;", "const FPS = 0.1;"))
        async with (
            web_factory.giving_out(site) as (url, *_),
            browser.chromium(Path(work, "profile"), camera, gpu=gpu) as page,
        ):
            await page.open(url + "?engine=wasm")
            await page.until("document.querySelector('#engine')?.textContent")
            yield page


async def still(clips, style, size):
    paint = Stylizer(style, "cpu")
    async with page_of() as page:
        await web_factory.open_networks(page, "wasm")
        await page.evaluate(_STEADY)
        for path in clips:
            frames = clip(path, *size)
            painted = [paint(each) for each in frames]
            plain, sharp = errors(frames, painted)
            line = f"{Path(path).stem:20} e_stab {plain:.4f}"
            for preset in ("light", "strong"):
                here = Stabiliser(preset)
                own = [here(f, p) for f, p in zip(frames, painted, strict=True)]
                await page.evaluate("steady.reset()")
                shown = [
                    await _held(page, f, p, preset) for f, p in zip(frames, painted, strict=True)
                ]
                for what, result in (("page", shown), ("program", own)):
                    error, kept = errors(frames, result)
                    line += f", {preset} {what} {error / plain:.2f} (sharpness {kept / sharp:.2f})"
            spent = await page.evaluate("spent / number")
            print(f"{line}; {spent:.1f} ms a frame in the page", flush=True)


async def _held(page, source, painted, preset):
    height, width = source.shape[:2]
    given, image = (f"bytes('{web_factory.text(each)}')" for each in (source, painted))
    made = await page.evaluate(f"held({given}, {image}, {width}, {height}, '{preset}')")
    return np.frombuffer(base64.b64decode(made), np.uint8).reshape(source.shape)


async def speed(size, only):
    from realtime_nst.runtime.onnxruntime_session import engine

    width, height = size
    image = SyntheticSource(width, height, frames=1).picture(0)
    async with page_of() as page:
        await web_factory.open_networks(page, "wasm")
        threads = await page.evaluate("networks.engine.ort.env.wasm.numThreads")
        print(
            f"{width}x{height}, {threads} threads: milliseconds in the page, here, and their ratio"
        )
        await page.evaluate(f"globalThis.image = bytes('{web_factory.text(image)}')")
        for entry in read_installed().entries:
            if not entry.row.paints or (only and entry.name not in only):
                continue
            options = engine().SessionOptions()
            options.intra_op_num_threads = threads
            session = engine().InferenceSession(
                str(entry.path), options, providers=["CPUExecutionProvider"]
            )
            given, code = {"frame": image[None]}, "null"
            if entry.row.takes_code:
                length = next(p.shape[1] for p in session.get_inputs() if p.name == "code")
                given |= {
                    "code": np.zeros((1, length), np.float32),
                    "strength": np.ones(1, np.float32),
                }
                code = f"new Float32Array({length})"
            run = f"networks.paint('{entry.name}', image.slice(), {width}, {height}, {code})"
            timed = f"((began) => {run}.then(() => performance.now() - began))(performance.now())"
            here, there = [], []
            for _ in range(8):
                there.append(await page.evaluate(timed))
                began = time.perf_counter()
                session.run(None, given)
                here.append(1000 * (time.perf_counter() - began))
            fastest = min(there[1:]), min(here[1:])
            ratio = fastest[0] / fastest[1]
            print(f"{entry.name:24} {fastest[0]:8.1f} {fastest[1]:8.1f} {ratio:6.2f}", flush=True)


async def camera(style, size, seconds, stabilise, fixed):
    with tempfile.TemporaryDirectory() as work:
        path = Path(work, "camera.mjpeg")
        with av.open(str(path), "w", format="mjpeg") as output:
            stream = output.add_stream("mjpeg", rate=30, options={"qscale": "3"})
            stream.width, stream.height, stream.pix_fmt = *size, "yuvj420p"
            for frame in SyntheticSource(*size, frames=60):
                picture = av.VideoFrame.from_ndarray(frame.image, format="rgb24")
                output.mux(stream.encode(picture.reformat(format="yuvj420p")))
            output.mux(stream.encode())
        async with page_of(path, fixed) as page:
            await page.evaluate(
                "globalThis.longest = 0; new PerformanceObserver((list) => { for (const each of "
                "list.getEntries()) longest = Math.max(longest, each.duration); })"
                ".observe({ entryTypes: ['longtask'] })"
            )
            await page.click(f"#stabilise input[value={stabilise}]")
            await page.evaluate(
                f"document.querySelector('#variant').value = '{style}';"
                "document.querySelector('#variant').dispatchEvent(new Event('input'))"
            )
            if fixed:
                await page.evaluate(
                    "document.querySelector('#brush').value = 4;"
                    "document.querySelector('#brush').dispatchEvent(new Event('input'))"
                )
            await page.click("#start")
            await page.until("document.querySelector('#figures').textContent")
            for _ in range(int(seconds)):
                await asyncio.sleep(1)
                print(await page.text("#figures"), flush=True)
            print(f"longest task of the page: {await page.evaluate('longest'):.0f} ms")


_COPIES = """(async () => {
  const { Sheet, toRgb } = await import("/painting/pixels.js");
  networks.offered.networks.copy = { file: "data:;base64,COPY" };
  const source = new OffscreenCanvas(WIDTH, HEIGHT), sheet = new Sheet();
  source.getContext("2d").fillRect(9, 9, 99, 99);
  const rgb = new Uint8Array(3 * WIDTH * HEIGHT);
  const read = () => toRgb(sheet.read(source, WIDTH, HEIGHT).data, rgb);
  const paint = (name) => networks.paint(name, rgb.slice(), WIDTH, HEIGHT, null);
  const fastest = async (work) => {
    const all = [];
    for (let turn = 0; turn < 4; turn++) {
      const began = performance.now();
      await work();
      all.push(performance.now() - began);
    }
    return Math.min(...all);
  };
  const painted = [await fastest(() => paint("copy")), await fastest(() => paint("STYLE"))];
  return [await fastest(read), ...painted];
})()"""


async def copies(style, size):
    with tempfile.TemporaryDirectory() as work:
        copy = model_factory.write_style(Path(work, "copy.onnx"), card=model_factory.card())
        script = _COPIES.replace("COPY", base64.b64encode(copy.read_bytes()).decode())
    for what, value in (("WIDTH", size[0]), ("HEIGHT", size[1]), ("STYLE", style)):
        script = script.replace(what, str(value))
    browser.PATIENCE = 600.0
    async with page_of(gpu=True) as page:
        await page.open(await page.evaluate("location.origin") + "/icon.svg")  # no policy
        await web_factory.open_networks(page, "webgpu")
        read, there_and_back, painted = await page.evaluate(script)
    print(
        f"{style} at {size[0]}x{size[1]}: a frame is read in {read:.1f} ms, goes through a network "
        f"of one multiplication in {there_and_back:.1f}, and is painted in {painted:.1f}"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("still", "speed", "camera", "copies"))
    parser.add_argument("clips", nargs="*")
    parser.add_argument("--style", default="great_wave_tiny")
    parser.add_argument("--stabilise", default="light")
    parser.add_argument("--size", default="320x240")
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--fixed", action="store_true")
    parser.add_argument("--network", action="append")
    given = parser.parse_args()
    width, height = map(int, given.size.split("x"))
    work = {
        "still": lambda: still(given.clips, given.style, (width, height)),
        "copies": lambda: copies(given.style, (width, height)),
        "speed": lambda: speed((width, height), given.network),
        "camera": lambda: camera(
            given.style, (width, height), given.seconds, given.stabilise, given.fixed
        ),
    }
    asyncio.run(work[given.what]())


if __name__ == "__main__":
    main()
