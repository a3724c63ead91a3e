"""Masks as a person types them."""

import cv2
import media_factory
import model_factory
import numpy as np
import pytest

from realtime_nst.sources.video import VideoSource


@pytest.fixture
def style(tmp_path):
    return model_factory.write_style(tmp_path / "tiny.onnx", shift=20, card=model_factory.card())


@pytest.fixture
def other(tmp_path):
    return model_factory.write_style(tmp_path / "other.onnx", shift=40, card=model_factory.card())


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    cv2.imwrite(str(path), np.full((48, 64, 3), 60, np.uint8))
    return path


@pytest.fixture
def mask(tmp_path):
    """The left half."""
    path = tmp_path / "mask.png"
    drawn = np.zeros((48, 64), np.uint8)
    drawn[:, :32] = 255
    cv2.imwrite(str(path), drawn)
    return path


def ends(path):
    """The grey of the left and the right end."""
    picture = cv2.imread(str(path))
    return int(picture[24, 4, 0]), int(picture[24, -4, 0])


def grey(shift=20):
    return int(model_factory.expected(np.full(3, 60, np.uint8), shift)[0])


def test_a_picture_is_painted_within_a_mask_beyond_it_or_both(
    cli, photo, style, other, mask, tmp_path
):
    out = tmp_path / "out.png"
    for options, wanted in (
        ((), (grey(), 60)),
        (("--invert-mask",), (60, grey())),
        (("--rest", other), (grey(), grey(40))),
        (("--mask", "person"), (60, 60)),
        (("--mask", "background"), (grey(), grey())),
    ):
        code, _, said = cli(
            "image", photo, "-o", out, "-s", style, "--mask", mask, *options, "--overwrite"
        )
        assert code == 0, said
        assert ends(out) == wanted
        assert ("found nobody in any picture" in said) == (
            "person" in options or "background" in options
        )


@pytest.mark.parametrize("workers", [(), ("--workers", "1")])
def test_who_is_not_found_is_said_once(cli, style, tmp_path, workers):
    clip, out = tmp_path / "clip.mp4", tmp_path / "out.mp4"
    media_factory.clip(clip)
    code, _, said = cli("video", clip, "-o", out, "-s", style, "--mask", "person", *workers)
    assert code == 0, said
    assert said.count("the mask 'person' found nobody in any picture") == 1


@pytest.mark.parametrize("moving", [False, True])
def test_a_video_is_painted_within_a_mask(cli, style, mask, tmp_path, moving):
    clip, plain, out = (tmp_path / name for name in ("clip.mp4", "plain.mp4", "out.mp4"))
    media_factory.clip(clip)
    cli("video", clip, "-o", plain, "-s", style, "--strength", "0")
    code, _, said = cli(
        "video", clip, "-o", out, "-s", style, "--mask", "moving" if moving else mask
    )
    assert code == 0, said
    assert media_factory.times(out) == media_factory.times(clip)
    with VideoSource(plain) as before, VideoSource(out) as after:
        first, painted = next(iter(before)).image.astype(int), next(iter(after)).image.astype(int)
    apart = np.abs(painted - first).mean(axis=(0, 2))
    assert (apart[40:] < 5).all()
    assert moving == bool((apart[:24] < 5).all())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--mask", "nowhere.png"), "there is no file 'nowhere.png'"),
        (("--mask", "moving"), "pictures do not move"),
        (("--mask", "MASK", "--mask-model", "MASK"), "leave one of them out"),
        (("--rest", "great_wave"), "--rest has no effect without a mask"),
        (("--invert-mask",), "--invert-mask has no effect without a mask"),
        (("--mask-model", "nowhere.onnx"), "there is no file 'nowhere.onnx'"),
        (("--mask-model", "MASK"), "is damaged"),
        (("--mask-model", "STYLE"), "is a style, which finds no subject"),
        (("--mask", "person", "--mask-model", "MASK"), "leave one of them out"),
        (("--mask", "TEXT"), "text.png"),
    ],
)
def test_bad_masks_are_one_line_and_nothing_is_written(
    cli, photo, style, mask, tmp_path, options, said
):
    text = tmp_path / "text.png"
    text.write_text("no picture")
    known = {"MASK": mask, "TEXT": text, "STYLE": style}
    out = tmp_path / "out.png"
    code, _, err = cli("image", photo, "-o", out, "-s", style, *(known.get(o, o) for o in options))
    assert code
    assert said in err
    assert len(err.strip().splitlines()) == 1
    assert not out.exists()
