"""Looks: what they may hold, and their JSON form as presets and as what pages send."""

import json
from dataclasses import dataclass, field, fields, replace

import painter_factory
import pytest

from realtime_nst import presets
from realtime_nst.errors import TargetExists, UnknownName, UsageError
from realtime_nst.look import FlowPreset, KeepColour, Look, Stabilising, View, about
from realtime_nst.motion.flow import FLOW_PRESETS
from realtime_nst.motion.stabiliser import STABILISE_PRESETS
from realtime_nst.runtime.colour import KEEP_COLOUR
from realtime_nst.values import choices_of


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"strength": 1.5}, "strength is a number from 0 to 1, not '1.5'"),
        ({"strength": float("nan")}, "from 0 to 1"),
        ({"strength": True}, "from 0 to 1"),
        ({"strength": "1"}, "from 0 to 1"),
        ({"keep_colour": "matchd"}, "did you mean 'matched'"),
        ({"stabilise": 3}, "choices: light, off, strong"),
        ({"flow": "slwo"}, "did you mean 'slow'"),
        ({"network_every": 0}, "network-every is a whole number from 1 to 1000, not '0'"),
        ({"network_every": 1.5}, "a whole number"),
        ({"style": ""}, "no style given"),
        ({"style": 7}, "a text"),
        ({"size": "big"}, "640x360"),
        ({"size": "99999x99999"}, "each from 1 to 32768"),
        ({"mask": "a.png", "mask_model": "b.onnx"}, "leave one of them out"),
        ({"rest": "udnie"}, "`rest` has no effect without a mask"),
        ({"invert_mask": True}, "`invert_mask` has no effect without a mask"),
        ({"invert_mask": 1, "mask": "moving"}, "true or false"),
        ({"morph_seconds": 0}, "from 0.001"),
    ],
)
def test_a_look_that_cannot_be_names_the_value_and_the_choices(settings, said):
    with pytest.raises(UsageError) as raised:
        Look(**settings)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_view_that_cannot_be_is_refused():
    for wrong in ({"mirror": 1}, {"split": -0.1}, {"split": "half"}, {"mirror": None}):
        with pytest.raises(UsageError):
            View(**wrong)


@pytest.mark.parametrize(
    ("choices", "table", "more"),
    [
        (KeepColour, KEEP_COLOUR, set()),
        (Stabilising, STABILISE_PRESETS, set()),
        (FlowPreset, FLOW_PRESETS, {"auto"}),
    ],
)
def test_the_choices_are_those_of_the_tables(choices, table, more):
    assert set(choices_of(choices)) == set(table) | more


# presets


@pytest.fixture
def folder(tmp_path, monkeypatch):
    painter_factory.install(tmp_path / "weights", monkeypatch)
    folder = tmp_path / "looks"
    folder.mkdir()
    for name, grey in (("a,b.png", 10), ("light.png", 200), ("mask.png", 255)):
        painter_factory.painting(folder / name, (grey, grey, grey))
    return folder


def full(folder):
    return Look(
        style=f"{folder / 'a,b.png'}:0.25,{folder / 'light.png'}:0.75",
        strength=0.5,
        keep_colour="matched",
        stabilise="light",
        flow="slow",
        network_every=2,
        painter="any",
        mask=str(folder / "mask.png"),
        invert_mask=True,
        rest="red:0.5,blue:0.5",
        morph_to=str(folder / "light.png"),
        morph_seconds=3,
        size="120",
    )


def test_a_preset_is_read_back_from_any_folder(folder, tmp_path, monkeypatch):
    look, view = full(folder), View(mirror=True, split=0.25)
    presets.save(folder / "look.json", look, view)
    assert presets.load(folder / "look.json") == (look, view)
    moved = folder.rename(tmp_path / "moved")
    monkeypatch.chdir(tmp_path)
    again, _ = presets.load(moved / "look.json")
    assert again == full(moved)


