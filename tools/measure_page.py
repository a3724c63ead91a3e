"""Frames a second and camera-to-page latency of ``serve``, in a headless Chromium.

    python tools/measure_page.py [--seconds 10] [--style great_wave] [--stabilise strong]

The browser's fake camera plays a scene with the number of each frame drawn into its left edge, the
page shows that edge unpainted (split view), and a script in it compares when a number is seen in
the camera's own preview with when it comes back. All runs on this machine, which the browser, its
two video codecs and the server share. Needs Chromium and the extras serve and dev.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

import av
import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
import browser

from realtime_nst.look import Look, View
from realtime_nst.serve.server import Server
from realtime_nst.serve.studio import Studio
from realtime_nst.sources.synthetic import SyntheticSource

WIDTH, HEIGHT, BITS, EDGE = 640, 480, 8, 64

WATCH = """(async () => {
  const camera = document.createElement("video");
  camera.srcObject = await navigator.mediaDevices.getUserMedia({ video: true });
  camera.muted = true;
  camera.style = "position:fixed;bottom:0;right:0;width:160px";
  document.body.append(camera);
  await camera.play();
  window.latencies = [];
  const canvas = new OffscreenCanvas(1, BITS);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const number = (video) => {
    context.drawImage(video, 0, 0, EDGE / 2, video.videoHeight, 0, 0, 1, BITS);
    const { data } = context.getImageData(0, 0, 1, BITS);
    return [...Array(BITS).keys()].reduce((all, bit) => all | (data[4 * bit + 1] > 127) << bit, 0);
  };
  const shown = (video) => new Promise((done) => video.requestVideoFrameCallback(done));
  const page = document.querySelector("#video");
  for (;;) {
    const began = await shown(camera), wanted = number(camera);
    for (let tries = 0; tries < 30; tries++) {
      const now = await shown(page), later = (number(page) - wanted + 2 ** BITS) % 2 ** BITS;
      if (later < 4) {
        latencies.push(now - began - later * 1000 / 30);
        break;
      }
    }
    await new Promise((done) => setTimeout(done, 150));
  }
})()""".replace("BITS", str(BITS)).replace("EDGE", str(EDGE))
"""One number at a time, for reading pixels costs the browser as much as showing them. Where the
page did not show that frame, one of the next three stands in, at its place in the clip."""

COUNT = """new Promise((done) => {
  const video = document.querySelector("#video"), times = [];
  const count = (now) => { times.push(now); video.requestVideoFrameCallback(count); };
  video.requestVideoFrameCallback(count);
  setTimeout(() => done(times), SECONDS * 1000);
})"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--style", default="great_wave")
    parser.add_argument("--stabilise", default="strong")
    parser.add_argument("--pictures", type=Path, help="folder for a screenshot")
    asyncio.run(measure(parser.parse_args()))


async def measure(wanted: argparse.Namespace) -> None:
    look, view = Look(wanted.style, stabilise=wanted.stabilise), View(split=EDGE / WIDTH)
    with tempfile.TemporaryDirectory() as folder, Studio(look, view=view) as studio:
        clip = write_clip(Path(folder) / "camera.mjpeg")
        async with (
            Server(studio, port=0) as server,
            browser.chromium(Path(folder) / "profile", clip) as page,
        ):
            await page.open(server.urls[0])
            await page.until("document.querySelectorAll('#styles input:checked').length")
            await page.click("#start")
            await page.until("!document.querySelector('#video').hidden")
            await asyncio.sleep(3)
            await report_rate(page, wanted.seconds)
            await report_switching(page, [*studio.choices][:6])
            await report_latency(page, wanted.seconds)
            if wanted.pictures:
                await page.picture(wanted.pictures / "page.png")


async def report_rate(page: browser.Page, seconds: float) -> None:
    times = await page.evaluate(COUNT.replace("SECONDS", str(seconds)))
    gaps = np.diff(times)
    print(f"{1000 / gaps.mean():.1f} fps over {len(times)} frames, longest gap {gaps.max():.0f} ms")
    print(f"the page says: {await page.text('#fps')} fps, {await page.text('#latency')}")


async def report_latency(page: browser.Page, seconds: float) -> None:
    await page.evaluate(f"void {WATCH}")
    await asyncio.sleep(seconds)
    latencies = await page.evaluate("latencies")
    p50, p95 = np.percentile(latencies, [50, 95])
    print(f"camera to page: p50 {p50:.0f} ms, p95 {p95:.0f} ms of {len(latencies)} frames")
    print(f"the page says meanwhile: {await page.text('#fps')} fps, {await page.text('#latency')}")


async def report_switching(page: browser.Page, styles: list[str]) -> None:
    """From the click to the message that the style is in use."""
    for style in [*styles[1:], *styles[:2]]:
        milliseconds = await page.evaluate(
            f"""new Promise((done) => {{
              const began = performance.now();
              document.querySelector("input[value={style}]").click();
              const look = () => document.querySelector("#styles .loading")
                ? setTimeout(look, 2) : done(performance.now() - began);
              look();
            }})"""
        )
        print(f"switched to {style} in {milliseconds:.0f} ms")
        await asyncio.sleep(0.5)


def write_clip(path: Path, frames: int = 2**BITS) -> Path:
    """A scene whose left edge is black and white blocks, the lowest bit of its number at the top.

    Frames 0 to 63 of the scene are shown again and again, for it takes long to draw.
    """
    with SyntheticSource(width=WIDTH, height=HEIGHT, frames=frames // 4) as source:
        scene = [frame.image for frame in source]
    with av.open(str(path), "w", format="mjpeg") as output:
        stream = output.add_stream("mjpeg", rate=30, options={"qscale": "3"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuvj420p"
        for number in range(frames):
            image = scene[number % len(scene)].copy()
            bits = np.array([255 * (number >> bit & 1) for bit in range(BITS)], np.uint8)
            image[:, :EDGE] = np.repeat(bits, HEIGHT // BITS)[:, None, None]
            picture = av.VideoFrame.from_ndarray(image, format="rgb24")
            output.mux(stream.encode(picture.reformat(format="yuvj420p")))
        output.mux(stream.encode())
    return path


if __name__ == "__main__":
    main()
