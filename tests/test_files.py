"""Files written whole or not at all, created exclusively, and locked."""

import hashlib
import os
import subprocess
import sys
from contextlib import suppress

import pytest

from realtime_nst.files import LockedFile, digest, is_regular, nearest, write_whole


def test_a_file_appears_whole(tmp_path):
    path = tmp_path / "a"
    path.write_text("old")
    with write_whole(path) as unfinished:
        unfinished.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == ["a"]


def test_a_similar_name_is_of_the_same_kind(tmp_path):
    for name in ("film.jpg", "film1.mov", "film.txt"):
        (tmp_path / name).touch()
    assert nearest(tmp_path / "film.mp4") == "; did you mean 'film1.mov'?"
    assert nearest(tmp_path / "film.png") == "; did you mean 'film.jpg'?"
    assert "has no such name" in nearest(tmp_path / "film.onnx")


def test_an_error_leaves_what_was_there(tmp_path):
    path = tmp_path / "a"
    path.write_text("old")
    with suppress(ValueError), write_whole(path) as unfinished:
        unfinished.write_text("ne")
        raise ValueError
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a"]


def test_a_link_is_replaced_and_what_it_points_to_is_not(tmp_path):
    target, path = tmp_path / "target", tmp_path / "a"
    target.write_text("old")
    path.symlink_to(target)
    with write_whole(path) as unfinished:
        unfinished.write_text("new")
    assert target.read_text() == "old"
    assert is_regular(path)


def test_permissions_are_those_of_any_new_file(tmp_path):
    (tmp_path / "plain").touch()
    with write_whole(tmp_path / "a"):
        pass
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_digest_is_of_the_contents(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert digest(tmp_path / "a") == hashlib.sha256(b"abc").hexdigest()


@pytest.mark.parametrize("make", [os.symlink, os.link, None])
def test_nothing_may_be_there_when_a_file_is_created(tmp_path, make):
    (tmp_path / "other").write_bytes(b"other")
    path = tmp_path / "a"
    if make:
        make(tmp_path / "other", path)
    else:
        path.symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileExistsError):
        LockedFile(path, create=True)
    assert (tmp_path / "other").read_bytes() == b"other"
    assert not (tmp_path / "nowhere").exists()


def test_a_link_is_not_opened(tmp_path):
    (tmp_path / "other").touch()
    (tmp_path / "a").symlink_to(tmp_path / "other")
    with pytest.raises(OSError, match="a"):
        LockedFile(tmp_path / "a")
    assert not is_regular(tmp_path / "a")


def test_a_lock_holds_against_this_process_and_others_until_it_is_released(tmp_path):
    pytest.importorskip("fcntl")
    path = tmp_path / "a"
    program = f"from realtime_nst.files import *; LockedFile(Path({str(path)!r}))"
    other = [sys.executable, "-c", program]
    with LockedFile(path, create=True):
        path.open("rb").close()
        with pytest.raises(BlockingIOError):
            LockedFile(path)
        assert subprocess.run(other, capture_output=True).returncode != 0
    assert subprocess.run(other).returncode == 0


def test_a_locked_file_that_was_replaced_says_so(tmp_path):
    pytest.importorskip("fcntl")
    path = tmp_path / "a"
    with LockedFile(path, create=True) as locked:
        assert locked.is_in_place
        path.unlink()
        path.touch()
        assert not locked.is_in_place