def test_a_preset_is_readable_and_names_each_file_with_its_digest(folder):
    presets.save(folder / "look.json", full(folder), View())
    saved = json.loads((folder / "look.json").read_text())
    assert saved["version"] == 1
    assert saved["look"].keys() == {each.name for each in fields(Look)}
    first, second = saved["look"]["style"]
    assert (first["file"], first["weight"]) == ("a,b.png", 0.25)
    assert len(second["sha256"]) == 64
    assert saved["look"]["rest"] == [
        {"name": "red", "weight": 0.5},
        {"name": "blue", "weight": 0.5},
    ]
    assert saved["look"]["painter"] == "any"


def test_a_name_stays_a_name_beside_a_file_of_that_name(folder, monkeypatch):
    monkeypatch.chdir(folder)
    (folder / "wave").touch()
    presets.save(folder / "look.json", Look("wave"), View())
    assert json.loads((folder / "look.json").read_text())["look"]["style"] == "wave"


def test_a_preset_with_a_few_settings_leaves_the_others(folder):
    (folder / "few.json").write_text('{"version": 1, "look": {"strength": 0.25}}')
    assert presets.load(folder / "few.json") == (Look(strength=0.25), View())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('{"version": 1, "look": {"mask": "mask.png"}}', "'mask.png' is not installed here"),
        ('{"version": 1, "look": {"style": "light.png"}}', "a page saves no pictures"),
        ('{"version": 1, "look": {"style": "own"}}', "a page saves no pictures"),
        ('{"version": 1, "look": {"style": [{"name": "light.png"}]}}', "is not installed here"),
        ('{"version": 1, "look": {"mask": {"file": "/dev/zero", "sha256": "0"}}}', "not a file"),
        ('{"version": true}', "version True"),
        ("{}", "this is not a look"),
        ("[1]", "this is not a look"),
        ('{"version": 2}', "version 2"),
        ('{"version": 1, "lok": {}}', "did you mean 'look'"),
        ('{"version": 1, "look": []}', "JSON object"),
        ('{"version": 1, "look": {"stile": "wave"}}', "did you mean 'style'"),
        ('{"version": 1, "look": {"strength": "1"}}', "from 0 to 1"),
        ('{"version": 1, "look": {"style": {"file": "none.png", "sha256": "0"}}}', "none.png"),
        ('{"version": 1, "look": {"style": {"file": "light.png", "sha256": "0"}}}', "not the file"),
        ('{"version": 1, "look": {"style": {"file": "light.png"}}}', "a path and a sha256"),
        ('{"version": 1, "look": {"style": [{"name": "red", "weight": -1}]}}', "from 0 up"),
        ('{"version": 1, "look": {"style": [{"name": "red", "weight": true}]}}', "from 0 up"),
        ('{"version": 1, "look": {"style": [{"naem": "red"}]}}', "has a name or a file"),
        ('{"version": 1, "look": {"style": []}}', "no style given"),
        ('{"version": 1, "look": {"style": null}}', "a text"),
        ('{"version": 1, "look": {"strength": {"file": "x", "sha256": "0"}}}', "from 0 to 1"),
        ('{"version": 1, "view": {"mirror": "yes"}}', "true or false"),
    ],
)
def test_what_is_no_preset_is_refused_in_one_line(folder, text, said):
    (folder / "bad.json").write_text(text)
    with pytest.raises(UsageError) as raised:
        presets.load(folder / "bad.json")
    assert said in str(raised.value)
    assert str(raised.value).startswith(str(folder))
    assert "\n" not in str(raised.value)


def test_a_file_that_changed_since_is_named(folder):
    presets.save(folder / "look.json", full(folder), View())
    painter_factory.painting(folder / "mask.png", (9, 9, 9))
    with pytest.raises(UsageError, match=r"mask\.png' is not the file"):
        presets.load(folder / "look.json")


