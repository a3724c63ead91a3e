"""Several films in one command: each is painted, those that cannot be are named, and the same
command goes on."""

import errno
import os
import shutil
import signal
import threading
import time
from pathlib import Path

import cv2
import media_factory
import model_factory
import numpy as np
import pytest

from realtime_nst.errors import UsageError
from realtime_nst.jobs import watch
from realtime_nst.jobs.gather import Found, Gathering
from realtime_nst.jobs.queue import Queue, Task
from realtime_nst.jobs.watch import Watch, is_being_written
from realtime_nst.sinks import segments

HOW = ("--stabilise", "off", "--brush", "fine", "--provider", "cpu")

CODECS = {
    "1.mp4": {"sound": "aac"},
    "2.mov": {"sound": "aac", "tags": True},
    "10.mkv": {"codec": "libx265"},
    "b.webm": {"codec": "libvpx-vp9", "sound": "libopus"},
    "c.avi": {"codec": "mpeg4"},
    "d.ts": {},
    "e.mpg": {"codec": "mpeg2video"},
    "f.m4v": {"subtitles": "mov_text"},
    "g.mp4": {"rotation": 90},
    "h.mkv": {"pts": [0, 1, 5, 6]},
    "i.mp4": {"size": (33, 21), "pixels": "yuv444p"},
    "j.mov": {"codec": "prores_ks", "pixels": "yuv422p10le"},
    "k.3gp": {},
    "l.mkv": {"codec": "ffv1"},
    "m.MP4": {"sound": "aac"},
    "n.mp4": {"cover": True},
}


