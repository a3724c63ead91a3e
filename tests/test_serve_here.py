"""The page that paints in the browser, given out by ``serve``."""

import asyncio

import aiohttp
import pytest

pytest.importorskip("aiortc", reason="needs the extra serve")

import serve_factory
from serve_factory import serving

from realtime_nst.web import libraries, offered


@pytest.fixture(autouse=True)
def installed(tmp_path, monkeypatch):
    serve_factory.install(tmp_path, monkeypatch)
    serve_factory.install_person(tmp_path)
    monkeypatch.setattr(offered, "scenes", lambda: (b"scene", b"painted"))


@pytest.fixture
def fetched(tmp_path, monkeypatch):
    place = tmp_path / "libraries"
    place.mkdir()
    for name in libraries.FILES:
        (place / name).write_text(name)
    monkeypatch.setattr(libraries, "_VENDOR", place)


async def asked(url, *paths, **more):
    async with aiohttp.ClientSession() as session:
        answers = []
        for path in paths:
            async with session.get(url + path, **more) as answer:
                answers.append((answer.status, answer.headers, await answer.read()))
        return answers


def test_the_other_page_may_use_threads_and_knows_the_way_back(fetched):
    async def main():
        async with serving() as url:
            return await asked(url, "here/", "here/styles.json", "here/libraries/mediabunny.mjs")

    (status, headers, page), (_, _, styles), (_, script, _) = asyncio.run(main())
    assert status == 200
    assert b"main.js" in page
    assert headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert "wasm-unsafe-eval" in headers["Content-Security-Policy"]
    assert script["Content-Type"].startswith("text/javascript")
    assert b'"server":"../"' in styles


def test_only_what_belongs_to_it_is_given_out(fetched):
    async def main():
        async with serving() as url:
            paths = ("here/%2e%2e/%2e%2e/etc/passwd", "here/missing.js", "health")
            return await asked(url, *paths)

    *missing, (status, headers, _) = asyncio.run(main())
    assert [each[0] for each in missing] == [404, 404]
    assert status == 200
    assert "wasm" not in headers["Content-Security-Policy"]


def test_it_needs_the_token(fetched):
    async def main():
        async with serving(token="open sesame") as url:
            return await asked(url, "here/", "here/styles.json")

    assert [each[0] for each in asyncio.run(main())] == [401, 401]


def test_without_libraries_there_is_no_way_there(tmp_path, monkeypatch):
    monkeypatch.setattr(libraries, "_VENDOR", tmp_path / "none")

    async def main():
        async with serving() as url:
            return await asked(url, "here/", "styles")

    page, styles = asyncio.run(main())
    assert page[0] == 404
    assert b'"here": false' in styles[2]
