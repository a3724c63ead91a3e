"""What --style says, read without any engine."""

import os
from fractions import Fraction

import pytest

from realtime_nst import spec, values
from realtime_nst.errors import UsageError

_READ = {
    "wave": [("wave", 1)],
    "wave:3": [("wave", 1)],
    "a:0.7,b:0.3": [("a", 0.7), ("b", 0.3)],
    "a:7,b:3": [("a", 0.7), ("b", 0.3)],
    "a,b": [("a", 0.5), ("b", 0.5)],
    "a:3,b": [("a", 0.75), ("b", 0.25)],
    " a : 1 , b:1": [("a", 0.5), ("b", 0.5)],
    "a:1,b:0": [("a", 1), ("b", 0)],
    "a,b,c,d": [(name, 0.25) for name in "abcd"],
    r"C:\pictures\a.jpg": [(r"C:\pictures\a.jpg", 1)],
    r"C:\a.jpg:3,D:\b.jpg": [(r"C:\a.jpg", 0.75), (r"D:\b.jpg", 0.25)],
    "a.onnx": [("a.onnx", 1)],
    "a:1e1,b:1e1": [("a", 0.5), ("b", 0.5)],
}


@pytest.mark.parametrize("text", _READ)
def test_what_is_said(text):
    read = [(part.name, pytest.approx(part.weight)) for part in spec.parse(text)]
    assert read == _READ[text]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "leaves a name out"),
        ("a,,b", "leaves a name out"),
        (":0.5", "leaves a name out"),
        ("a:-1", "the weight '-1' in 'a:-1' is not valid"),
        ("a:nan,b", "is not valid"),
        ("a:inf,b", "is not valid"),
        ("a:0,b:0", "all weights in 'a:0,b:0' are 0"),
    ],
)
def test_what_cannot_be_is_one_line(text, says):
    with pytest.raises(UsageError, match=says) as caught:
        spec.parse(text)
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(os.name == "nt", reason="Windows allows no colon in a name")
@pytest.mark.parametrize("name", ["a:0.7,b:0.3", "a,b.jpg", "c:2"])
def test_a_file_that_is_there_as_a_whole_is_that_file(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).touch()
    assert spec.parse(name) == (spec.Part(name),)


@pytest.mark.skipif(os.name == "nt", reason="Windows allows no colon in a name")
def test_so_is_a_part_that_is_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c:2").touch()
    assert spec.parse("c:2,d:3") == (spec.Part("c:2", 0.25), spec.Part("d", 0.75))


@pytest.mark.parametrize("blend", ["a,b.jpg:3,c", "c:1,a,b.jpg:3", "c:0.25, a,b.jpg:0.75"])
def test_a_part_may_be_a_file_with_commas(tmp_path, monkeypatch, blend):
    monkeypatch.chdir(tmp_path)
    for name in ("a,b.jpg", "b.jpg"):
        (tmp_path / name).touch()
    read = {part.name: part.weight for part in spec.parse(blend)}
    assert read == {"a,b.jpg": 0.75, "c": 0.25}
    assert len(spec.parse(spec.with_files(blend, os.path.abspath))) == 2


def test_how_it_is_shown():
    assert spec.title("folder/wave.jpg") == "wave"
    assert spec.title("folder/wave.jpg:7,mosaic:3") == "wave 70%, mosaic 30%"
    assert spec.stem("folder/wave.jpg:7,mosaic.png:3") == "wave+mosaic"


def test_paths_hold_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.jpg").touch()
    here = os.path.abspath("a.jpg")
    assert spec.with_files("a.jpg", os.path.abspath) == here
    assert spec.with_files("wave", os.path.abspath) == "wave"
    assert spec.with_files("a.jpg:7,red:3", os.path.abspath) == f"{here}:7,red:3"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90.5", Fraction(181, 2)), ("1:30", 90), ("2:00:01.25", Fraction(28805, 4))],
)
def test_times(text, seconds):
    assert values.parse_time(text) == seconds


@pytest.mark.parametrize("text", ["", "x", "-1", "1:60", "1:60:00", "1:2:3:4", "1:", ".5", "inf"])
def test_what_is_no_time(text):
    with pytest.raises(UsageError, match=r"is not valid; give seconds, as 90 or 90\.5"):
        values.parse_time(text)


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("24", 24),
        ("4", 4),
        ("12.5", Fraction(25, 2)),
        ("29.97", Fraction(30000, 1001)),
        ("23.98", Fraction(24000, 1001)),
        ("60000/1001", Fraction(60000, 1001)),
    ],
)
def test_rates(text, rate):
    assert values.parse_rate(text) == rate


@pytest.mark.parametrize("text", ["", "x", "0", "-1", "1001", "1/0", "inf", "nan"])
def test_what_is_no_rate(text):
    with pytest.raises(UsageError, match="is not valid; give pictures a second"):
        values.parse_rate(text)
