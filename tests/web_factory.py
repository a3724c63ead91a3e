"""The page's folder, given out as any web server would, and what its networks paint."""

import base64
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from unittest.mock import patch

import numpy as np
from aiohttp import web
from PIL import Image

from realtime_nst.sources.synthetic import SyntheticSource
from realtime_nst.web import folder as pages
from realtime_nst.web import offered
from realtime_nst.web.libraries import at_hand

LIBRARIES = at_hand()
"""None where nobody has fetched them: tests have no network."""

WITHOUT = "needs the page's libraries (fetch them: realtime-nst page -o DIR)"


def write_site(folder: Path, libraries: Path) -> Path:
    """The page in ``folder``, with ``libraries`` wherever the caches are now, and a small scene to
    begin with."""
    picture = Image.fromarray(SyntheticSource(160, 120, frames=1).picture(0))
    picture.save(scene := BytesIO(), "JPEG")
    with (
        patch.object(pages, "libraries", lambda say: libraries),
        patch.object(offered, "scenes", lambda: (scene.getvalue(), scene.getvalue())),
    ):
        return pages.write_page(folder)


@asynccontextmanager
async def giving_out(folder: Path, *, headers: bool = True, port: int = 0):
    """The address of a server of ``folder``, with or without the headers that threads need; and the
    methods and paths that it was asked for, and the contents it keeps."""
    asked, held = [], {}

    async def answer(request):
        asked.append((request.method, request.path))
        path = folder / (request.path.strip("/") or "index.html")
        if not path.is_file():  # browsers look for an icon beside a file that is no page
            return web.Response(status=204 if path.name == "favicon.ico" else 404)
        kinds = {".mjs": "text/javascript", ".js": "text/javascript", ".wasm": "application/wasm"}
        kinds |= {".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml"}
        kind = {"Content-Type": kinds[path.suffix]} if path.suffix in kinds else {}
        if path not in held:  # a FileResponse would leave threads running
            held[path] = path.read_bytes()
        return web.Response(body=held[path], headers={**kind, **(pages.HEADERS if headers else {})})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    try:
        yield f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}/", asked, held
    finally:
        await runner.cleanup()


_OPEN = """(async () => {
  const { engines } = await import("/painting/engine.js");
  const { Networks } = await import("/painting/networks.js");
  const offered = await (await fetch("/styles.json")).json();
  const [engine] = await engines("PROVIDER");
  globalThis.networks = new Networks(engine, offered, new URL("/", location.href));
  globalThis.bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  globalThis.text = (array) => {
    let all = "";
    const data = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    for (let at = 0; at < data.length; at += 4096) {
      all += String.fromCharCode(...data.subarray(at, at + 4096));
    }
    return btoa(all);
  };
  return engine.provider;
})()"""


async def open_networks(page, provider: str):
    """Open the page's networks on ``provider``, in the page itself."""
    assert await page.evaluate(_OPEN.replace("PROVIDER", provider)) == provider


async def painted(page, name: str, image, code=None):
    """What the network ``name`` paints of ``image`` in the page."""
    height, width = image.shape[:2]
    given = "null"
    if code is not None:
        given = f"new Float32Array(bytes('{text(code)}').buffer)"
    made = await page.evaluate(
        f"networks.paint('{name}', bytes('{text(image)}'), {width}, {height}, {given}).then(text)"
    )
    return np.frombuffer(base64.b64decode(made), np.uint8).reshape(image.shape)


async def enlarged(page, painted, size):
    """``painted`` with the width and height ``size``, as the page enlarges it."""
    small, large = (f"{{ width: {w}, height: {h} }}" for w, h in (painted.shape[1::-1], size))
    made = await page.evaluate(
        "import('/painting/enlarge.js').then(({ enlarged }) => "
        f"text(enlarged(bytes('{text(painted)}'), {small}, {large})))"
    )
    return np.frombuffer(base64.b64decode(made), np.uint8).reshape(*size[::-1], 3)


def text(array) -> str:
    """Its bytes, as ``bytes()`` in the page reads them."""
    return base64.b64encode(array.tobytes()).decode()


def wanted(path: Path, image, code=None):
    """The same on ONNX Runtime's CPU provider, in float32, of the file at ``path`` as it is."""
    from realtime_nst.runtime.onnxruntime_session import engine

    session = engine().InferenceSession(str(path), providers=["CPUExecutionProvider"])
    given = {"frame": image[None]}
    if code is not None:
        given |= {"code": code[None], "strength": np.ones(1, np.float32)}
    return session.run(["image"], given)[0][0]
