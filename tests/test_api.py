"""The library as others use it: the examples of the README and in ``examples`` run, typed."""

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import av
import media_factory
import numpy as np
import pytest
from examples import film, own_parts

import realtime_nst
from realtime_nst import errors
from realtime_nst.runtime import styles

ROOT = Path(__file__).parent.parent
EXAMPLES = Path(__file__).parent / "examples"
PHOTO = 'from realtime_nst import read_picture\nphoto = read_picture("photo.png")\n'

needs_styles = pytest.mark.skipif(not styles.installed(), reason="no styles in weights/")


def of_the_readme():
    """The code of the README, after what it takes for granted."""
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    return PHOTO + code


def frames(path):
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


@needs_styles
def test_the_readmes_example_runs_as_written_and_is_as_steady_as_video(
    cli, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    media_factory.clip(tmp_path / "in.mp4", count=6)
    picture = next(iter(media_factory.pictures(1)))
    realtime_nst.write_picture("photo.png", picture)
    made = {}
    exec(compile(of_the_readme(), "README.md", "exec"), made)
    assert "6 frames" in capsys.readouterr().out
    assert made["painting"].shape == picture.shape
    assert made["painting"].dtype == np.uint8
    code, _, error = cli("video", "in.mp4", "-o", "cli.mp4", "-s", "starry_night", "--strength=0.8")
    assert code == 0, error
    here, there = frames("out.mp4"), frames("cli.mp4")
    assert len(here) == 6
    assert all(np.array_equal(*pair) for pair in zip(here, there, strict=True))


@needs_styles
def test_the_examples_run(tmp_path, capsys):
    clip = media_factory.clip(tmp_path / "in.mp4", count=5)
    for _ in "ab":
        assert film.main(clip, tmp_path / "out.mp4").frames == 5
    assert len(frames(tmp_path / "out again.mp4")) == 5
    assert "great_wave" in film.nearest("great_wav")
    assert film.nearest("great_wave") == ()
    report, images = own_parts.main()
    assert report.frames == len(images) == 4
    assert {image.shape for image in images} == {(48, 64, 3)}


def test_the_examples_are_typed(tmp_path):
    readme = tmp_path / "readme_example.py"
    readme.write_text(of_the_readme())
    checked = [readme, *sorted(EXAMPLES.glob("*.py"))]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--config-file=",
         f"--cache-dir={tmp_path / 'cache'}", *map(str, checked)],
        capture_output=True, text=True, check=False, cwd=ROOT,
        env={**os.environ, "MYPYPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_exception_is_public_and_says_when_it_is_raised():
    raised = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]
    assert len(raised) >= 11
    for kind in raised:
        if kind.__module__ == errors.__name__:
            assert kind.__doc__, kind
            assert kind.__name__ in realtime_nst.__all__
            assert kind.__name__ in errors.__doc__


def test_every_public_thing_is_documented():
    for name in realtime_nst.__all__:
        thing = getattr(realtime_nst, name)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            assert thing.__doc__, name
