"""A picture of a viewer's becomes a trained style, as it learns."""

import asyncio
import os

import pytest

pytest.importorskip("aiortc", reason="needs the extra serve")

import aiohttp
import browser
import model_factory
import serve_factory
import yarl
from serve_factory import LEFT, RIGHT, painted, run, serving, viewing
from test_serve_browser import _CHOSEN, _DROP, clip, opened, until_shown  # noqa: F401
from test_serve_paintings import bring, jpeg

from realtime_nst.errors import MissingPackage, TrainingError, UsageError
from realtime_nst.serve import lessons
from realtime_nst.serve.lessons import Lessons

TRAINER = """
import json, os, shutil, sys, time

output = sys.argv[sys.argv.index("-o") + 1]
def say(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)
say("started")
"""
VERSIONS = """
for step in (1, 2):
    say("progress", done=50 * step, total=100)
    shutil.copy({style!r}, output)
    say("result", step=step)
"""
FAILS = 'say("error", message="no memory left", kind="MemoryError", exit_code=1); sys.exit(1)'
CHATTERS = """
print("a warning", "[1]", "x" * 100_000, sep="\\n", flush=True)
say("progress", done=os.environ["REALTIME_NST_CONFIG"] == os.devnull, total=1)
say("progress", done="REALTIME_NST_DEVICE" in os.environ, total=1)
"""
WAITS = 'say("progress", done=os.getpid(), total=1); time.sleep(60)'


@pytest.fixture
def trainer(tmp_path, monkeypatch):
    """Has ``work`` done in place of training."""

    def use(work):
        script = tmp_path / "trainer.py"
        script.write_text(TRAINER + work)
        monkeypatch.setattr(lessons, "_COMMAND", (str(script),))

    return use


@pytest.fixture
def bright(tmp_path):
    """A style file, and what trains it at once."""
    path = model_factory.write_style(
        tmp_path / "bright.onnx", shift=90.0, card=model_factory.card("mine")
    )
    return path, VERSIONS.format(style=str(path))


@pytest.fixture
def school():
    school = Lessons()
    yield school
    school.close()


async def taken(school, tmp_path, name="painting-ab"):
    return [now async for now in school.give(name, tmp_path / "picture.png")]


def test_each_version_is_a_style_of_its_own(school, trainer, bright, tmp_path, monkeypatch):
    path, work = bright
    trainer(work)
    found = run(taken(school, tmp_path))
    assert [now.done for now in found] == [0.5, 0.5, 1.0, 1.0]
    versions = [now.style for now in found if now.style]
    assert versions == ["trained-ab-1", "trained-ab-2"]
    assert all(school.path(name).read_bytes() == path.read_bytes() for name in versions)
    monkeypatch.setattr(lessons, "_KEPT", 1)
    run(taken(school, tmp_path))
    assert [f"trained-ab-{n}" in school for n in (1, 2, 3, 4)] == [False, False, False, True]
    with pytest.raises(UsageError, match="choose it again"):
        school.path(versions[0])


def test_what_fails_says_why_and_the_next_one_may_learn(school, trainer, bright, tmp_path):
    trainer(FAILS)
    with pytest.raises(TrainingError, match="no memory left"):
        run(taken(school, tmp_path))
    trainer("sys.exit(3)")
    with pytest.raises(TrainingError, match="without a word"):
        run(taken(school, tmp_path))
    trainer(bright[1])
    assert len(run(taken(school, tmp_path))) == 4


def test_settings_of_the_operator_and_odd_lines_are_none_of_its_business(
    school, trainer, tmp_path, monkeypatch
):
    monkeypatch.setenv("REALTIME_NST_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("REALTIME_NST_DEVICE", "odd")
    trainer(CHATTERS)
    assert [now.done for now in run(taken(school, tmp_path))] == [True, False]


@pytest.mark.skipif(not hasattr(os, "getpriority"), reason="needs priorities of processes")
def test_one_at_a_time_and_it_ends_with_whoever_asked_for_it(school, trainer, tmp_path):
    trainer(WAITS)

    async def main():
        lesson = school.give("painting-ab", tmp_path / "picture.png")
        process = int((await anext(lesson)).done)
        assert os.getpriority(os.PRIO_PROCESS, process) == 19
        with pytest.raises(UsageError, match="for somebody already"):
            await anext(school.give("painting-cd", tmp_path / "other.png"))
        await lesson.aclose()
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)
        await anext(again := school.give("painting-cd", tmp_path / "other.png"))
        await again.aclose()

    run(main())


