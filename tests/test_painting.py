"""Picture files as people have them: rotated, 16-bit, transparent, huge, or not pictures at all."""

import subprocess
import sys

import cv2
import numpy as np
import pytest

from realtime_nst.errors import RealtimeNstError
from realtime_nst.runtime.codes import PAINTING_SIZE, decode_painting, load_painting

RED, BLUE = (200, 20, 20), (20, 20, 200)


def read(path):
    return decode_painting(load_painting(path), str(path), 16)


def halves(width=600, height=400):
    """Red on the left, blue on the right."""
    picture = np.empty((height, width, 3), np.uint8)
    picture[:, : width // 2], picture[:, width // 2 :] = RED, BLUE
    return picture


def write(path, picture):
    channels = [2, 1, 0, 3][: picture.shape[2]]
    cv2.imwrite(str(path), picture[..., channels])
    return path


def deep(folder):
    return write(folder / "deep.png", halves().astype(np.uint16) * 257)


def transparent(folder):
    """Half of it transparent, so that its colour is invisible."""
    picture = np.dstack([halves(), np.full((400, 600), 255, np.uint8)])
    picture[:200, :, 3] = 0
    return write(folder / "clear.png", picture)


def deep_and_transparent(folder):
    picture = np.dstack([halves(), np.full((400, 600), 255, np.uint8)]).astype(np.uint16) * 257
    picture[:200, :, 3] = 0
    return write(folder / "clear.png", picture)


def cmyk(folder):
    image = pytest.importorskip("PIL.Image")
    path = folder / "cmyk.jpg"
    image.fromarray(halves()).convert("CMYK").save(path, quality=95)
    return path


def rotated(folder):
    image = pytest.importorskip("PIL.Image")
    path = folder / "rotated.jpg"
    exif = image.Exif()
    exif[0x0112] = 6  # shown turned by a quarter to the right
    image.fromarray(halves()).rotate(90, expand=True).save(path, quality=95, exif=exif)
    return path


def wide(folder):
    return write(folder / "wide.jpg", halves(20_000, 2_000))


def tiff(folder):
    return write(folder / "picture.tif", halves())


def webp(folder):
    return write(folder / "picture.webp", halves())


@pytest.mark.parametrize("make", [deep, cmyk, rotated, wide, tiff, webp])
def test_comes_as_it_is_seen(tmp_path, make):
    image = read(make(tmp_path))
    height, width = image.shape[:2]
    assert image.dtype == np.uint8
    assert width == PAINTING_SIZE
    assert height == round(PAINTING_SIZE * (0.1 if make is wide else 2 / 3))
    for column, colour in ((width // 4, RED), (3 * width // 4, BLUE)):
        assert np.abs(image[height // 2, column].astype(int) - colour).max() <= 40


@pytest.mark.parametrize("make", [transparent, deep_and_transparent])
def test_what_is_clear_is_white(tmp_path, make):
    image = read(make(tmp_path))
    assert (image[: int(0.45 * len(image))] == 255).all()
    assert np.abs(image[int(0.9 * len(image)), 100].astype(int) - RED).max() <= 1


def test_grey(tmp_path):
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((40, 60), 51, np.uint8))
    assert (read(tmp_path / "grey.png") == 51).all()


def test_a_single_pixel_is_a_flat_painting(tmp_path):
    image = read(write(tmp_path / "dot.png", halves(2, 1)[:, :1]))
    assert image.shape == (PAINTING_SIZE, PAINTING_SIZE, 3)
    assert (image == RED).all()


def _text(folder):
    (folder / "letter.jpg").write_text("Dear Vincent,\n" * 100)
    return folder / "letter.jpg"


def _empty(folder):
    (folder / "empty.jpg").touch()
    return folder / "empty.jpg"


def _cut_off(folder):
    path = tiff(folder)
    path.write_bytes(path.read_bytes()[:60])
    return path


def _thin(folder):
    return write(folder / "thin.png", halves(900, 3))


def _missing(folder):
    write(folder / "hokusai.jpg", halves())
    return folder / "hokusei.jpg"


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (_text, "letter.jpg' is not a picture"),
        (_empty, "empty.jpg' is empty"),
        (_cut_off, "picture.tif' is not a picture, or is damaged"),
        (_thin, "thin.png' is too thin .* 900x3 pixels, 512x2 once scaled, and each side needs 16"),
        (_missing, "there is no picture .*hokusei.jpg'; did you mean 'hokusai.jpg'"),
        (lambda folder: folder, "is a folder; name one picture"),
        (lambda folder: folder / "none" / "a.jpg", "there is no folder"),
    ],
)
def test_what_is_no_painting_is_one_line(tmp_path, make, says):
    path = make(tmp_path)
    with pytest.raises(RealtimeNstError, match=says) as caught:
        read(path)
    assert "\n" not in str(caught.value)


_PEAK = """
import resource, sys
from pathlib import Path
from realtime_nst.runtime.codes import decode_painting, load_painting
data = load_painting(Path(sys.argv[1]))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
decode_painting(data, sys.argv[1], 16)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is counted otherwise here")
def test_a_huge_photo_is_never_in_memory_in_full(tmp_path):
    path = write(tmp_path / "huge.jpg", np.zeros((6000, 20_000, 3), np.uint8))
    said = subprocess.run(
        [sys.executable, "-c", _PEAK, str(path)], capture_output=True, text=True, check=True
    )
    assert int(said.stdout) < 60_000  # KiB; in full it is 352,000
