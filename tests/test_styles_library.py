"""The user's library of styles: installed, used everywhere by name, removed."""

import json
import os
import shutil

import cv2
import model_factory
import numpy as np
import painter_factory
import pytest

from realtime_nst import library, presets
from realtime_nst.errors import ModelError, StyleWarning, TargetExists, UnknownName, UsageError
from realtime_nst.files import LockedFile
from realtime_nst.look import Look, View
from realtime_nst.paint import Paint
from realtime_nst.references import fingerprint
from realtime_nst.runtime.player import blends_in, find_player
from realtime_nst.runtime.style_folders import library_folder
from realtime_nst.runtime.styles import read_installed
from realtime_nst.runtime.stylizer import Stylizer


@pytest.fixture(autouse=True)
def weights(tmp_path, monkeypatch):
    monkeypatch.setattr(library, "SCENE", (64, 48))
    return painter_factory.install(tmp_path / "weights", monkeypatch)


@pytest.fixture
def network(tmp_path):
    card = model_factory.card("leger", title="The City", artist="Léger")
    return model_factory.write_style(tmp_path / "leger.onnx", shift=9, card=card)


@pytest.fixture
def picture(tmp_path):
    return painter_factory.painting(tmp_path / "sunset.png", (200, 60, 20))


def names():
    return sorted(path.name for path in library_folder().iterdir() if path.name != ".lock")


def test_an_installed_network_is_a_style_by_its_name(cli, network, tmp_path):
    code, said, _ = cli("styles", "--install", network)
    assert code == 0
    assert "--style leger" in said
    network.unlink()
    photo = painter_factory.painting(tmp_path / "photo.png", (10, 90, 200))
    code, _, error = cli("image", photo, "-o", tmp_path / "out.png", "--style", "leger")
    assert code == 0, error
    wanted = model_factory.expected(cv2.imread(str(photo))[..., ::-1], 9)
    assert np.array_equal(cv2.imread(str(tmp_path / "out.png"))[..., ::-1], wanted)
    _, listed, _ = cli("styles")
    (line,) = (line for line in listed.splitlines() if line.startswith("leger"))
    assert "The City" in line
    assert line.rstrip().endswith("you")
    told = [json.loads(line) for line in cli("styles", "--json")[1].splitlines()]
    assert [(t["name"], t["origin"]) for t in told][:2] == [("leger", "own"), ("wave", "program")]


def test_an_installed_picture_is_played_under_its_name(picture):
    entry = library.install_style(picture, "dusk")
    same = np.full((8, 8, 3), 100, np.uint8)
    assert np.array_equal(Stylizer("dusk")(same), Stylizer(picture)(same))
    assert Stylizer("dusk").card.title == "dusk"
    assert blends_in("dusk") == blends_in(picture) == "pictures"
    blend = find_player(f"dusk:0.5,{picture}:0.5")
    assert [part.name for part in blend.parts] == [str(entry.path), str(picture)]
    assert fingerprint(Look("dusk")) == fingerprint(Look(str(picture)))  # by contents, not by name


def test_a_name_of_a_painter_wins_over_an_installed_picture(picture):
    library.install_style(picture, "scarlet")
    painter = model_factory.write_several(picture.parent / "p.onnx", {"scarlet": (1, 2, 3)})
    assert find_player("scarlet", painter).network == painter


def test_what_lies_beside_a_network_is_taken_along(tmp_path):
    painter = model_factory.write_painter(tmp_path / "mine.onnx", "mine", gain=0.5)
    entry = library.install_style(painter)
    assert entry.encoder_sha256
    shutil.rmtree(tmp_path / "weights")
    (tmp_path / "weights").mkdir()
    shutil.copy(painter, tmp_path / "weights" / "x.onnx")
    black = np.zeros((8, 8, 3), np.uint8)
    sunset = painter_factory.painting(tmp_path / "s.png", (200, 60, 20))
    (tmp_path / "weights" / "manifest.json").write_text('{"styles": []}')
    assert Stylizer(sunset, painter="mine")(black)[0, 0].tolist() == [100, 30, 10]
    assert find_player(sunset).network == entry.path


def test_the_styles_of_an_installed_multi_style_network_are_choices(tmp_path):
    path = model_factory.write_several(
        tmp_path / "two.onnx", {"ochre": (9, 5, 0), "red": (9, 0, 0)}
    )
    library.install_style(path, "two")
    choices = read_installed().choices
    assert choices["ochre"].name == "two"
    assert choices["red"].name == "several"  # that of the program stays
    assert find_player("ochre").network == choices["ochre"].path