def test_a_lesson_has_an_end(school, trainer, tmp_path, monkeypatch):
    trainer(WAITS)
    monkeypatch.setattr(lessons, "LONGEST", 1.0)
    assert len(run(taken(school, tmp_path))) <= 1


def test_a_viewer_wears_the_style_that_was_trained(tmp_path, monkeypatch, trainer, bright):
    serve_factory.install(tmp_path, monkeypatch)
    trainer(bright[1])
    painter = str(model_factory.write_painter(tmp_path / "any.onnx"))

    async def main():
        async with serving(painter=painter) as url, viewing(url) as viewer:
            await viewer.connect()
            _, said = await bring(url, jpeg())
            await viewer.say("train", style=said["name"])
            heard = [await viewer.hear("training") for _ in range(5)]
            assert {each["of"] for each in heard} == {said["name"]}
            assert heard[-1]["done"] == 1
            await viewer.wish(style=[each["style"] for each in heard if each["style"]][-1])
            await viewer.until_shown(painted(LEFT, "bright"), painted(RIGHT, "bright"))
            name = [each["style"] for each in heard if each["style"]][-1]
            async with aiohttp.ClientSession() as client:
                async with client.get(f"{url}trained/{name}") as answer:
                    assert await answer.read() == bright[0].read_bytes()
                for unknown in ("trained-ab-9", "..%2Ftrainer.py", f"{name}.onnx"):
                    async with client.get(yarl.URL(f"{url}trained/{unknown}", encoded=True)) as no:
                        assert no.status == 404
            await viewer.say("train", style="painting-of-nobody")
            assert "no longer has this picture" in (await viewer.hear("training"))["message"]

    run(main())


def test_the_page_offers_it_only_where_training_is_installed(tmp_path, monkeypatch):
    serve_factory.install(tmp_path, monkeypatch)

    def missing(*_):
        raise MissingPackage("torch", "train", "training")

    async def minutes():
        async with serving() as url:
            _, text, _ = await serve_factory.get(url + "styles")
            return '"minutes": 0' not in text

    monkeypatch.setattr(lessons, "require", missing)
    assert not asyncio.run(minutes())
    monkeypatch.setattr(lessons, "require", lambda *_: None)
    assert asyncio.run(minutes())


@pytest.mark.skipif(browser.PROGRAM is None, reason="needs Chromium")
def test_the_page_wears_what_was_trained_for_its_picture(
    tmp_path,
    monkeypatch,
    trainer,
    bright,
    clip,  # noqa: F811
):
    serve_factory.install(tmp_path, monkeypatch)
    monkeypatch.setattr(lessons, "require", lambda *_: None)
    trainer(bright[1])
    painter = str(model_factory.write_painter(tmp_path / "any.onnx"))

    async def main():
        async with (
            serving(painter=painter) as url,
            browser.chromium(tmp_path / "profile", clip) as page,
        ):
            await opened(page, url)
            await page.click("#start")
            await until_shown(page, painted(LEFT, "swap"), painted(RIGHT, "swap"))
            assert await page.evaluate("document.querySelector('#training').hidden")
            await page.evaluate(_DROP.replace("WHAT", "picture"))
            await page.until("!document.querySelector('#training').hidden")
            await page.click("#train")
            await until_shown(page, painted(LEFT, "bright"), painted(RIGHT, "bright"))
            assert await page.evaluate(_CHOSEN) == "my dusk"
            await page.until("document.querySelector('#trained').hidden")
            assert await page.text("#message") == "Your style is trained."
            assert not await page.evaluate("document.querySelector('#training').hidden")
            await page.click("#save-style")
            await page.until(
                "document.querySelector('#message').textContent === 'Saved my dusk.onnx'"
            )
            assert not page.complaints

    run(main())
