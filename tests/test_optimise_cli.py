"""``realtime-nst optimise`` as a person types it, with a tiny random loss network."""

import signal
import sys
import urllib.error
import urllib.request

import cv2
import media_factory
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from learning_factory import write_painting, write_photos, write_vgg19  # noqa: E402

from realtime_nst import memory, packages  # noqa: E402
from realtime_nst.cli import main  # noqa: E402
from realtime_nst.cli.optimise_progress import Snapshots  # noqa: E402
from realtime_nst.media.pictures import read_picture  # noqa: E402


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    folder = tmp_path_factory.mktemp("media")
    white = np.full((64, 64, 3), 255, np.uint8)
    cv2.imwrite(str(folder / "white.png"), white)
    cv2.imwrite(str(folder / "black.png"), white * 0)
    cv2.imwrite(str(folder / "wide.png"), white[:20])
    write_vgg19(folder / "vgg.safetensors")
    write_painting(folder / "painting.png")
    write_photos(folder / "photos", 3, (40, 48))
    cv2.imwrite(str(folder / "thin.png"), np.full((2, 200, 3), 99, np.uint8))
    cv2.imwrite(str(folder / "large.png"), cv2.resize(white, (160, 160)))
    (folder / "text.png").write_text("no picture")
    (folder / "two\nlines.png").write_text("no picture")
    return folder


@pytest.fixture
def optimise(media, capsys, monkeypatch):
    """Runs the command in the folder of ``media``; (exit code, standard output, error)."""

    def run(*arguments, weights="vgg.safetensors", steps=4):
        monkeypatch.chdir(media)
        given = ["--loss-weights", weights] if weights else []
        shown = ["realtime-nst", "optimise", *map(str, arguments), *given, "--steps", str(steps)]
        monkeypatch.setattr(sys, "argv", shown)
        code = main()
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return code, said.out, said.err

    return run


def one_line_error(said):
    lines = [line for line in said.splitlines() if line and not line.startswith("note: ")]
    assert len(lines) == 1, said
    assert lines[0].startswith("error: ")
    return lines[0]


PHOTO = "photos/photo00.png"
STYLE = ("--style", "painting.png")


def test_a_picture_is_painted_and_its_losses_are_said(optimise, media, tmp_path):
    target = tmp_path / "out.png"
    code, out, err = optimise(PHOTO, "--style", "painting.png", "-o", target)
    assert code == 0
    assert "content" in out
    assert "style" in out
    assert err == ""
    photo, result = read_picture(media / PHOTO), read_picture(target)
    assert result.shape == photo.shape
    assert not np.array_equal(result, photo)
    assert [p.name for p in tmp_path.iterdir()] == ["out.png"]


def test_one_picture_goes_into_a_folder_under_its_own_name(optimise, tmp_path):
    assert optimise(PHOTO, "--style", "painting.png", "-o", tmp_path)[0] == 0
    assert [p.name for p in tmp_path.iterdir()] == ["photo00.png"]