def test_without_a_name_a_picture_is_called_as_its_file(picture):
    assert library.install_style(picture).name == "sunset"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("wave", "comes with the program"),
        ("Wave", "comes with the program"),
        ("red", "comes with the program"),
        ("../up", "cannot be called '../up'"),
        ("a/b", "as 'a_b'"),
        ("a.onnx", "as 'a_onnx'"),
        ("-x", "cannot be called"),
        ("a\x1b[31mb", "cannot be called"),
        ("a,b:2", "as 'a_b_2'"),
        ("", "My Trip 1"),
        ("x" * 65, "at most 64"),
        ("CON", "cannot be called"),
        ("moving", "none of moving, none, own"),
        ("own-style", "cannot be called"),
    ],
)
def test_a_name_that_cannot_be_is_refused(cli, picture, name, said):
    trip = picture.rename(picture.with_name("My Trip 1.png"))
    code, _, error = cli("styles", "--install", trip, f"--name={name}")
    assert code == 2
    assert said in error
    assert "--name" in error
    assert error.count("\n") == 1
    assert "\x1b" not in error
    assert not library_folder().exists()


def test_a_style_is_replaced_only_if_asked(cli, network, picture):
    library.install_style(network)
    before = names()
    with pytest.raises(TargetExists, match="`overwrite`"):
        library.install_style(picture, "leger")
    code, _, error = cli("styles", "--install", picture, "--name", "leger")
    assert code == 2
    assert "--overwrite" in error
    assert names() == before
    with pytest.raises(UsageError, match="too like 'Leger'"):
        library.install_style(picture, "Leger")
    assert library.install_style(picture, "leger", overwrite=True).is_picture
    assert not set(names()) & set(before) - {"leger.json"}  # nothing is left of it
    assert cli("styles", "--install", network, "--overwrite")[0] == 0
    assert names() == before


def test_a_removed_style_is_gone_and_others_stay(cli, network, picture):
    library.install_style(network)
    library.install_style(picture)
    assert cli("styles", "--remove", "leger")[0] == 0
    assert all(name.startswith("sunset.") for name in names())
    code, _, error = cli("styles", "--remove", "leger")
    assert code == 2
    assert "'leger' (choices: sunset)" in error
    assert "comes with the program" in cli("styles", "--remove", "wave")[2]
    with pytest.raises(UnknownName) as caught:
        library.remove_style("../sunset")
    assert caught.value.choices == ("sunset",)


def bad_network(path):
    return model_factory.write_graph(path, model_factory.card("bad"), output="wrong")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path, "there is no file"),
        (lambda path: path.mkdir() or path, "is not a file"),
        (lambda path: os.mkfifo(path) or path, "is not a file"),
        (lambda path: path.write_bytes(b"no network") and path, "not an ONNX file"),
        (bad_network, "export it again"),
        (lambda path: model_factory.write_graph(path, None), "without a realtime_nst card"),
    ],
)
def test_what_is_no_style_is_refused_and_nothing_is_left(cli, tmp_path, make, said):
    code, _, error = cli("styles", "--install", make(tmp_path / "x.onnx"), "--name", "x")
    assert code in (1, 2)
    assert said in error
    assert error.count("\n") == 1
    assert not library_folder().exists()


def test_a_damaged_picture_and_a_large_file_are_refused(picture, network, monkeypatch):
    picture.write_bytes(picture.read_bytes()[:40])
    with pytest.raises(Exception, match=r"sunset\.png"):
        library.install_style(picture)
    monkeypatch.setattr(library, "LARGEST_NETWORK", 100)
    with pytest.raises(UsageError, match="choose a smaller one"):
        library.install_style(network)
    assert not library_folder().exists()


def test_a_write_that_fails_leaves_no_style(network, picture, monkeypatch):
    library.install_style(picture, "leger")
    before = names()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(library.json, "dumps", full)
        with pytest.raises(UsageError, match="cannot be changed: No space left"):
            library.install_style(network, "leger", overwrite=True)
    assert set(before) <= set(names())
    assert read_installed().by_name["leger"].checked().suffix == ".png"
    library.remove_style("leger")
    assert names() == []


def test_two_changes_at_once_are_refused(network, picture):
    library.install_style(picture)
    with LockedFile(library_folder() / ".lock"), pytest.raises(Exception, match="another command"):
        library.install_style(network)


def test_no_variable_installs_or_removes(cli, picture, monkeypatch):
    library.install_style(picture)
    monkeypatch.setenv("REALTIME_NST_STYLES_REMOVE", "sunset")
    monkeypatch.setenv("REALTIME_NST_STYLES_INSTALL", str(picture))
    code, said, _ = cli("styles")
    assert code == 0
    assert "sunset" in said