@pytest.fixture(scope="module")
def made(once):
    """Films of many kinds, of which two are broken, in a folder with other things."""

    def make(folder):
        model_factory.write_style(folder / "tiny.onnx", card=model_factory.card())
        films = folder / "films"
        (films / "more").mkdir(parents=True)
        for name, how in CODECS.items():
            media_factory.clip(films / name, **{"count": 4, **how})
        media_factory.clip(films / "more" / "1.mp4", count=4)
        good = media_factory.clip(films / "more" / "2.mp4", count=40).read_bytes()
        (films / "o.mp4").write_bytes(good[: len(good) // 3])
        (films / "p.mov").write_bytes(b"")
        (films / "._1.mp4").write_bytes(b"resource fork")
        (films / "photo.jpg").write_bytes(b"not looked at")
        (films / "notes.txt").write_text("mine")

    return once("films-of-many-kinds", make)


@pytest.fixture
def films(made, tmp_path):
    """A folder with three films."""
    folder = tmp_path / "films"
    folder.mkdir()
    for name in ("1.mp4", "2.mov", "10.mkv"):
        shutil.copy(made / "films" / name, folder)
    return folder


@pytest.fixture
def paint(cli, made):
    def run(*arguments):
        return cli("video", *arguments, "--style", made / "tiny.onnx", *HOW)

    return run


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def states(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_of_twenty_films_those_that_are_broken_are_named(paint, made, tmp_path):
    out = tmp_path / "out"
    code, said, err = paint(made / "films", "-r", "-o", out)
    assert code == 1, err
    assert "18 of 20 films painted" in said
    assert f"2 failed: {made / 'films' / 'o.mp4'}, {made / 'films' / 'p.mov'}" in said
    assert "o.mp4 is not a readable video" in err
    assert "p.mov is empty" in err
    assert "._1.mp4 (hidden)" in err
    assert "photo.jpg (a picture)" in err
    order = [Path(line.split(":")[0]).name.split("-")[0] for line in said.splitlines()[:-1]]
    assert order[:4] == ["1", "2", "10", "b"]
    results = names(out)
    assert len(results) == 18
    assert {"10-tiny.mkv", "c-tiny.mp4", "m-tiny.MP4", "more/1-tiny.mp4"} < {*results}
    for source in (made / "films").rglob("*.m*"):
        if source.name[0] in "12gn":
            result = out / source.parent.relative_to(made / "films") / f"{source.stem}-tiny"
            painted = result.with_suffix(source.suffix)
            assert media_factory.times(painted) == media_factory.times(source)

    before = states(out)
    code, said, err = paint(made / "films", "-r", "-o", out)
    assert (code, states(out)) == (1, before)
    assert "18 finished already" in err
    assert "0 of 20 films painted" in said


def test_a_folder_is_painted_into_one_beside_it_and_results_are_never_painted(paint, films):
    assert paint(films)[0] == 0
    there = films.with_name("films-tiny")
    assert names(there) == ["1-tiny.mp4", "10-tiny.mkv", "2-tiny.mov"]
    shutil.copy(there / "1-tiny.mp4", films / "copy.mp4")
    (films / "2.partial.mp4").write_bytes(b"grows")
    code, said, err = paint(films)
    assert (code, len(names(there))) == (0, 3)
    assert "copy.mp4 (painted already)" in err
    assert "2.partial.mp4 (unfinished)" in err
    assert "all 3 films are finished" in said


def test_a_result_is_finished_by_its_own_word_wherever_it_lies(paint, films, tmp_path):
    """One that was painted alone counts, whatever its name was; another look does not."""
    out = tmp_path / "out"
    out.mkdir()
    assert paint(films / "1.mp4", "-o", tmp_path / "alone.mp4")[0] == 0
    (tmp_path / "alone.mp4").rename(out / "1-tiny.mp4")
    code, said, err = paint(films, "-o", out)
    assert (code, "1 finished already" in err) == (0, True)
    assert "2 of 3 films painted" in said
    before = states(out)
    code, _, err = paint(films, "-o", out, "--strength", "0.5")
    assert (code, states(out)) == (2, before)
    assert "are there already, painted otherwise" in err
    assert "--overwrite" in err
    media_factory.clip(films / "1.mp4", count=6)
    code, _, err = paint(films, "-o", out)
    assert (code, states(out)) == (2, before)
    assert f"{out / '1-tiny.mp4'} is there already" in err
    assert paint(films, "-o", out, "--overwrite")[0] == 0
    assert len(media_factory.times(out / "1-tiny.mp4")) == 6
    changed = [path.name for path in before if states(out)[path] != before[path]]
    assert changed == ["1-tiny.mp4"]


def test_names_that_collide_are_told_before_any_work(paint, films, tmp_path):
    (films / "in").mkdir()
    shutil.copy(films / "1.mp4", films / "in" / "1.mp4")
    code, _, err = paint(films / "1.mp4", films / "in" / "1.mp4", "-o", tmp_path / "out")
    assert code == 2
    assert "1.mp4 would both become" in err
    assert not (tmp_path / "out").exists()
    assert paint(films, "-r", "-o", tmp_path / "out")[0] == 0
    assert "in/1-tiny.mp4" in names(tmp_path / "out")


def test_the_same_film_twice_is_painted_once(paint, films, tmp_path):
    (films / "link.mp4").symlink_to(films / "1.mp4")
    code, said, _ = paint(films / "1.mp4", films / "1.mp4", films, "-o", tmp_path)
    assert (code, "3 of 3 films painted" in said) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("{films}", "{films}/none.mp4"), "none.mp4 does not exist"),
        (("{films}/*.xyz",), "no file is called as"),
        (("{films}", "-"), "- is painted by a command of its own"),
        (("{films}", "https://a.example/b.mp4?c=1"), "is painted by a command of its own"),
        (("{films}", "-o", "{films}/all.mp4"), "several films go to a folder; give -o all/"),
        (("{films}", "-o", "-"), "name a folder for several"),
        (("{films}/1.mp4", "--watch"), "--watch looks into a folder"),
        (("{films}/empty", "-r"), "there is no film to paint"),
        (("{films}/empty", "--watch", "-o", "a.mp4"), "give -o a/"),
        (("{films}", "--mask", "none.png"), "none.png"),
    ],
)
def test_what_cannot_be_is_told_before_any_work(paint, films, arguments, said):
    (films / "empty").mkdir()
    before = states(films.parent)
    code, out, err = paint(*(each.format(films=films) for each in arguments))
    assert (code, out) == (2, "")
    assert said in err
    assert states(films.parent) == before


def test_a_pattern_that_no_shell_has_replaced_names_films(paint, films, tmp_path):
    code, said, err = paint(films / "1*.m*", "-o", f"{tmp_path}/my.films/")
    assert (code, "2 of 2 films painted" in said) == (0, True), err
    assert names(tmp_path / "my.films") == ["1-tiny.mp4", "10-tiny.mkv"]


