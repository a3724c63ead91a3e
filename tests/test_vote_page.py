"""The page that asks for votes: its requests, and in a real browser, by keys alone."""

import asyncio
import json
from contextlib import asynccontextmanager

import browser
import pytest
import vote_factory
from vote_factory import SYSTEMS, voting

pytest.importorskip("aiohttp", reason="needs the extra serve")
import aiohttp

from realtime_nst.bench.vote.server import Poll, VoteServer
from realtime_nst.bench.vote.votes import VotesFile, read_votes
from realtime_nst.errors import UsageError
from realtime_nst.serve.access import HEADERS


@pytest.fixture
def gallery(tmp_path):
    return vote_factory.gallery(vote_factory.pictures(tmp_path / "pictures"))


@asynccontextmanager
async def asking(votes_file, gallery):
    async with (
        voting(votes_file, gallery) as (url, poll, votes),
        aiohttp.ClientSession(url) as asks,
    ):
        yield asks, poll, votes


async def state(answer):
    """The status, and what the page is told; None if that is no JSON."""
    async with answer as response:
        told = response.content_type == "application/json"
        return response.status, await response.json() if told else None


def test_a_vote_is_on_the_disk_when_the_page_goes_on(gallery, tmp_path):
    async def vote():
        async with asking(tmp_path / "votes", gallery) as (asks, poll, _):
            _, begun = await state(asks.get("/state"))
            assert begun | {"question": 0} == {
                "answered": 0, "total": 12, "question": 0, "can_undo": False,
            }  # fmt: skip
            asked = poll.current()
            told = {"question": begun["question"], "choice": "right"}
            status, after = await state(asks.post("/votes", json=told))
            assert (status, after["answered"]) == (200, 1)
            assert json.loads((tmp_path / "votes").read_text())["choice"] == "right"
            return asked

    asked = asyncio.run(vote())
    (kept,) = read_votes(tmp_path / "votes", gallery)
    assert (kept.question, kept.winner) == (asked, asked.right)


def test_a_second_answer_to_the_same_question_is_not_kept(gallery, tmp_path):
    async def vote():
        async with asking(tmp_path / "votes", gallery) as (asks, _, votes):
            _, begun = await state(asks.get("/state"))
            told = {"question": begun["question"], "choice": "same"}
            results = [await state(asks.post("/votes", json=told)) for _ in range(2)]
            assert [status for status, _ in results] == [200, 409]
            assert results[0][1] == results[1][1]
            assert len(votes.votes) == 1

    asyncio.run(vote())


def test_undo_asks_the_same_question_again(gallery, tmp_path):
    async def vote():
        async with asking(tmp_path / "votes", gallery) as (asks, poll, votes):
            first = poll.current()
            for _ in range(2):
                assert poll.answer(poll.current().key, "left")
            for _ in range(3):
                _, after = await state(asks.post("/undo", json={}))
            assert after == poll.state()
            assert (after["answered"], after["can_undo"]) == (0, False)
            assert poll.current() == first
            assert votes.votes == []

    asyncio.run(vote())


def test_nothing_that_is_sent_names_a_system(gallery, tmp_path):
    async def look():
        async with asking(tmp_path / "votes", gallery) as (asks, poll, _):
            sent = []
            key = poll.current().key
            pictures = [f"/pictures/{key}/{side}" for side in ("left", "right")]
            for path in ("/", "/page.js", "/page.css", "/state", *pictures):
                async with asks.get(path) as answer:
                    assert answer.status == 200
                    sent.append(await answer.read() + repr(answer.headers).encode())
            return b"".join(sent)

    sent = asyncio.run(look())
    assert not any(name.encode() in sent for name in SYSTEMS)


def test_the_page_is_for_this_computer_and_loads_nothing_from_elsewhere(gallery, tmp_path):
    async def look():
        async with asking(tmp_path / "votes", gallery) as (asks, _, votes):
            async with asks.get("/") as answer:
                assert (
                    answer.headers["Content-Security-Policy"]
                    == (HEADERS["Content-Security-Policy"])
                )
            for strange in ({"Host": "pictures.example"}, {"Origin": "http://pictures.example"}):
                told = {"question": "x", "choice": "left"}
                async with asks.post("/votes", json=told, headers=strange) as answer:
                    assert answer.status == 403
            assert votes.votes == []

    asyncio.run(look())