def test_a_preset_is_not_written_over_unless_asked(folder):
    path = folder / "look.json"
    presets.save(path, Look("wave", strength=0.25), View())
    with pytest.raises(TargetExists, match="`overwrite`"):
        presets.save(path, Look("wave"), View())
    presets.save(path, Look("wave", strength=0.75), View(), overwrite=True)
    assert presets.load(path)[0].strength == 0.75
    presets.save(path, presets.load(path)[0], View())
    with pytest.raises(UsageError, match="there is no folder"):
        presets.save(folder / "none" / "look.json", Look("wave"), View())
    with pytest.raises(UsageError, match="is a folder"):
        presets.save(folder, Look("wave"), View())
    with pytest.raises(UsageError, match="there is no such look"):
        presets.load(folder / "none.json")


@pytest.mark.parametrize("name", ["mask.png", "film.mp4", "other.json"])
def test_a_look_replaces_nothing_but_a_look(folder, name):
    (folder / "film.mp4").write_bytes(b"a film")
    (folder / "other.json").write_text("{}")
    before = (folder / name).read_bytes()
    with pytest.raises(UsageError, match="is not a look"):
        presets.save(folder / name, Look("wave"), View(), overwrite=True)
    assert (folder / name).read_bytes() == before


def test_what_is_neither_a_name_nor_a_file_is_not_saved(folder):
    for look in (Look("nope"), Look(mask=str(folder)), Look(painter="nope.onnx")):
        with pytest.raises(UsageError, match="cannot be read for the look"):
            presets.save(folder / "look.json", look, View())
    assert not (folder / "look.json").exists()


def test_a_preset_is_found_through_a_link_to_its_folder(folder, tmp_path):
    deep = tmp_path / "one" / "two" / "three"
    deep.mkdir(parents=True)
    (tmp_path / "link").symlink_to(deep)
    look = Look(str(folder / "light.png"))
    presets.save(tmp_path / "link" / "look.json", look, View())
    assert presets.load(tmp_path / "link" / "look.json")[0] == look
    assert presets.load(deep / "look.json")[0] == look


def test_files_of_settings_given_otherwise_may_be_gone(folder):
    presets.save(folder / "look.json", full(folder), View())
    (folder / "mask.png").unlink()
    assert presets.load(folder / "look.json", unchecked=("mask",))[0] == full(folder)


# what a page sends


def test_a_page_sends_names_and_never_a_path(folder):
    blend = [{"name": "red", "weight": 3}, {"name": "blue", "weight": 1}]
    assert presets.changed(Look(), {"style": blend}).style == "red:3,blue:1"
    for path in ({"file": "/etc/passwd", "sha256": "0"}, [{"file": "/etc/passwd", "weight": 1}]):
        for name in ("style", "rest"):
            with pytest.raises(UsageError, match="a path is not taken here"):
                presets.changed(Look(), {name: path})
    with pytest.raises(UsageError, match="a path is not taken here"):
        presets.changed(Look(), {"mask": {"file": "/etc/passwd", "sha256": "0"}})


def test_what_a_page_is_sent_is_what_it_may_send_back(folder):
    look = Look("red:0.25,blue:0.75", mask="moving", invert_mask=True)
    assert presets.changed(Look(), presets.to_json(look)) == look


# a new setting


@dataclass(frozen=True)
class Bolder(Look):
    gloss: float = field(default=1.0, metadata=about("Size.", "Painting", least=0.25, most=4))


def test_a_new_setting_is_one_field(folder):
    look = Bolder(gloss=2)
    assert presets.to_json(look)["gloss"] == 2
    assert presets.changed(look, {"gloss": 3}).gloss == 3
    with pytest.raises(UsageError, match=r"gloss is a number from 0\.25 to 4"):
        replace(look, gloss=5)
    with pytest.raises(UnknownName):
        presets.changed(Look(), {"gloss": 3})
