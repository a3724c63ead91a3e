"""The folder that ``realtime-nst page`` writes: what is in it, and when it is refused."""

import json
import subprocess
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import painter_factory
import pytest

from realtime_nst.errors import RealtimeNstError, TargetExists, UsageError
from realtime_nst.runtime.for_browsers import with_cast_first
from realtime_nst.runtime.installed_style import PICTURE, InstalledStyle
from realtime_nst.runtime.styles import Installed, read_installed
from realtime_nst.runtime.wire import fields
from realtime_nst.web import folder as pages
from realtime_nst.web import libraries, offered, scenes
from realtime_nst.web.folder import write_page

PAGE = Path(pages.__file__).parent / "page"


@pytest.fixture
def fetched(tmp_path, monkeypatch):
    """Libraries that nobody needs to fetch."""
    place = tmp_path / "libraries"
    place.mkdir()
    for name in libraries.FILES:
        (place / name).write_text(name)
    monkeypatch.setattr(libraries, "_VENDOR", place)
    monkeypatch.setattr(offered, "scenes", lambda: (b"scene", b"painted"))
    return place


def kinds(data):
    """The operators of the graph in ``data``, in order."""
    graph = next(content for field, _, content in fields(memoryview(data)) if field == 7)
    nodes = [fields(content) for field, _, content in fields(graph) if field == 1]
    return [bytes(c).decode() for node in nodes for field, _, c in node if field == 4]


def test_the_picture_is_cast_before_it_is_transposed_and_nothing_else_changes():
    path = read_installed().by_name["great_wave"].path
    plain, made = path.read_bytes(), with_cast_first(path.read_bytes())
    before, after = kinds(plain), kinds(made)
    first = before.index("Transpose")
    assert before[first : first + 2] == ["Transpose", "Cast"]
    assert after[first : first + 2] == ["Cast", "Transpose"]
    assert before[:first] + before[first + 2 :] == after[:first] + after[first + 2 :]
    image = np.random.default_rng(0).integers(0, 256, (1, 32, 40, 3), np.uint8)
    results = [
        onnxruntime.InferenceSession(each, providers=["CPUExecutionProvider"]).run(
            None, {"frame": image}
        )[0]
        for each in (plain, made)
    ]
    assert np.array_equal(*results)
    assert with_cast_first(made) == made


def test_the_folder_holds_what_its_list_says(tmp_path, fetched):
    site = write_page(tmp_path / "site")
    listed = json.loads((site / "files.json").read_text())
    there = {p.relative_to(site).as_posix() for p in site.rglob("*") if p.is_file()}
    assert there == {*listed["files"], "files.json", "service-worker.js", "_headers"}
    for name, digest in listed["files"].items():
        assert sha256((site / name).read_bytes()).hexdigest() == digest
    assert set(listed["first"]) < set(listed["files"])
    assert listed["version"] in (site / "service-worker.js").read_text()
    described = json.loads((site / "styles.json").read_text())
    named = [s["picture"] for s in described["styles"] if s["picture"]]
    named += [n["file"] for n in described["networks"].values()]
    named += [n["encoder"] for n in described["networks"].values() if "encoder" in n]
    assert {*named, described["person"]} <= there
    assert described["styles"][0]["name"] == "great_wave"
    page = (site / "index.html").read_text()
    assert "POLICY" not in page
    assert ">Start the camera<" in page


def test_an_installed_picture_is_offered_too(tmp_path, fetched, monkeypatch):
    picture = painter_factory.painting(tmp_path / "dusk.png", painter_factory.DARK)
    digest, size = sha256(picture.read_bytes()).hexdigest(), picture.stat().st_size
    dusk = InstalledStyle(
        tmp_path, "dusk", picture.name, digest, size, "Dusk", "", "mine", "", kind=PICTURE
    )
    both = Installed((*read_installed().entries, dusk))
    monkeypatch.setattr(offered, "read_installed", lambda: both)
    site = write_page(tmp_path / "site")
    styles = json.loads((site / "styles.json").read_text())["styles"]
    own = next(style for style in styles if style["name"] == "dusk")
    assert own["network"] is None
    assert (site / own["painting"]).read_bytes() == picture.read_bytes()


def test_nothing_but_a_page_is_replaced_and_that_only_if_asked(tmp_path, fetched, cli):
    site = tmp_path / "site"
    assert cli("page", "-o", site)[0] == 0
    (site / "index.html").write_text("old")
    with pytest.raises(TargetExists, match="already holds a page"):
        write_page(site)
    write_page(site, overwrite=True)
    assert (site / "index.html").read_text() != "old"
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "mine.jpg").write_text("mine")
    with pytest.raises(UsageError, match="holds other files"):
        write_page(tmp_path / "photos", overwrite=True)
    with pytest.raises(UsageError, match="there is no folder"):
        write_page(tmp_path / "missing" / "site")
    assert sorted(each.name for each in tmp_path.iterdir() if each.name.startswith(".")) == []