@pytest.mark.parametrize(
    ("body", "status"),
    {
        "no JSON": ("left", 400),
        "a list": ("[1]", 400),
        "nested": ("[" * 3000, 400),
        "another choice": ('{"question": "a", "choice": "both"}', 400),
        "a list for a choice": ('{"question": "a", "choice": []}', 400),
        "no question": ('{"choice": "left"}', 400),
        "too large": ("x" * 10_000, 413),
    }.values(),
)
def test_what_is_not_a_vote_is_refused_and_not_kept(gallery, tmp_path, body, status):
    async def send():
        async with asking(tmp_path / "votes", gallery) as (asks, _, votes):
            async with asks.post("/votes", data=body) as answer:
                assert answer.status == status
            assert votes.votes == []

    asyncio.run(send())


@pytest.mark.parametrize("path", ["none/left", "{}/both", "{}/..%2F..%2Fvotes", "{}"])
def test_only_the_pictures_asked_about_are_there(gallery, tmp_path, path):
    async def ask():
        async with asking(tmp_path / "votes", gallery) as (asks, poll, _):
            status, _ = await state(asks.get(f"/pictures/{path.format(poll.current().key)}"))
            assert status == 404

    asyncio.run(ask())


def test_a_port_in_use_is_named(gallery, tmp_path):
    async def twice():
        async with voting(tmp_path / "votes", gallery) as (url, poll, _):
            port = int(url.rstrip("/").rpartition(":")[2])
            with pytest.raises(UsageError, match=rf"port {port} is in use.*`port`"):
                async with VoteServer(poll, port):
                    pass

    asyncio.run(twice())


def test_another_run_goes_on_where_the_last_one_ended(gallery, tmp_path):
    with VotesFile(tmp_path / "votes", gallery) as votes:
        poll = Poll(gallery, votes, "")
        asked = [poll.current()]
        poll.answer(asked[0].key, "left")
        asked.append(poll.current())
    with VotesFile(tmp_path / "votes", gallery) as votes:
        assert Poll(gallery, votes, "").current() == asked[1]
        assert Poll(gallery, votes, "another").state()["answered"] == 0


needs_chromium = pytest.mark.skipif(
    browser.PROGRAM is None, reason="needs Chromium (Debian: apt install chromium)"
)
READY = "!document.querySelector('#ask').classList.contains('loading')"


@needs_chromium
def test_the_page_is_answered_by_keys_alone(gallery, tmp_path):
    async def vote():
        async with (
            voting(tmp_path / "votes", gallery) as (url, poll, votes),
            browser.chromium(tmp_path / "profile", tmp_path / "none") as page,
        ):
            await page.open(url)
            await page.until(READY)
            first = poll.current()
            for number, key in enumerate(("ArrowRight", "ArrowDown", "ArrowLeft"), 1):
                await page.press(key)
                await page.until(f"document.querySelector('#count').textContent[0] === '{number}'")
                await page.until(READY)
            assert [vote.choice for vote in votes.votes] == ["right", "same", "left"]
            assert votes.votes[0].question == first
            await page.press("Backspace")
            await page.until("document.querySelector('#count').textContent[0] === '2'")
            await page.until(READY)
            while poll.current():
                before = poll.state()["answered"]
                await page.press("ArrowLeft")
                await page.until(
                    f"!document.querySelector('#count').textContent.startsWith('{before} ')"
                )
                await page.until(f"{READY} || !document.querySelector('#done').hidden")
            assert await page.evaluate("document.activeElement.id") == "undo-last"
            await page.press("Backspace")
            await page.until(f"document.querySelector('#done').hidden && {READY}")
            assert len(votes.votes) == 11
            assert page.complaints == []

    asyncio.run(asyncio.wait_for(vote(), 4 * browser.PATIENCE))


@needs_chromium
@pytest.mark.parametrize("size", [(390, 780), (1280, 800), (800, 390)], ids=str)
def test_both_pictures_and_all_buttons_fit_the_screen(gallery, tmp_path, size):
    async def look():
        async with (
            voting(tmp_path / "votes", gallery) as (url, _, _),
            browser.chromium(tmp_path / "profile", tmp_path / "none") as page,
        ):
            await page.resize(*size, phone=size[0] < 1000)
            await page.open(url)
            await page.until(READY)
            seen = await page.evaluate(
                "[...document.querySelectorAll('img, button')].filter(e => e.offsetParent)"
                ".map(e => e.getBoundingClientRect())"
                ".map(r => [r.left, r.top, r.right, r.bottom, r.width, r.height])"
            )
            assert len(seen) == 4 + 6
            for left, top, right, bottom, width, height in seen:
                assert 0 <= left < right <= size[0] + 1
                assert 0 <= top < bottom <= size[1] + 1
                assert min(width, height) > 20

    asyncio.run(asyncio.wait_for(look(), 4 * browser.PATIENCE))
