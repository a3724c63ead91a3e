"""A headless Chromium with a fake camera, driven through its DevTools protocol."""

import asyncio
import base64
import json
import os
import shutil
import signal
import time
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path

import aiohttp

PROGRAM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
PATIENCE = 60.0

_SWIFTSHADER = (
    "--enable-unsafe-webgpu",
    "--use-webgpu-adapter=swiftshader",
    "--enable-features=Vulkan,WebGPU",
)


@asynccontextmanager
async def chromium(
    folder: Path, clip: Path, *, size: tuple[int, int] = (1280, 900), gpu: bool = False
):
    """A page of ``size`` in a browser whose profile lies in ``folder``; ``clip`` is its camera.
    With ``gpu`` it has WebGPU, computed on the CPU by SwiftShader.

    It finds no host but this one: otherwise it looks up several of its maker's at every start.
    """
    process = await asyncio.create_subprocess_exec(
        str(PROGRAM),
        "--headless=new",
        "--no-sandbox",
        *(_SWIFTSHADER if gpu else ("--disable-gpu",)),
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-default-apps",
        "--disable-sync",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
        "--no-first-run",
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        "--allow-loopback-in-peer-connection",
        f"--use-file-for-fake-video-capture={clip}",
        f"--user-data-dir={folder}",
        "--remote-debugging-port=0",
        f"--window-size={size[0]},{size[1]}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        port = await _port(folder / "DevToolsActivePort", process)
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                target = next(each for each in await answer.json() if each["type"] == "page")
            address = target["webSocketDebuggerUrl"]
            async with session.ws_connect(address, max_msg_size=2**26) as socket:
                page = Page(socket)
                try:
                    yield page
                finally:
                    await page.leave()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def _port(file: Path, process) -> int:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.returncode is None:
        if file.exists() and file.read_text().count("\n"):
            return int(file.read_text().split("\n")[0])
        await asyncio.sleep(0.05)
    raise AssertionError(f"the browser does not start (exit status {process.returncode})")


class Page:
    """The page the browser shows; ``complaints`` are its errors, those of its policies too."""

    def __init__(self, socket):
        self.complaints = []
        self._socket, self._numbers, self._answers = socket, count(1), {}
        self._reading = asyncio.create_task(self._read())

    async def _read(self):
        async for message in self._socket:
            answer = json.loads(message.data)
            if answer.get("id") in self._answers:
                self._answers.pop(answer["id"]).set_result(answer)
            elif "exceptionThrown" in answer["method"] or _is_error(answer):
                self.complaints.append(answer["params"])

    async def leave(self):
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)

    async def command(self, method: str, **parameters):
        number = next(self._numbers)
        answered = self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        answer = await asyncio.wait_for(answered, PATIENCE)
        assert "error" not in answer, answer
        return answer["result"]

    async def open(self, url: str):
        for domain in ("Page", "Runtime", "Log"):
            await self.command(f"{domain}.enable")
        await self.command("Page.navigate", url=url)
        await self.until("document.readyState === 'complete'")

    async def evaluate(self, script: str):
        """What ``script``, an expression or a promise, gives."""
        result = await self.command(
            "Runtime.evaluate",
            expression=script,
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    async def text(self, selector: str) -> str:
        return await self.evaluate(f"document.querySelector({selector!r}).textContent")

    async def click(self, selector: str):
        await self.evaluate(f"document.querySelector({selector!r}).click()")

    async def until(self, script: str, patience: float = PATIENCE):
        """Wait until ``script`` gives something true, and give that."""
        end = time.monotonic() + patience
        while not (value := await self.evaluate(script)):
            assert time.monotonic() < end, f"not within {patience} s: {script}"
            await asyncio.sleep(0.05)
        return value

    async def press(self, key: str):
        for kind in ("keyDown", "keyUp"):
            await self.command("Input.dispatchKeyEvent", type=kind, **_KEYS[key], key=key)

    async def resize(self, width: int, height: int, phone: bool = False):
        await self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=2 if phone else 1,
            mobile=phone,
        )

    async def picture(self, path: Path) -> Path:
        """What the browser shows, as a PNG file."""
        shot = await self.command("Page.captureScreenshot", captureBeyondViewport=False)
        path.write_bytes(base64.b64decode(shot["data"]))
        return path


def _is_error(event) -> bool:
    return event["method"] == "Log.entryAdded" and event["params"]["entry"]["level"] == "error"


_KEYS = {
    "Tab": {"code": "Tab", "windowsVirtualKeyCode": 9},
    "Enter": {"code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"},
    "ArrowRight": {"code": "ArrowRight", "windowsVirtualKeyCode": 39},
    "ArrowLeft": {"code": "ArrowLeft", "windowsVirtualKeyCode": 37},
    "ArrowDown": {"code": "ArrowDown", "windowsVirtualKeyCode": 40},
    "Backspace": {"code": "Backspace", "windowsVirtualKeyCode": 8},
}
