"""Films that viewers bring: painted by the server, fetched, and removed."""

import asyncio
import errno
import json
import os
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import aiohttp
import cv2
import media_factory
import model_factory
import numpy as np
import psutil
import pytest

pytest.importorskip("aiortc", reason="needs the extra serve")

from serve_factory import get, serving

from realtime_nst.files import LockedFile
from realtime_nst.look import Look
from realtime_nst.serve import child, film_routes, films
from realtime_nst.serve import film as films_film
from realtime_nst.serve.examine import examined
from realtime_nst.serve.film import Film, is_film

PATIENCE = 240.0
"""Seconds. Each film is looked at and painted by processes of their own."""

START = b"\0\0\0\x20ftypisom"
"""Of an MP4 file."""


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """Where films are kept meanwhile."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.fixture(autouse=True)
def not_behind_other_tests(monkeypatch):
    monkeypatch.setattr(child, "NICE", os.nice(0) if os.name == "posix" else 0)


@pytest.fixture
def look(style):
    return Look(str(style), stabilise="off", brush="fine")


@pytest.fixture
def film(tmp_path):
    return media_factory.clip(tmp_path / "holiday.mov", count=10, sound="aac")


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, PATIENCE))


class Page:
    """What a page asks, as JSON where there is some."""

    def __init__(self, url, client):
        self.url, self.client = url, client

    async def ask(self, method, path, **more):
        async with self.client.request(method, f"{self.url}{path}", **more) as answer:
            body = await answer.read()
            is_json = answer.content_type == "application/json"
            return answer.status, json.loads(body) if is_json else body

    async def offer(self, name="holiday.mov", size=1000, **look):
        offered = json.dumps({"name": name, "size": size, "look": look})
        return await self.ask("POST", "films", data=offered)

    async def bring(self, data, name="holiday.mov", **look):
        _, told = await self.offer(name, len(data), **look)
        status, answer = await self.ask("PUT", f"films/{told['key']}", data=data)
        return status, answer, told["key"]

    async def until(self, key, *states):
        while (told := (await self.ask("GET", f"films/{key}"))[1])["state"] not in states:
            await asyncio.sleep(0.05)
        return told


@asynccontextmanager
async def page(look, **options):
    async with serving(look, **options) as url, aiohttp.ClientSession() as client:
        yield Page(url, client)


def kept(folder):
    """The files of films."""
    return [path for path in folder.glob("realtime_nst-films-*/*/*") if path.is_file()]


def test_a_film_is_painted_and_fetched_and_removed(look, film, own_folder, monkeypatch, caplog):
    monkeypatch.setattr(films, "_LOOK_EVERY", 0.05)

    async def main():
        async with page(look) as viewer:
            status, told, key = await viewer.bring(film.read_bytes(), strength=0.5)
            assert (status, told["state"]) == (200, "waiting")
            assert (await viewer.ask("GET", f"films/{key}/result"))[0] == 404
            assert (await viewer.ask("PUT", f"films/{key}", data=b"again"))[0] == 409
            told = await viewer.until(key, "done", "failed")
            assert (told["message"], told["done"], told["total"]) == ("", 10, 10)
            assert told["result"] == "holiday-own.mp4"
            _, picture = await viewer.ask("GET", f"films/{key}/preview")
            assert cv2.imdecode(np.frombuffer(picture, np.uint8), 1).shape == (48, 64, 3)
            assert sorted(path.suffix for path in kept(own_folder)) == [".jpg", ".json", ".mp4"]

            url = f"{viewer.url}films/{key}/result"
            _, part, headers = await get(url, headers={"Range": "bytes=0-9"})
            assert "holiday-own.mp4" in headers["Content-Disposition"]
            assert len(part) == 10
            monkeypatch.setattr(films, "KEPT_WHEN_FETCHED", 0.0)
            _, result = await viewer.ask("GET", f"films/{key}/result")
            painted = own_folder / "result.mp4"
            painted.write_bytes(result)
            while (await viewer.ask("GET", f"films/{key}"))[0] != 404:
                await asyncio.sleep(0.05)
            while kept(own_folder):
                await asyncio.sleep(0.05)
            return painted

    painted = run(main())
    assert not caplog.records
    assert media_factory.times(painted) == media_factory.times(film)
    assert media_factory.packets(painted, "audio") == media_factory.packets(film, "audio")
    assert not list(own_folder.glob("realtime_nst-*"))


def test_what_cannot_be_painted_is_a_line_without_paths_and_the_end_leaves_nothing(
    look, film, tmp_path, own_folder, monkeypatch
):
    monkeypatch.setattr(films_film, "LARGEST_PICTURE", 64 * 48)
    large = media_factory.clip(tmp_path / "large.mp4", count=2, size=(96, 64)).read_bytes()

    async def main():
        async with page(look) as viewer:
            _, _, broken = await viewer.bring(START + bytes(500), "a/../b<i>.mp4")
            _, _, too_large = await viewer.bring(large)
            told = await viewer.until(broken, "failed")
            assert told["name"] == "b<i>.mp4"
            assert "b<i>.mp4 is not a readable video" in told["message"]
            assert str(own_folder) not in told["message"]
            assert "96x64 are too large" in (await viewer.until(too_large, "failed"))["message"]
            _, _, last = await viewer.bring(film.read_bytes())
        assert not list(own_folder.iterdir())  # the server has ended while it was at the last one
        return last

    assert run(main())


def test_a_film_is_told_its_size_kind_and_place_before_it_is_sent(look, monkeypatch):
    async def main():
        async with page(look, films=4, film_size=1) as viewer:
            assert await viewer.offer(size=1_000_001) == (
                413, {"message": "holiday.mov has 1 MB; at most 1 MB"},
            )  # fmt: skip
            for wrong in ({"size": 0}, {"size": -1}, {"size": True}, {"size": "1"}):
                assert (await viewer.offer(**wrong))[0] == 400
            assert "no such" in (await viewer.offer(style="no such"))[1]["message"]
            assert "chosen where" in (await viewer.offer(size=9, network_every=2))[1]["message"]
            _, gone = await viewer.offer(style=f"painting-{32 * '0'}")
            assert gone["missing"] == [f"painting-{32 * '0'}"]
            for odd in (b"", b"[1]", b"{", b"[" * 60_000, bytes((2 << 20) + 1)):
                assert (await viewer.ask("POST", "films", data=odd))[0] == 400
            _, one = await viewer.offer()
            _, two = await viewer.offer()
            status, said = await viewer.offer()
            assert (status, "send holiday.mov afterwards" in said["message"]) == (429, True)
            for key in (one["key"], two["key"]):
                await viewer.ask("DELETE", f"films/{key}")
            monkeypatch.setattr(films, "_SPARE", 1 << 60)
            assert (await viewer.offer())[0] == 507

    run(main())


def test_what_is_painted_ends_with_its_film_and_with_the_server(look, monkeypatch):
    ended = []

    async def look_at(_):
        pass

    async def paint(film):
        try:
            await asyncio.sleep(PATIENCE)
        finally:
            ended.append(film.id)

    monkeypatch.setattr(Film, "look_at", look_at)
    monkeypatch.setattr(Film, "paint", paint)

    async def main():
        async with page(look) as viewer:
            _, _, removed = await viewer.bring(START + bytes(20))
            await viewer.until(removed, "painting")
            assert (await viewer.ask("DELETE", f"films/{removed}"))[0] == 204
            assert ended == [removed]
            _, _, last = await viewer.bring(START + bytes(20))
            await viewer.until(last, "painting")
        assert ended == [removed, last]

    run(main())


def test_a_fault_of_the_program_does_not_leave_a_film_waiting(look, monkeypatch, caplog):
    async def look_at(_):
        raise KeyError("width")

    monkeypatch.setattr(Film, "look_at", look_at)

    async def main():
        async with page(look) as viewer:
            _, _, key = await viewer.bring(START + bytes(20))
            assert (await viewer.until(key, "failed"))["message"] == "it could not be painted"

    run(main())
    assert "KeyError" in caplog.text


def test_an_announcement_may_arrive_in_pieces(look):
    async def pieces():
        yield b'{"name": "a.mp4", '
        await asyncio.sleep(0.05)
        yield b'"size": 9}'

    async def main():
        async with page(look) as viewer:
            status, told = await viewer.ask("POST", "films", data=pieces())
            assert (status, told["name"]) == (201, "a.mp4")

    run(main())


def test_a_full_disk_is_a_refusal_with_a_message(look, own_folder, monkeypatch):
    def save(*_):
        raise OSError(errno.ENOSPC, "No space left on device", str(own_folder))

    monkeypatch.setattr(films.presets, "save", save)

    async def main():
        async with page(look) as viewer:
            message = "the server has no room for the film: No space left on device"
            assert await viewer.offer() == (507, {"message": message})
            assert len(list(own_folder.glob("realtime_nst-films-*/*"))) == 1  # the lock

    run(main())


def test_who_removes_a_film_on_its_way_need_not_send_the_rest(look, own_folder):
    removed = asyncio.Event()

    async def pieces():
        yield START
        await removed.wait()
        yield bytes(20)

    async def main():
        async with page(look) as viewer:
            key = (await viewer.offer())[1]["key"]
            sent = asyncio.create_task(viewer.ask("PUT", f"films/{key}", data=pieces()))
            while not any(path.name == "film" for path in kept(own_folder)):
                await asyncio.sleep(0.01)
            assert (await viewer.ask("DELETE", f"films/{key}"))[0] == 204
            removed.set()
            status, said = await sent
            assert (status, "was removed" in said["message"]) == (410, True)
            assert not kept(own_folder)

    run(main())


def test_the_disk_has_room_for_all_films_that_were_announced(look, monkeypatch):
    free = films._SPARE + 3 * 1500
    monkeypatch.setattr(films.shutil, "disk_usage", lambda _: SimpleNamespace(free=free))

    async def main():
        async with page(look) as viewer:
            answers = await asyncio.gather(viewer.offer(), viewer.offer())
            assert sorted(status for status, _ in answers)[-1] == 507
            for _, answer in answers:
                if "key" in answer:
                    await viewer.ask("DELETE", f"films/{answer['key']}")
            assert (await viewer.offer())[0] == 201

    run(main())


def test_films_of_one_client_leave_room_for_others(look, monkeypatch):
    addresses = iter(f"192.0.2.{n}" for n in range(100))
    monkeypatch.setattr(film_routes, "client_of", lambda _: next(addresses))

    async def main():
        async with page(look, films=3) as viewer:
            assert [(await viewer.offer())[0] for _ in range(4)] == [201, 201, 201, 429]

    run(main())


@pytest.mark.parametrize(
    ("data", "status", "said"),
    [
        (b"#EXTM3U\n#EXTINF:1,\nfile:///home/me/film.mp4\n", 415, "not a film of a kind"),
        (b"ffconcat version 1.0\nfile film.mp4\n", 415, "not a film of a kind"),
        (b"G" + b"\nv=0\nc=IN IP4 127.0.0.1\n" * 20, 415, "not a film of a kind"),
        (b"\x89PNG\r\n\x1a\n" + bytes(500), 415, "not a film of a kind"),
        (START + bytes(2000), 413, "larger than the page said"),
        (START + bytes(20), 400, "did not arrive whole"),
    ],
    ids=["playlist", "list", "session", "picture", "longer", "shorter"],
)
def test_what_is_no_film_or_not_as_announced_is_not_kept(look, own_folder, data, status, said):
    async def main():
        async with page(look) as viewer:
            size = len(data) if status == 415 else 1000
            key = (await viewer.offer(size=size))[1]["key"]
            found, answer = await viewer.ask("PUT", f"films/{key}", data=data)
            assert (found, said in answer["message"]) == (status, True)
            assert (await viewer.ask("GET", f"films/{key}"))[0] == 404
            assert not kept(own_folder)

    run(main())


def test_who_sends_nothing_more_or_leaves_holds_no_place(look, own_folder, monkeypatch):
    monkeypatch.setattr(film_routes, "SILENT_FOR", 0.3)
    monkeypatch.setattr(films, "BEGINS_WITHIN", 0.3)
    monkeypatch.setattr(films, "_LOOK_EVERY", 0.05)

    async def stalled():
        yield START
        await asyncio.sleep(PATIENCE)

    async def main():
        async with page(look) as viewer:
            key = (await viewer.offer())[1]["key"]
            status, said = await viewer.ask("PUT", f"films/{key}", data=stalled())
            assert (status, "in time" in said["message"]) == (408, True)
            key = (await viewer.offer())[1]["key"]
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await viewer.ask("PUT", f"films/{key}", data=stalled())
            announced = (await viewer.offer())[1]["key"]
            for each in (key, announced):
                while (await viewer.ask("GET", f"films/{each}"))[0] != 404:
                    await asyncio.sleep(0.05)
            while kept(own_folder):
                await asyncio.sleep(0.05)

    run(main())


def test_other_pages_and_those_without_the_token_are_refused(look):
    async def main():
        async with page(look, token="open-sesame") as viewer:
            for method, path in (("POST", "films"), ("PUT", "films/a"), ("GET", "films/a")):
                assert (await viewer.ask(method, path))[0] == 401
            known = {"Authorization": "Bearer open-sesame"}
            assert (await viewer.ask("GET", "films/a", headers=known))[0] == 404
            elsewhere = {**known, "Origin": "http://elsewhere.example"}
            assert (await viewer.ask("POST", "films", headers=elsewhere))[0] == 403
            for path in ("films/..%2f..%2fetc%2fpasswd", "films/%2e%2e/result", "films/"):
                assert (await viewer.ask("GET", path, headers=known))[0] == 404

    run(main())


def test_a_server_may_take_none(look):
    async def main():
        async with page(look, films=0) as viewer:
            _, told = await viewer.ask("GET", "styles")
            assert told["films"]["most"] == 0
            assert (await viewer.offer())[0] == 404

    run(main())


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv", "a.avi", "a.ts", "a.mpg"])
def test_usual_films_are_known_by_their_beginning(tmp_path, name):
    codec = {"a.mpg": "mpeg2video"}.get(name, "libx264")
    assert is_film(media_factory.clip(tmp_path / name, count=3, codec=codec).read_bytes()[:256])


def test_other_kinds_are_not_painted_whatever_their_beginning(tmp_path):
    path = media_factory.clip(tmp_path / "a.nut", count=3)
    assert "no film of a usual kind" in examined(path)["message"]
    for name in ("a.webm", "a.flv", "a.wmv", "a.ts"):
        codec = {"a.webm": "vp8", "a.wmv": "mpeg4"}.get(name, "libx264")
        path = media_factory.clip(tmp_path / name, count=3, codec=codec)
        assert examined(path)["width"] == 64


@pytest.mark.skipif(os.name != "posix", reason="priorities are others there")
def test_the_painting_process_is_behind_everything_else(look, film, monkeypatch):
    """And no setting of whoever has started the server reaches it."""
    monkeypatch.setattr(child, "NICE", min(19, os.nice(0) + 3))

    def own(nice=None):
        found = [p for p in psutil.Process().children() if "realtime_nst" in str(p.cmdline())]
        return [p for p in found if nice in (None, p.nice())]

    async def main():
        async with page(look) as viewer:
            _, _, key = await viewer.bring(film.read_bytes())
            while not (found := own(child.NICE)):
                await asyncio.sleep(0.01)
            assert found[0].environ()["REALTIME_NST_CONFIG"] == os.devnull
            assert (await viewer.ask("DELETE", f"films/{key}"))[0] == 204
            assert (await viewer.ask("GET", f"films/{key}"))[0] == 404
            assert not own()

    run(main())


def test_the_picture_to_paint_like_goes_with_the_film(tmp_path, own_folder, monkeypatch):
    from realtime_nst.serve import paintings

    monkeypatch.setattr(paintings, "_KEPT", 1)
    painter = str(model_factory.write_painter(tmp_path / "any.onnx"))
    style = str(model_factory.write_style(tmp_path / "s.onnx", card=model_factory.card()))

    def jpeg(grey):
        return cv2.imencode(".jpg", np.full((48, 64, 3), grey, np.uint8))[1].tobytes()

    async def main():
        async with page(Look(style, painter=painter)) as viewer:
            name = (await viewer.ask("POST", "paintings", data=jpeg(30)))[1]["name"]
            _, told = await viewer.offer(style=name, mask="moving", rest=name)
            await viewer.ask("POST", "paintings", data=jpeg(60))
            (preset,) = own_folder.glob("realtime_nst-films-*/*/look.json")
            look = json.loads(preset.read_text())["look"]
            for part in (look["style"], look["rest"]):
                assert (preset.parent / part["file"]).exists()
            assert told["result"] == f"holiday-{name}.mp4"

    run(main())


def test_what_a_killed_server_has_left_is_removed_and_nothing_else(look, own_folder):
    pytest.importorskip("fcntl")
    for name in ("left", "used", "other"):
        (own_folder / f"realtime_nst-films-{name}" / "key").mkdir(parents=True)
    (own_folder / "realtime_nst-films-left" / "lock").touch()

    async def main():
        with LockedFile(own_folder / "realtime_nst-films-used" / "lock", create=True):
            async with page(look):
                pass

    run(main())
    assert {path.name[19:] for path in own_folder.iterdir()} == {"used", "other"}


def test_the_folder_for_films_is_on_a_disk(monkeypatch):
    monkeypatch.delenv("TMPDIR")
    assert films._roomy() in (None, "/var/tmp")
    monkeypatch.setenv("TMPDIR", str(Path.cwd()))
    assert films._roomy() is None