def test_the_way_is_kept_every_n_steps_with_a_contact_sheet(optimise, tmp_path):
    target = tmp_path / "out.jpg"
    arguments = (PHOTO, "--style", "painting.png", "-o", target, "--save-every", 2)
    assert optimise(*arguments, steps=5)[0] == 0
    kept = ["out_0000.png", "out_0002.png", "out_0004.png", "out_0005.png"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out.jpg", *kept, "out_steps.jpg"]
    assert read_picture(tmp_path / "out_steps.jpg").shape[1] > 2 * 480
    photo = read_picture(tmp_path / kept[0])
    assert not np.array_equal(photo, read_picture(tmp_path / kept[-1]))
    target.unlink()
    code, _, err = optimise(*arguments)
    assert code == 2
    assert "out_0000.png" in one_line_error(err)
    assert optimise(*arguments, "--overwrite")[0] == 0


@pytest.mark.parametrize("name", ["out_0002.png", "out_0005.png", "out_steps.jpg"])
def test_no_picture_on_the_way_replaces_what_is_there(optimise, tmp_path, name):
    (tmp_path / name).write_bytes(b"mine")
    arguments = (PHOTO, "--style", "painting.png", "-o", tmp_path / "out.png", "--save-every", 2)
    code, _, err = optimise(*arguments, steps=5)
    assert code == 2
    assert name in one_line_error(err)
    assert (tmp_path / name).read_bytes() == b"mine"
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_pictures_that_are_not_on_the_way_are_in_nobodys_way(optimise, tmp_path):
    for name in ("out_0000.png", "out_0001.png", "out_steps.jpg"):
        (tmp_path / name).write_bytes(b"mine")
    assert optimise(PHOTO, "--style", "painting.png", "-o", tmp_path / "out.png")[0] == 0
    for name in ("out_0000.png", "out_steps.jpg"):
        (tmp_path / name).unlink()
    arguments = (PHOTO, "--style", "painting.png", "-o", tmp_path / "out.png", "--save-every", 2)
    (tmp_path / "out.png").unlink()
    assert optimise(*arguments)[0] == 0
    assert (tmp_path / "out_0001.png").read_bytes() == b"mine"


@pytest.mark.parametrize("which", ["content", "painting", "content-mask", "style-mask"])
@pytest.mark.parametrize("name", ["out.png", "out_0000.png", "out_0002.png", "out_steps.jpg"])
def test_no_input_is_written_over_even_when_asked_to(optimise, media, tmp_path, which, name):
    given = dict.fromkeys(("content", "painting", "content-mask", "style-mask"), "painting.png")
    given[which] = tmp_path / name
    given[which].write_bytes((media / "painting.png").read_bytes())
    code, _, err = optimise(
        given["content"], "--style", given["painting"], "--content-mask", given["content-mask"],
        "--style-mask", given["style-mask"], "-o", tmp_path / "out.png", "--save-every", 2,
        "--overwrite",
    )  # fmt: skip
    assert code == 2
    assert name in one_line_error(err)
    assert "input" in one_line_error(err)
    assert given[which].read_bytes() == (media / "painting.png").read_bytes()
    assert len(list(tmp_path.iterdir())) == 1


def test_a_painting_in_the_folder_written_to_is_not_written_over(optimise, media, tmp_path):
    painting = tmp_path / "photo01.png"
    painting.write_bytes((media / "painting.png").read_bytes())
    code, _, err = optimise("photos", "--style", painting, "-o", tmp_path, "--overwrite")
    assert code == 2
    assert "photo01.png" in one_line_error(err)
    assert [p.name for p in tmp_path.iterdir()] == ["photo01.png"]
    assert painting.read_bytes() == (media / "painting.png").read_bytes()


def test_what_is_there_is_not_replaced_unless_asked_for(optimise, tmp_path):
    target = tmp_path / "out.png"
    target.write_bytes(b"mine")
    code, _, err = optimise(PHOTO, "--style", "painting.png", "-o", target)
    assert code == 2
    assert "--overwrite" in one_line_error(err)
    assert target.read_bytes() == b"mine"
    assert optimise(PHOTO, "--style", "painting.png", "-o", target, "--overwrite")[0] == 0
    assert read_picture(target).shape == (40, 48, 3)


def test_a_folder_is_painted_picture_by_picture(optimise, tmp_path):
    code, out, err = optimise("photos", "--style", "painting.png", "-o", tmp_path / "out")
    assert code == 0
    assert "3 pictures" in out
    assert "picture 3 of 3" in err
    assert [p.name for p in sorted((tmp_path / "out").iterdir())] == [
        "photo00.png", "photo01.png", "photo02.png",
    ]  # fmt: skip
    alone = tmp_path / "alone.png"
    assert optimise("photos/photo01.png", "--style", "painting.png", "-o", alone)[0] == 0
    together = tmp_path / "out" / "photo01.png"
    assert np.array_equal(read_picture(together), read_picture(alone)), "it is not a film"


def test_a_picture_too_large_for_the_memory_is_refused(optimise, tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "free", lambda: 2**28)
    target = tmp_path / "out.png"
    code, _, said = optimise("large.png", "--style", "painting.png", "-o", target)
    assert code == 2
    assert "optimising a picture of 160x160 at --longest 512 needs about" in one_line_error(said)
    assert not target.exists()


def test_a_video_keeps_its_times_and_its_sound(optimise, tmp_path):
    clip = media_factory.clip(tmp_path / "clip.mp4", count=3, pts=[0, 1, 4], sound="aac")
    target = tmp_path / "out.mp4"
    code, out, _ = optimise(
        clip, "--style", "painting.png", "-o", target, "--later-steps", 2, "--longest", 48
    )
    assert code == 0
    assert "3 pictures" in out
    assert media_factory.times(target) == media_factory.times(clip)
    assert media_factory.packets(target, "audio") == media_factory.packets(clip, "audio")


def test_a_video_may_become_a_folder_and_a_folder_a_video(optimise, tmp_path):
    clip = media_factory.clip(tmp_path / "clip.mp4", count=2)
    assert optimise(clip, "--style", "painting.png", "-o", tmp_path / "out", steps=1)[0] == 0
    assert len(list((tmp_path / "out").glob("*.png"))) == 2
    assert (
        optimise("photos", "--style", "painting.png", "-o", tmp_path / "out.mp4", steps=1)[0] == 0
    )
    assert len(media_factory.times(tmp_path / "out.mp4")) == 3


def test_styles_are_blended_and_regions_masked(optimise, tmp_path):
    code, _, _ = optimise(
        PHOTO, "--style", "painting.png:2,white.png", "-o", tmp_path / "blend.png",
    )  # fmt: skip
    assert code == 0
    code, _, _ = optimise(
        "painting.png", "--style", "painting.png,white.png", "-o", tmp_path / "masked.png",
        "--content-mask", "white.png", "--content-mask", "painting.png",
        "--style-mask", "white.png", "--style-mask", "white.png",
    )  # fmt: skip
    assert code == 0
    assert len(list(tmp_path.iterdir())) == 2


def press_ctrl_c_at(monkeypatch, step, nth=1):
    seen = [0]

    def keep(self, told):
        seen[0] += told.step == step
        if told.step == step and seen[0] == nth:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Snapshots, "keep", keep)