def test_pictures_alone_are_still_one_film(paint, films, tmp_path):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number in range(3):
        cv2.imwrite(str(pictures / f"{number}.png"), np.full((48, 64, 3), 80, np.uint8))
    assert paint(pictures)[0] == 0
    assert len(media_factory.times(tmp_path / "pictures-tiny.mp4")) == 3
    code, said, _ = paint(pictures, films / "1.mp4", "-o", tmp_path / "out")
    assert (code, "2 of 2 films painted" in said) == (0, True)
    assert names(tmp_path / "out") == ["1-tiny.mp4", "pictures-tiny.mp4"]


def test_a_queue_that_was_stopped_goes_on(paint, films, tmp_path, stop_at):
    out = tmp_path / "out"
    stop_at(6, signal.SIGTERM)
    code, _, err = paint(films, "-o", out)
    assert code == 143
    assert "stopped; 1 of 3 films painted" in err
    assert "the same command goes on" in err
    before = states(out)
    assert (out / "1-tiny.mp4") in before
    assert not (out / "10-tiny.mkv").exists()
    code, said, err = paint(films, "-o", out)
    assert (code, "2 of 3 films painted" in said) == (0, True), err
    assert names(out) == ["1-tiny.mp4", "10-tiny.mkv", "2-tiny.mov"]
    assert states(out)[out / "1-tiny.mp4"] == before[out / "1-tiny.mp4"]


def test_ctrl_c_finishes_the_film_and_ends_the_queue(paint, films, tmp_path, stop_at):
    out = tmp_path / "out"
    stop_at(6, signal.SIGINT)
    code, _, err = paint(films, "-o", out)
    assert code == 130
    assert "finishing this film first; press Ctrl-C again to stop at once" in err
    assert "stopped; 2 of 3 films painted" in err
    assert names(out) == ["1-tiny.mp4", "2-tiny.mov"]
    code, said, _ = paint(films, "-o", out)
    assert (code, "1 of 3 films painted" in said) == (0, True)


def test_ctrl_c_in_the_last_film_leaves_nothing_to_stop(paint, films, tmp_path, stop_at):
    stop_at(10, signal.SIGINT)
    code, said, err = paint(films, "-o", tmp_path / "out")
    assert (code, "3 of 3 films painted" in said) == (0, True), err
    assert "finishing this film first" in err
    assert "stopped" not in err


def test_a_full_disk_ends_the_queue_and_the_same_command_goes_on(
    paint, films, tmp_path, monkeypatch
):
    copy, out = segments.Muxer.copy, tmp_path / "out"

    def full(self, parts):
        if parts[0].path.suffix == ".mov":
            raise OSError(errno.ENOSPC, "No space left on device")
        return copy(self, parts)

    with monkeypatch.context() as patch:
        patch.setattr(segments.Muxer, "copy", full)
        code, said, err = paint(films, "-o", out)
    assert code == 1
    assert "no space left" in err
    assert "the disk is full" in said
    assert "1 of 3 films painted" in said
    assert not (out / "10-tiny.mkv").exists()
    code, said, _ = paint(films, "-o", out)
    assert (code, "2 of 3 films painted" in said) == (0, True)


def test_a_defect_in_one_film_does_not_cost_the_others(paint, films, tmp_path, monkeypatch):
    from realtime_nst.jobs.film import Video

    def index(self, span):
        if self.path.name == "1.mp4":
            raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(Video, "index", index)
    code, said, err = paint(films, "-o", tmp_path / "out")
    assert (code, "2 of 3 films painted" in said) == (1, True)
    assert f"{films / '1.mp4'}: ZeroDivisionError: division by zero" in err


# ---- what appears in a folder -------------------------------------------------------------------


def test_a_film_comes_once_it_is_still(tmp_path):
    """Never while it grows or somebody writes; again when it has changed."""
    now, told = [0.0], []
    film, other = tmp_path / "film.mp4", tmp_path / "other.mp4"

    def slept(seconds):
        now[0] += seconds
        step = now[0] / watch.LOOK_EVERY
        if step < 5:
            film.write_bytes(bytes(int(step)))
        if step == 20:
            film.write_bytes(bytes(1000))
        if step == 40:
            raise KeyboardInterrupt

    def look():
        return [Found(path, tmp_path) for path in sorted(tmp_path.iterdir())]

    def look_at(watched):
        for each in watched:
            told.append((each.path.name, now[0] / watch.LOOK_EVERY))

    film.touch()
    other.write_bytes(b"it was there before")
    watched = Watch(look, lambda: None, print, sleep=slept, clock=lambda: now[0])
    watched.leave_out(other)
    with pytest.raises(KeyboardInterrupt):
        look_at(watched)
    assert told == [("film.mp4", 7), ("film.mp4", 23)]


