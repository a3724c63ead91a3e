"""Pictures that viewers bring to be painted like."""

import asyncio

import aiohttp
import cv2
import model_factory
import numpy as np
import pytest

pytest.importorskip("aiortc", reason="needs the extra serve")

import serve_factory
from serve_factory import LEFT, RIGHT, blend, run, serving, viewing

from realtime_nst.errors import UsageError
from realtime_nst.media.picture_kinds import jpeg_size
from realtime_nst.serve import paintings, uploads
from realtime_nst.serve.paintings import LARGEST, Paintings

GREY = 30


@pytest.fixture(autouse=True)
def installed(tmp_path, monkeypatch):
    serve_factory.install(tmp_path, monkeypatch)


@pytest.fixture
def painter(tmp_path):
    """Adds a painting's mean colour."""
    return str(model_factory.write_painter(tmp_path / "any.onnx"))


def jpeg(grey=GREY, size=(64, 48)):
    width, height = size
    return cv2.imencode(".jpg", np.full((height, width, 3), grey, np.uint8))[1].tobytes()


def bomb(width, height):
    """A progressive JPEG whose header announces what decoding would have to hold in memory."""
    data = cv2.imencode(".jpg", np.zeros((64, 64, 3), np.uint8), [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[
        1
    ].tobytes()
    at = data.index(b"\xff\xc2") + 5
    return data[:at] + height.to_bytes(2) + width.to_bytes(2) + data[at + 4 :]


@pytest.mark.parametrize("progressive", [0, 1])
def test_the_size_is_read_from_the_header_wherever_it_stands(progressive):
    options = [cv2.IMWRITE_JPEG_PROGRESSIVE, progressive]
    data = cv2.imencode(".jpg", np.zeros((30, 70, 3), np.uint8), options)[1].tobytes()
    thumbnail = b"\xff\xe1" + (2 + len(data)).to_bytes(2) + data
    for before in (b"", thumbnail, b"\xff\x01", b"\0\xff\0\xff\xff"):
        picture = data[:2] + before + bomb(9000, 8000)[2:]
        assert jpeg_size(data[:2] + before + data[2:]) == (70, 30)
        assert jpeg_size(picture) == (9000, 8000)
    assert jpeg_size(data[:40]) == jpeg_size(b"\xff\xd8") == (0, 0)


async def bring(url, data, **headers):
    async with (
        aiohttp.ClientSession() as client,
        client.post(f"{url}paintings", data=data, headers=headers) as answer,
    ):
        is_json = answer.content_type == "application/json"
        return answer.status, await answer.json() if is_json else await answer.text()


async def stalled():
    yield jpeg()[:5]
    await asyncio.sleep(serve_factory.PATIENCE)


def lighter(colour):
    return tuple(value + GREY for value in colour)


def test_a_picture_that_is_brought_is_painted_like(painter):
    async def main():
        async with serving(painter=painter) as url, viewing(url) as viewer:
            await viewer.connect()
            status, said = await bring(url, jpeg())
            assert status == 200
            await viewer.wish(style=said["name"])
            await viewer.until_shown(lighter(LEFT), lighter(RIGHT))

    run(main())


def test_pictures_that_are_brought_blend_with_each_other(painter):
    async def main():
        async with serving(painter=painter) as url, viewing(url) as viewer:
            await viewer.connect()
            _, dark = await bring(url, jpeg(0))
            _, light = await bring(url, jpeg(2 * GREY))
            assert dark["blends_in"] == light["blends_in"]
            await viewer.wish(style=blend(0.5, dark["name"], light["name"]))
            await viewer.until_shown(lighter(LEFT), lighter(RIGHT))
            await viewer.wish(style=blend(0.5, dark["name"], "swap"))
            assert "no one network plays" in (await viewer.hear("error"))["message"]

    run(main())


def test_who_did_not_bring_it_is_not_told_of_it(painter):
    async def main():
        async with serving(painter=painter) as url, viewing(url) as viewer:
            _, said = await bring(url, jpeg())
            await viewer.wish(style="no such style")
            assert said["name"] not in (await viewer.hear("error"))["message"]
            async with aiohttp.ClientSession() as client, client.get(f"{url}styles") as answer:
                assert said["name"] not in await answer.text()

    run(main())


def test_pictures_that_are_no_longer_kept_are_named(painter, monkeypatch):
    monkeypatch.setattr(paintings, "_KEPT", 1)

    async def main():
        async with serving(painter=painter) as url, viewing(url) as viewer:
            await viewer.hear("look")
            old, new = [(await bring(url, jpeg(grey)))[1]["name"] for grey in (10, 60)]
            await viewer.wish(style=blend(0.5, old, new))
            refused = await viewer.hear("error")
            assert refused["missing"] == [old]
            assert "choose it again" in refused["message"]
            await viewer.wish(style="no such style")
            assert (await viewer.hear("error"))["missing"] == []

    run(main())


def test_the_page_is_told_whether_pictures_can_be_brought(painter):
    async def offered(**options):
        async with (
            serving(**options) as url,
            aiohttp.ClientSession() as client,
            client.get(f"{url}styles") as answer,
        ):
            return (await answer.json())["paintings"]

    assert run(offered(painter=painter))
    assert not run(offered())


@pytest.mark.parametrize(
    ("data", "status", "said"),
    [
        (b"", 400, "JPEG"),
        (b"hello", 400, "JPEG"),
        (cv2.imencode(".png", np.zeros((64, 64, 3), np.uint8))[1].tobytes(), 400, "JPEG"),
        (jpeg()[:40], 400, "not a picture"),
        (jpeg(size=(1024, 10)), 400, "too thin"),
        (b"\xff\xd8" + bytes(LARGEST), 413, "2 MB"),
        (bomb(20_000, 20_000), 400, "20000x20000 pixels"),
        (bomb(1025, 16), 400, "scale it down to 1024"),
        (jpeg() + 100 * b"\xff\xda\0\2", 400, "scans"),
    ],
)
def test_what_is_no_painting_is_refused_in_a_line(painter, data, status, said):
    async def main():
        async with serving(painter=painter) as url:
            got, answer = await bring(url, data)
            assert got == status
            assert said in answer["message"]
            assert (await bring(url, jpeg()))[0] == 200

    run(main())


def test_another_web_page_cannot_bring_one(painter):
    async def main():
        async with serving(painter=painter) as url:
            assert (await bring(url, jpeg(), Origin="http://elsewhere.example"))[0] == 403

    run(main())


def test_a_client_has_few_pictures_under_way(painter, monkeypatch):
    monkeypatch.setattr(uploads, "SECONDS", 0.5)

    async def main():
        async with serving(painter=painter) as url, asyncio.TaskGroup() as group:
            for _ in range(uploads.MOST):
                group.create_task(bring(url, stalled()))
            await asyncio.sleep(0.1)
            status, said = await bring(url, jpeg())
            assert status == 429
            assert "try again" in said["message"]

    run(main())


def test_a_stalled_upload_holds_up_nobody_and_ends(painter, monkeypatch):
    monkeypatch.setattr(uploads, "SECONDS", 0.5)

    async def main():
        async with serving(painter=painter) as url, asyncio.TaskGroup() as group:
            slow = group.create_task(bring(url, stalled()))
            await asyncio.sleep(0.1)
            assert (await bring(url, jpeg()))[0] == 200
            status, said = await slow
            assert status == 408
            assert "did not arrive" in said["message"]

    run(main())


def test_only_the_last_ones_are_kept_and_none_after_the_end(monkeypatch):
    monkeypatch.setattr(paintings, "_KEPT", 2)
    kept = Paintings()
    names = [kept.add(jpeg(grey)) for grey in (10, 60, 110)]
    assert [name in kept for name in names] == [False, True, True]
    with pytest.raises(UsageError, match="choose it again"):
        kept.path(names[0])
    files = [kept.path(name) for name in names[1:]]
    assert kept.add(jpeg(60)) == names[1]
    kept.close()
    assert not any(path.exists() for path in files)
