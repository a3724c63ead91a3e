"""Work that needs more memory than there is: refused in one line, before it begins."""

import struct
import zlib

import cv2
import media_factory
import numpy as np
import pytest
from model_factory import card, write_style

from realtime_nst import memory
from realtime_nst.errors import UsageError

LARGE = ("--size", "3000x3000", "--brush", "fine")
"""What is painted at that size."""


@pytest.fixture
def little(monkeypatch):
    """A computer with 100 MiB left."""
    monkeypatch.setattr(memory, "free", lambda: 100 * 2**20)


def picture(path, side):
    cv2.imwrite(str(path), np.zeros((side, side), np.uint8))
    return path


def test_what_does_not_fit_is_named_with_the_remedy(little):
    with pytest.raises(UsageError) as caught:
        memory.require(3 * 2**30, "painting 9x9", "give a smaller --size")
    assert str(caught.value) == (
        "painting 9x9 needs about 3.0 GB of memory, and 100 MB are free; give a smaller --size"
    )
    memory.require(99 * 2**20, "painting 9x9", "")


def test_the_limit_of_a_container_counts(monkeypatch, tmp_path):
    read = "inactive_file 300\nactive_file 200\nanon 9\n"
    for name, text in (("_LIMIT", "5000\n"), ("_USED", "2000\n"), ("_PARTS", read)):
        (tmp_path / name).write_text(text)
        monkeypatch.setattr(memory, name, tmp_path / name)
    assert memory.free() == 3500  # files that were read count as used, and give way
    (tmp_path / "_LIMIT").write_text("max\n")
    assert memory.free() > 3500


def test_a_picture_that_does_not_fit_is_named_and_the_others_are_painted(cli, little, tmp_path):
    style = write_style(tmp_path / "style.onnx", card=card())
    folder = tmp_path / "photos"
    folder.mkdir()
    for name, side in (("a", 8), ("b", 3000), ("c", 8)):
        picture(folder / f"{name}.png", side)
    command = ("-o", tmp_path / "out", "-s", style, "--brush", "fine", "--provider", "cpu")

    code, out, said = cli("image", folder, *command)

    assert code == 1
    assert "2 pictures" in out
    assert said.count("needs about") == 1
    assert "b.png': painting 1536x1536 needs about 315 MB of memory" in said
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.png", "c.png"]
    assert cli("image", folder, *command, "--size", "64", "--overwrite")[0] == 0
    assert cli("image", folder, *command, "--brush", "auto", "--overwrite")[0] == 0


def test_a_giant_picture_is_named_and_the_others_are_painted(cli, tmp_path):
    """400 million pixels, by its header: it is never decoded."""
    style = write_style(tmp_path / "style.onnx", card=card())
    folder = tmp_path / "photos"
    folder.mkdir()
    data = picture(folder / "a.png", 8).read_bytes()
    header = b"IHDR" + struct.pack(">II", 20000, 20000) + data[24:29]
    checked = header + struct.pack(">I", zlib.crc32(header))
    (folder / "b.png").write_bytes(data[:12] + checked + data[33:])
    code, out, said = cli("image", folder, "-o", tmp_path / "out", "-s", style)
    assert code == 1
    assert "1 picture in" in out
    assert "b.png' has 20000x20000 pixels" in said
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.png"]


def test_a_single_picture_that_does_not_fit_is_refused(cli, little, tmp_path):
    style = write_style(tmp_path / "style.onnx", card=card())
    photo, out = picture(tmp_path / "photo.png", 8), tmp_path / "out.png"
    code, _, said = cli("image", photo, "-o", out, "-s", style, *LARGE)
    assert (code, said.count("\n")) == (2, 1)
    assert "give a smaller --size or a larger --brush" in said
    assert not out.exists()


def test_a_film_that_does_not_fit_is_refused_before_it_is_begun(cli, little, tmp_path):
    style = write_style(tmp_path / "style.onnx", card=card())
    clip, out = media_factory.clip(tmp_path / "clip.mp4", count=2), tmp_path / "out.mp4"
    code, _, said = cli("video", clip, "-o", out, "-s", style, *LARGE)
    assert code == 2
    assert said.startswith("error: painting 3000x3000 needs about")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.mp4", "style.onnx"]


def test_training_that_does_not_fit_is_refused_before_it_begins(cli, little, tmp_path):
    pytest.importorskip("torch", reason="needs the extra 'train'")
    photo = picture(tmp_path / "photo.png", 64)
    command = ("--content", tmp_path, "-o", tmp_path / "a.onnx", "--start-from", "none")
    alone, many = ("train", "--style", photo), ("train-any", "--paintings", tmp_path)
    for train, option in ((alone, "--crop"), (many, "--crop"), (many, "--painting-crop")):
        code, _, said = cli(*train, *command, "--batch", "8", option, "512")
        assert code == 2
        assert f"--batch 8 photos at {option} 512 needs about 6.3 GB" in said
        assert f"give a smaller --batch or {option}" in said
        assert not (tmp_path / "a.train").exists()