def test_stopped_a_picture_keeps_what_it_has_become(optimise, media, tmp_path, monkeypatch):
    press_ctrl_c_at(monkeypatch, 3)
    code, _, err = optimise(PHOTO, "--style", "painting.png", "-o", tmp_path / "out.png", steps=9)
    assert code == 130
    assert "stopped at step 3 of 9" in err
    result = read_picture(tmp_path / "out.png")
    assert not np.array_equal(result, read_picture(media / PHOTO))
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("nth", [1, 2])
def test_stopped_a_folder_keeps_its_finished_pictures(optimise, tmp_path, monkeypatch, nth):
    press_ctrl_c_at(monkeypatch, 1, nth)
    code, _, err = optimise("photos", "--style", "painting.png", "-o", tmp_path / "out")
    assert code == 130
    assert ("1 of 3 pictures finished; go on with" if nth == 2 else "nothing was written") in err
    assert len(list(tmp_path.glob("out/*"))) == nth - 1
    assert (tmp_path / "out").exists() == (nth == 2)


def test_stopped_a_video_keeps_its_finished_frames(optimise, tmp_path, monkeypatch):
    clip = media_factory.clip(tmp_path / "clip.mp4", count=4)
    press_ctrl_c_at(monkeypatch, 1, 3)
    code, _, err = optimise(clip, "--style", "painting.png", "-o", tmp_path / "out.mp4", steps=2)
    assert code == 130
    assert "2 pictures finished" in err
    assert len(media_factory.times(tmp_path / "out.partial.mp4")) == 2
    assert not (tmp_path / "out.mp4").exists()
    code, _, err = optimise(clip, "--style", "painting.png", "-o", tmp_path / "out.mp4", steps=2)
    assert code == 2
    assert "start over with --overwrite" in one_line_error(err)