def test_a_changed_file_is_refused_and_a_damaged_entry_left_out(network, picture):
    entry = library.install_style(network)
    entry.path.write_bytes(b"something else")
    with pytest.raises(ModelError, match="install the style again"):
        Stylizer("leger")
    library.install_style(picture)
    (library_folder() / "leger.json").write_text("{")
    with pytest.warns(StyleWarning, match=r"leger\.json' is left out"):
        assert [entry.name for entry in read_installed().styles] == ["sunset", "wave", "dots"]


@pytest.mark.parametrize(
    "changes", [{"file": "../up.onnx"}, {"picture": "/etc/x.jpg"}, {"kind": "new"}, {"name": "b"}]
)
def test_an_entry_that_points_elsewhere_is_left_out(cli, network, changes):
    library.install_style(network)
    path = library_folder() / "leger.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    code, said, error = cli("styles")
    assert code == 0
    assert "leger" not in said
    assert error.startswith("note: the style 'leger' of yours")
    assert error.count("\n") == 1


def test_a_file_of_the_name_is_pointed_to(cli, network, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    photo = painter_factory.painting(tmp_path / "photo.png", (10, 90, 200))
    code, _, error = cli("image", photo, "-o", "out.png", "--style", "leger")
    assert code == 2
    assert "leger.onnx lies here" in error


def look_of(cli, tmp_path, style):
    """A look saved with ``style``."""
    path = tmp_path / "look.json"
    presets.save(path, Look(style), View(), overwrite=True)
    return path


def test_a_look_with_an_installed_style_holds_where_it_has_another_name(cli, network, tmp_path):
    library.install_style(network)
    path = look_of(cli, tmp_path, "leger")
    assert presets.load(path)[0].style == "leger"
    library.remove_style("leger")
    library.install_style(network, "city")
    assert presets.load(path)[0].style == "city"


def test_a_look_names_the_style_that_is_missing_or_another(network, picture, tmp_path, cli):
    library.install_style(network)
    library.install_style(picture)
    path = look_of(cli, tmp_path, "leger")
    library.remove_style("leger")
    with pytest.raises(UsageError, match="'leger' of this look is not installed here"):
        presets.load(path)
    library.install_style(picture, "leger")
    with pytest.raises(UsageError, match="'leger' is another one here"):
        presets.load(path)
    assert presets.load(path, unchecked=("style",))[0].style == "leger"
    blend = look_of(cli, tmp_path, "leger:0.5,sunset:0.5")
    assert presets.load(blend)[0].style == "leger:0.5,sunset:0.5"


def test_the_page_offers_installed_styles(network, picture):
    from realtime_nst.serve.studio import Studio

    library.install_style(network)
    library.install_style(picture)
    with Studio(Look("wave"), "cpu") as studio:
        leger, sunset = studio.choices["leger"], studio.choices["sunset"]
        assert (leger.title, leger.artist) == ("The City", "Léger")
        assert all(choice.picture.is_file() for choice in (leger, sunset))
        assert studio.offered("style", ())["sunset"] == "pictures"
        assert studio.without_paths(f"{leger.picture} is bad") == f"{leger.picture.name} is bad"
        assert studio.paint(Look("sunset")).look.style == "sunset"


def test_the_page_shows_a_tile_of_each_style_and_starts_without_one(picture, network):
    import aiohttp
    import serve_factory

    tile = library.install_style(picture, "größe")
    gone = library.install_style(network)
    (gone.folder / gone.picture).unlink()

    async def main():
        serving = serve_factory.serving(Look("wave", stabilise="off"))
        async with serving as url, aiohttp.ClientSession() as client:
            told = await (await client.get(f"{url}styles")).json()
            pictures = {style["name"]: style["picture"] for style in told["styles"]}
            assert pictures["leger"] is None
            answer = await client.get(f"{url}{pictures['größe']}")
            assert await answer.read() == (tile.folder / tile.picture).read_bytes()

    serve_factory.run(main())


def test_an_installed_picture_is_morphed_to_and_painted_elsewhere(picture, tmp_path):
    library.install_style(picture, "dusk")
    library.install_style(painter_factory.painting(tmp_path / "night.png", (10, 20, 60)), "night")
    for start in ("night", str(tmp_path / "night.png"), "night:0.5,dusk:0.5"):
        Paint(Look(start, morph_to="dusk", mask="moving", rest="night")).prepare(32, 24)
    with pytest.raises(UsageError, match="one network must play both"):
        Paint(Look("wave", morph_to="dusk"))
