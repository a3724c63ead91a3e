"""What every installed network paints in a browser, against ONNX Runtime's CPU provider.

    python tools/web_parity.py [--provider wasm|webgpu] [--sizes 320x240,136x104] [--network NAME]

The page is written to a temporary folder and opened in a headless Chromium; with "webgpu"
SwiftShader computes on the CPU, at seconds a picture. Prints grey levels of difference, mean and
most, for each network and size, and on which providers the nodes of its graph were placed.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
import browser
import web_factory

from realtime_nst.runtime.styles import read_installed
from realtime_nst.sources.synthetic import SyntheticSource
from realtime_nst.web.folder import write_page

_LISTEN = """
  globalThis.said = [];
  for (const name of ["log", "info", "debug", "warn", "error"]) {
    console[name] = (...words) => said.push(words.join(" "));
  }
"""

_PLACED = """(async (file) => {
  const { engine } = networks;
  const model = new Uint8Array(await (await fetch(file)).arrayBuffer());
  said.length = 0;
  const session = await engine.ort.InferenceSession.create(model, {
    executionProviders: [engine.provider], logSeverityLevel: 0, logVerbosityLevel: 0 });
  await session.release();
  return said.filter((each) => /placed on|Node placements/.test(each))
    .map((each) => each.replace(/.*IsAssignedToAnEp\\]\\s*/, ""));
})"""


def code_of(entry, generator):
    """A blend of styles, or a code like those that the encoder makes."""
    if entry.styles:
        weights = generator.random(len(entry.styles)).astype(np.float32)
        return weights / weights.sum()
    if entry.row.needs_encoder:
        from realtime_nst.runtime.model import read_model
        from realtime_nst.runtime.networks import Networks
        from realtime_nst.spec import Part

        networks = Networks("cpu")
        network = networks.open(read_model(entry.path), networks.provider())
        picture = next(e for e in read_installed().entries if e.picture)
        return network.code([Part(str(picture.folder / picture.picture))])[0]
    return None


async def measure(provider, sizes, only):
    worst = (0.0, 0)
    with tempfile.TemporaryDirectory() as work:
        site = write_page(Path(work, "site"))
        offered = json.loads((site / "styles.json").read_text())["networks"]
        async with (
            web_factory.giving_out(site) as (url, *_),
            browser.chromium(Path(work, "profile"), Path("/dev/null"), gpu=True) as page,
        ):
            await page.open(url + f"?engine={provider}")
            await page.evaluate(_LISTEN)
            await web_factory.open_networks(page, provider)
            for entry in read_installed().entries:
                if entry.name not in offered or (only and entry.name not in only):
                    continue
                file = offered[entry.name]["file"]
                placed = await page.evaluate(f"{_PLACED}('{file}')")
                code = code_of(entry, np.random.default_rng(0))
                for width, height in sizes:
                    image = SyntheticSource(width=width, height=height, frames=1).picture(0)
                    here = await web_factory.painted(page, entry.name, image, code)
                    there = web_factory.wanted(entry.path, image, code)
                    off = np.abs(here.astype(int) - there)
                    worst = max(worst[0], off.mean()), max(worst[1], int(off.max()))
                    print(
                        f"{provider:7} {entry.name:24} {width}x{height}: mean {off.mean():.4f}, "
                        f"most {off.max()}; {'; '.join(placed)}",
                        flush=True,
                    )
    print(f"{provider}: worst mean {worst[0]:.4f}, worst of all {worst[1]} grey levels")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--provider", choices=("wasm", "webgpu"), default="wasm")
    parser.add_argument("--sizes", default="320x240,136x104,640x480")
    parser.add_argument("--network", action="append")
    given = parser.parse_args()
    sizes = [tuple(map(int, size.split("x"))) for size in given.sizes.split(",")]
    browser.PATIENCE = 600.0
    asyncio.run(measure(given.provider, sizes, given.network))


if __name__ == "__main__":
    main()