def made(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("film", [False, True])
def test_a_stopped_folder_goes_on_to_the_same_pictures(optimise, tmp_path, monkeypatch, film):
    """Of a film, each frame starts from the one before, which an earlier run painted."""
    content = media_factory.clip(tmp_path / "clip.mp4", count=3) if film else "photos"
    command = (content, "--style", "painting.png", "-o")
    for folder in ("whole", "out"):
        (tmp_path / folder).mkdir()
    assert optimise(*command, tmp_path / "whole", steps=2)[0] == 0
    with monkeypatch.context() as patch:
        press_ctrl_c_at(patch, 1, 2)
        code, _, err = optimise(*command, tmp_path / "out", steps=2)
    assert code == 130
    assert "1 of 3 pictures finished; go on with the same command and --skip-existing" in err
    (first,) = (tmp_path / "out").iterdir()
    stamp = first.stat().st_mtime_ns
    code, out, _ = optimise(*command, tmp_path / "out", "--skip-existing", steps=2)
    assert (code, "2 pictures" in out) == (0, True)
    assert made(tmp_path / "out") == made(tmp_path / "whole")
    assert first.stat().st_mtime_ns == stamp


WRONG = {
    "no such content": (["none.png", *STYLE], "none.png"),
    "no such video": (["none.mp4", *STYLE], "none.mp4"),
    "no such painting": ([PHOTO, "-s", "none.png"], "none.png"),
    "a painting that is text": ([PHOTO, "-s", "text.png"], "text.png"),
    "a content that is text": (["text.png", *STYLE], "text.png"),
    "what is both kept and replaced": (
        [PHOTO, *STYLE, "--skip-existing", "--overwrite"], "give one of them",
    ),
    "an unknown optimiser": ([PHOTO, *STYLE, "--optimiser", "adan"], "'adam'"),
    "an unknown style loss": ([PHOTO, *STYLE, "--style-loss", "gramm"], "'gram'"),
    "a size too small": ([PHOTO, *STYLE, "--longest", "3"], "--longest 3"),
    "an empty part": ([PHOTO, "-s", "painting.png,,white.png"], "leaves a name out"),
    "a share below 0": ([PHOTO, "-s", "painting.png:2,white.png:-1"], "'-1'"),
    "too many masks": (
        [PHOTO, *STYLE, *["--content-mask", "white.png"] * 2], "--content-mask is given 2",
    ),
    "a black mask": (["painting.png", *STYLE, "--style-mask", "black.png"], "black.png"),
    "a mask of another shape": (
        ["painting.png", *STYLE, "--style-mask", "wide.png"], "another shape",
    ),
    "a way of many pictures": (["photos", *STYLE, "--save-every", "2"], "--save-every"),
    "an unknown layer": ([PHOTO, *STYLE, "--content-layers", "relu9_9"], "relu9_9"),
    "a share that is not finite": ([PHOTO, "-s", "painting.png:nan"], "'nan'"),
    "shares without end": ([PHOTO, "-s", "painting.png:inf"], "'inf'"),
    "shares that are all 0": ([PHOTO, "-s", "painting.png:0"], "all weights"),
    "the usage of before": ([PHOTO, "painting.png"], f"optimise {PHOTO} --style painting.png"),
    "no painting": ([PHOTO], "--style painting.jpg"),
    "two contents": ([PHOTO, "white.png", *STYLE], "--style painting.png"),
    "the blend of before": ([PHOTO, "--blend", "2,1", *STYLE], "a.jpg:0.7,b.jpg:0.3"),
    "the size of before": ([PHOTO, "--size", "64", "--style", "white.png"], "--longest"),
    "the start of before": ([PHOTO, "--start", "noise", "--style", "white.png"], "--init"),
    "a weight without end": ([PHOTO, *STYLE, "--style-weight", "inf"], "--style-weight"),
    "a seed too large": ([PHOTO, *STYLE, "--seed", "9" * 20], "--seed"),
    "a painting too large": ([PHOTO, *STYLE, "--style-size", "9" * 9], "--style-size"),
    "a thin painting": ([PHOTO, "-s", "thin.png"], "512x5"),
    "a painting halved too often": (
        ["large.png", *STYLE, "--scales", "3", "--style-size", "32"], "--style-size",
    ),
    "a name of two lines": ([PHOTO, "-s", "two\nlines.png"], "two\\nlines.png"),
    "a content of two lines": (["two\nlines.png", *STYLE], "two\\nlines.png"),
    "too many sizes": ([PHOTO, *STYLE, "--scales", "3"], "--scales"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_what_cannot_be_is_one_line_and_leaves_nothing(optimise, tmp_path, wrong):
    arguments, told = WRONG[wrong]
    code, _, err = optimise(*arguments, "-o", tmp_path / "out.png")
    assert code in (1, 2)
    assert told in one_line_error(err)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("output", ["new/folder/out.png", "new/folder"])
def test_a_run_that_fails_leaves_no_folder(optimise, tmp_path, output):
    code, _, _ = optimise(
        PHOTO, "--style", "painting.png", "--scales", "3", "-o", tmp_path / output
    )
    assert code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_folder_may_be_painted_into_this_one(media, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    arguments = [media / "photos", "--style", media / "painting.png", "-o", ".", "--steps", 1]
    shown = [*map(str, arguments), "--loss-weights", str(media / "vgg.safetensors")]
    monkeypatch.setattr(sys, "argv", ["realtime-nst", "optimise", *shown])
    assert main() == 0
    assert len(list(tmp_path.iterdir())) == 3


def test_help_names_every_style_loss(optimise):
    code, out, _ = optimise("--help", weights=None)
    assert code == 0
    assert all(name in out for name in ("mmd-gaussian", "shifted-gram", "mrf"))


def test_the_input_itself_is_never_written_over(optimise, media):
    before = (media / PHOTO).read_bytes()
    code, _, err = optimise(PHOTO, "--style", "painting.png", "-o", PHOTO, "--overwrite")
    assert code == 2
    assert "itself an input" in one_line_error(err)
    assert (media / PHOTO).read_bytes() == before


def test_the_part_that_was_kept_is_not_written_over_while_it_is_read(optimise, tmp_path):
    clip = media_factory.clip(tmp_path / "out.partial.mp4", count=2)
    before = clip.read_bytes()
    code, _, err = optimise(
        clip, "--style", "painting.png", "-o", tmp_path / "out.mp4", "--overwrite"
    )
    assert code == 2
    assert "out.partial.mp4" in one_line_error(err)
    assert clip.read_bytes() == before


def test_a_picture_without_suffix_is_a_picture(optimise, media, tmp_path):
    (media / "nosuffix").write_bytes((media / PHOTO).read_bytes())
    assert optimise("nosuffix", "--style", "painting.png", "-o", tmp_path)[0] == 0
    assert [p.name for p in tmp_path.iterdir()] == ["nosuffix.png"]


def test_loss_weights_that_are_not_there_are_named(optimise, tmp_path):
    code, _, err = optimise(
        PHOTO, "--style", "painting.png", "-o", tmp_path / "o.png", weights="none.pth"
    )
    assert code == 2
    assert "none.pth" in one_line_error(err)


@pytest.fixture
def offline(monkeypatch):
    def no_network(*_, **__):
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr(urllib.request, "urlopen", no_network)


def test_offline_it_paints_by_the_network_that_comes_with_it(optimise, tmp_path, offline):
    code, _, err = optimise(
        PHOTO, "--style", "painting.png", "-o", tmp_path / "out.png", weights=None
    )
    assert code == 0, err
    assert (tmp_path / "out.png").exists()


def test_offline_the_missing_vgg19_is_one_line(optimise, tmp_path, offline):
    asked = (
        PHOTO,
        "--style",
        "painting.png",
        "-o",
        tmp_path / "out.png",
        "--loss-network",
        "vgg19",
    )
    code, _, err = optimise(*asked, weights=None)
    assert code == 1
    assert "--loss-weights" in one_line_error(err)


def test_without_torch_the_extra_is_named(optimise, tmp_path, monkeypatch):
    monkeypatch.setattr(packages, "find_spec", lambda name: None if name == "torch" else True)
    code, _, err = optimise(PHOTO, "--style", "painting.png", "-o", tmp_path / "out.png")
    assert code == 1
    assert "realtime_nst[train]" in one_line_error(err)


def test_layers_that_gave_way_are_said_once(optimise, media, tmp_path):
    write_vgg19(media / "shallow.safetensors", "3_4")
    code, _, err = optimise(
        "photos",
        "--style",
        "painting.png",
        "-o",
        tmp_path / "out",
        weights="shallow.safetensors",
        steps=1,
    )
    assert code == 0
    assert err.count("used instead: content relu3_4") == 1
