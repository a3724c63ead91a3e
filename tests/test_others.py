"""What other systems painted, held beside our styles: --results NAME=FOLDER."""

import shutil
from dataclasses import replace
from importlib.util import find_spec

import pytest
from test_cases import TINY, rows_of, settings, with_a_painting

from realtime_nst.bench.case import LeftOut
from realtime_nst.bench.cases import load_cases
from realtime_nst.bench.conditions import conditions_for
from realtime_nst.bench.others import Others, in_all
from realtime_nst.errors import MediaError, UsageError

__all__ = ["settings"]

learning_factory = pytest.importorskip("learning_factory", exc_type=ImportError)
needs_skimage = pytest.mark.skipif(
    not find_spec("skimage"), reason="needs scikit-image, of the extra 'bench'"
)


@pytest.fixture
def photos(tmp_path):
    return learning_factory.write_photos(tmp_path / "photos", 5, (64, 80))


@pytest.fixture
def others(photos, tmp_path):
    """Of a system that paints nothing: three of the photos as they are."""
    folder = tmp_path / "others"
    folder.mkdir()
    for photo in sorted(photos.iterdir())[:3]:
        shutil.copy(photo, folder)
    return folder


@needs_skimage
def test_results_are_a_row_measured_on_the_photos_that_all_have_painted(
    settings, photos, others, tmp_path
):
    asked = with_a_painting(settings, tmp_path)
    asked = replace(asked, photos=photos, results=(f"nobody={others}", f"again={others}"))
    ours, nobody, again = rows_of("quality", asked)
    assert dict(nobody.key) == {"style": asked.styles[0], "network": "nobody"}
    assert nobody.figures == again.figures
    assert {row.figures["measured on"] for row in (ours, nobody)} == {"3 photos"}
    assert nobody.figures["content loss"] == 0
    assert nobody.figures["SSIM"] == 1
    assert 0 < ours.figures["SSIM"] < 1
    assert 0 < nobody.figures["style loss"] != ours.figures["style loss"]
    assert ours.figures.keys() - nobody.figures.keys() == {"median ms", "lowest ms", "highest ms"}


@needs_skimage
def test_several_styles_have_a_mean_for_each_system(settings, photos, others, tmp_path):
    asked = with_a_painting(settings, tmp_path)
    for style in ("known", "tiny"):
        shutil.copytree(others, tmp_path / "both" / style)
    rows = rows_of(
        "quality",
        replace(
            asked,
            styles=(asked.styles[0], settings.styles[0]),
            photos=photos,
            results=(f"nobody={tmp_path / 'both'}",),
        ),
    )
    for first, second, mean in (rows[:3], rows[3:]):
        assert dict(mean.key) == {"style": "mean of 2", "network": first.key["network"]}
        both = first.figures["SSIM"], second.figures["SSIM"]
        assert mean.figures["SSIM"] == pytest.approx(sum(both) / 2)
        assert mean.figures["measured on"] == "3 photos"
        assert not any("ms" in name for name in mean.figures)


@needs_skimage
def test_a_damaged_result_is_named(settings, photos, others, tmp_path):
    (others / "photo01.png").write_bytes(b"not a picture")
    asked = replace(with_a_painting(settings, tmp_path), photos=photos, results=(f"x={others}",))
    (case,) = load_cases(["quality"])
    _, unit = case.units(asked)
    with pytest.raises(MediaError, match=r"photo01\.png"):
        unit.measure(asked, TINY)


def test_without_the_package_of_ssim_photos_are_not_measured(settings, photos, monkeypatch):
    real = find_spec
    monkeypatch.setattr(
        "realtime_nst.packages.find_spec", lambda name: None if name == "skimage" else real(name)
    )
    with pytest.raises(LeftOut, match=r"SSIM needs 'skimage'.*realtime_nst\[bench\]"):
        rows_of("quality", replace(settings, photos=photos))


def test_results_in_several_styles_lie_in_folders_of_their_own(others):
    each = Others.read(f"theirs={others}")
    assert set(each.of("a.onnx", ["a.onnx"])) == {"photo00", "photo01", "photo02"}
    with pytest.raises(UsageError, match=r"'theirs'.*2 styles.*no folder 'a'"):
        each.of("a.onnx", ["a.onnx", "b"])
    for style, photo in (("a", "photo00"), ("b", "photo02")):
        (others / style).mkdir()
        shutil.copy(others / f"{photo}.png", others / style)
    assert set(each.of("a.onnx", ["a.onnx", "b"])) == {"photo00"}
    assert each.of("b", ["b"])["photo02"].parent.name == "b"


def test_results_of_other_photos_are_refused(photos, others):
    for path in others.iterdir():
        path.rename(path.with_name(f"styled-{path.name}"))
    with pytest.raises(UsageError, match=r"no photo of which 'theirs'.*as 'photo00'"):
        in_all(sorted(photos.iterdir()), [Others.read(f"theirs={others}")], ["a"])


@pytest.mark.parametrize(
    ("results", "said"),
    {
        "no name": (["{}"], r"`results`.*has no name; give NAME=FOLDER"),
        "no folder": (["ours=nowhere"], r"there is no folder"),
        "no pictures": (["ours={}/empty"], r"holds no picture"),
        "twice": (["ours={}", "ours={}"], r"two of `results` have the same name"),
    }.values(),
)
def test_results_that_cannot_be_used_are_refused_before_measuring(
    results, said, photos, others, style
):
    (others / "empty").mkdir()
    given = [text.format(others) for text in results]
    with pytest.raises(UsageError, match=said):
        conditions_for([str(style)], ["cpu"], inputs={"results": given, "photos": photos})


def test_results_need_their_photos(others, style):
    with pytest.raises(UsageError, match=r"`results` need the photos"):
        conditions_for([str(style)], ["cpu"], inputs={"results": [f"ours={others}"]})


def test_the_command_takes_results_several_times(cli, style, others):
    code, _, said = cli("bench", "quality", "-s", style, "--results", "a=b", "--results", "c=d")
    assert code == 2
    assert "--results need the photos" in said


def test_what_is_missing_for_lpips_is_said(style, photos):
    told = conditions_for([str(style)], ["cpu"], inputs={"photos": photos}).settings.notice
    assert "squeezenet1_1-b8a52dc0.pth" in told
    assert "`squeezenet_weights`" in told