def test_what_a_page_host_keeps_beside_a_page_stays(tmp_path, fetched):
    site = write_page(tmp_path / "site")
    (site / ".git").mkdir()
    (site / ".git" / "HEAD").write_text("mine")
    (site / "CNAME").write_text("mine")
    listed = json.loads((site / "files.json").read_text())
    gone = "networks/old.onnx"
    (site / gone).write_text("old")
    (site / "changed.txt").write_text("mine")
    listed["files"] |= {gone: sha256(b"old").hexdigest(), "changed.txt": sha256(b"").hexdigest()}
    del listed["files"]["index.html"]
    before = {p: p.read_bytes() for p in site.rglob("*") if p.is_file()}
    (site / "files.json").write_text(json.dumps(listed))
    write_page(site, overwrite=True)
    after = {p: p.read_bytes() for p in site.rglob("*") if p.is_file()}
    del before[site / gone]
    assert after == before

    (site / "files.json").write_text(json.dumps(listed))
    (site / "index.html").write_text("mine")
    with pytest.raises(UsageError, match=r"index\.html is not of the page"):
        write_page(site, overwrite=True)
    assert (site / "index.html").read_text() == "mine"
    (site / "files.json").write_text("[]")
    with pytest.raises(UsageError, match="holds other files"):
        write_page(site, overwrite=True)


@pytest.mark.parametrize(
    ("version", "said"),
    [
        (None, "node is not here"),
        ("v18.1.0", "'v18.1.0' is too old"),
        ("node 9", "'node 9' is too old"),
    ],
)
def test_without_node_one_line_says_how_to_get_it(tmp_path, monkeypatch, version, said):
    monkeypatch.setattr(libraries, "_VENDOR", tmp_path / "none")
    monkeypatch.setattr(libraries.shutil, "which", lambda name: version and name)
    monkeypatch.setattr(
        libraries.subprocess,
        "run",
        lambda *_, **__: subprocess.CompletedProcess([], 0, stdout=f"{version}\n"),
    )
    with pytest.raises(RealtimeNstError, match=said) as caught:
        write_page(tmp_path / "site")
    assert "nodejs.org" in str(caught.value)
    assert not (tmp_path / "site").exists()


def test_every_language_has_the_same_words_and_the_page_has_no_others():
    words = {p.stem: json.loads(p.read_text()) for p in sorted((PAGE / "words").iterdir())}
    assert set(words) == {"de", "en"}
    assert words["de"].keys() == words["en"].keys()
    for name, text in words["en"].items():
        places = sorted(part.split("}")[0] for part in text.split("{")[1:])
        other = sorted(part.split("}")[0] for part in words["de"][name].split("{")[1:])
        assert places == other, name


def test_nothing_in_the_lock_names_a_registry():
    lock = json.loads((PAGE.parent / "package-lock.json").read_text())
    assert not any("resolved" in package for package in lock["packages"].values())
    pinned = json.loads((PAGE.parent / "package.json").read_text())
    assert all(
        v[0].isdigit() for v in {**pinned["dependencies"], **pinned["devDependencies"]}.values()
    )


TSC = PAGE.parent / "node_modules" / ".bin" / "tsc"


@pytest.mark.skipif(not TSC.exists(), reason="needs tsc (npm ci in realtime_nst/web)")
@pytest.mark.parametrize("settings", ["tsconfig.json", "tsconfig.serve.json"])
def test_the_types_of_the_pages_fit(settings):
    checked = subprocess.run([TSC, "-p", PAGE.parent / settings], capture_output=True, text=True)
    assert not checked.returncode, checked.stdout


def test_the_page_begins_with_a_painted_scene(monkeypatch):
    monkeypatch.setattr(scenes, "_SIZE", (160, 120))
    made = scenes.scenes.__wrapped__()
    scene, painted = (cv2.imdecode(np.frombuffer(d, np.uint8), 1).astype(int) for d in made)
    assert scene.shape == painted.shape
    assert np.abs(scene - painted).mean() > 8


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """``npm(script)`` makes a shell script of the npm that is found."""

    def make(script):
        (tmp_path / "npm").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "npm").chmod(0o755)

    monkeypatch.setattr(libraries, "_npm", lambda: str(tmp_path / "npm"))
    monkeypatch.setattr(libraries, "_VENDOR", tmp_path / "none")
    return make


def test_why_npm_fails_is_said_in_one_line(npm):
    npm("echo npm error network ENOTFOUND >&2; echo other words >&2; exit 1")
    with pytest.raises(RealtimeNstError, match=r"libraries \(npm error network ENOTFOUND\); conn"):
        libraries.libraries()


def test_a_cache_that_cannot_be_written_is_named(npm, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("REALTIME_NST_CACHE", str(tmp_path / "file" / "cache"))
    npm("exit 0")
    with pytest.raises(RealtimeNstError, match=r"file/cache/page/.*set REALTIME_NST_CACHE to"):
        libraries.libraries()


def test_a_package_without_the_files_is_said(npm):
    npm("exit 0")
    with pytest.raises(RealtimeNstError, match=r"could not be fetched into .*No such file"):
        libraries.libraries()


def test_the_licences_of_the_libraries_come_along(tmp_path, fetched):
    site = write_page(tmp_path / "site")
    texts = [(site / "libraries" / f"{name}.LICENSE.txt") for name in ("onnxruntime", "mediabunny")]
    assert "Microsoft" in texts[0].read_text()
    assert texts[1].is_file()