def test_a_drive_that_is_gone_for_a_while_is_looked_for_again(tmp_path):
    film = tmp_path / "film.mp4"
    film.write_bytes(b"film")
    fails, told, now = [OSError("gone"), UsageError("gone")] * 2, [], [0.0]
    fails.insert(2, None)

    def look():
        if fails and (error := fails.pop()):
            raise error
        return [Found(film, tmp_path)]

    def slept(seconds):
        now[0] += seconds

    watched = Watch(look, lambda: None, told.append, sleep=slept, clock=lambda: now[0])
    assert next(iter(watched)).path == film
    assert [str(error) for error in told] == ["gone", "gone"]


def test_of_what_comes_later_nothing_replaces_a_source_or_another_result(tmp_path):
    """A mark that no file has; all is painted as with --overwrite."""
    painted = []
    queue = Queue(lambda task: "none", painted.append)
    first, same, again, over, plain = [
        Task(tmp_path / source, tmp_path / target)
        for source, target in (
            ("a.avi", "a-tiny.mp4"), ("a.mp4", "A-tiny.mp4"), ("a.avi", "a-tiny.mp4"),
            ("b.mp4", "b-tiny.mp4"), ("c.mp4", "c-tiny.mp4"),
        )
    ]  # fmt: skip
    assert queue.left([first], overwrite=True) == [first]
    queue.keep([tmp_path / "b-tiny.mp4"])
    found = list(queue.run([first, same, again, over, plain]))
    assert painted == [first, again, plain]
    assert [each.state for each in found] == ["painted", "failed", "painted", "failed", "painted"]
    assert "a.avi and" in str(found[1].error)
    assert "which is to be painted itself" in str(found[3].error)


@pytest.mark.skipif(not Path("/proc/self/fdinfo").exists(), reason="needs Linux")
def test_a_file_that_is_open_for_writing_is_not_complete(tmp_path):
    path = tmp_path / "film.mp4"
    with path.open("wb"):
        assert is_being_written(path)
    with path.open("rb"):
        assert not is_being_written(path)


def test_what_is_dropped_into_a_folder_is_painted_until_ctrl_c(
    paint, made, films, tmp_path, monkeypatch
):
    out = films / "painted"
    monkeypatch.setattr(watch, "STILL", 0.2)
    monkeypatch.setattr(watch, "LOOK_EVERY", 0.05)
    assert paint(films / "1.mp4", films / "2.mov", "-o", out)[0] == 0
    before = states(out)

    def until(path):
        end = time.monotonic() + 60
        while not path.exists() and time.monotonic() < end:
            time.sleep(0.05)

    def drop():
        until(out / "10-tiny.mkv")
        data = (made / "films" / "g.mp4").read_bytes()
        with (films / "g.mp4").open("wb") as file:
            for at in range(0, len(data), len(data) // 5):
                file.write(data[at : at + len(data) // 5])
                file.flush()
                time.sleep(0.1)
        (films / "broken.mp4").write_bytes(b"no film")
        until(out / "g-tiny.mp4")
        time.sleep(1)
        os.kill(os.getpid(), signal.SIGINT)

    dropping = threading.Thread(target=drop)
    dropping.start()
    code, said, err = paint(films, "-r", "-o", out, "--watch")
    dropping.join()
    assert code == 1, err
    assert "2 of 5 films painted" in said
    assert "; 2 before; 1 failed:" in said
    assert "waiting for films in" in err
    assert err.count("error:") == 1
    assert {**states(out), **before} == states(out)
    assert names(out) == ["1-tiny.mp4", "10-tiny.mkv", "2-tiny.mov", "g-tiny.mp4"]


def test_a_gathering_goes_round_no_circle_and_knows_our_folders(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "back").symlink_to(tmp_path)
    (tmp_path / "film.mp4.segments").mkdir()
    (tmp_path / "film.mp4.segments" / "job.json").write_text("{}")
    (tmp_path / "film.mp4.segments" / "00000.mp4").write_bytes(b"part")
    (tmp_path / "film.mp4").write_bytes(b"film")
    gathering = Gathering([str(tmp_path)], recursive=True)
    assert [film.path.name for film in gathering()] == ["film.mp4"]
    assert gathering.passed_over[tmp_path / "film.mp4.segments"] == "unfinished"
    with pytest.raises(UsageError, match="does not exist"):
        Gathering([str(tmp_path / "none")])()
