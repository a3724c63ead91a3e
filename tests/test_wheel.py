"""What building a wheel adds to it."""

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("hatchling", reason="needs hatchling, as building a wheel does")

from realtime_nst.errors import RealtimeNstError
from realtime_nst.web import libraries


@pytest.fixture
def build():
    """``build(version)``: the build data of a wheel of that version, and what was said."""
    path = Path(__file__).resolve().parent.parent / "hatch_build.py"
    spec = importlib.util.spec_from_file_location("hatch_build", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def run(version):
        said, data = [], {"force_include": {}}
        app = SimpleNamespace(display_info=said.append, display_warning=said.append)
        hook = module.PageLibraries(str(path.parent), {}, None, None, "", "wheel", app)
        hook.initialize(version, data)
        return data["force_include"], said

    return run


def test_a_wheel_holds_the_libraries_where_the_page_looks_for_them(build, tmp_path, monkeypatch):
    monkeypatch.setattr(libraries, "libraries", lambda say, limit: tmp_path)
    package = Path(libraries.__file__).parent.parent.parent
    included, said = build("standard")
    assert {package / place for place in included.values()} == {
        libraries._VENDOR / name for name in libraries.FILES
    }
    assert all(Path(source).parent == tmp_path for source in included)
    assert not said


def test_without_node_a_wheel_is_built_all_the_same(build, monkeypatch):
    def missing(say, limit):
        raise RealtimeNstError("node is not here")

    monkeypatch.setattr(libraries, "libraries", missing)
    included, said = build("standard")
    assert not included
    assert said == ["the wheel lacks the web page's libraries: node is not here"]


def test_a_checkout_is_installed_without_fetching_anything(build, monkeypatch):
    monkeypatch.setattr(libraries, "libraries", lambda *_: pytest.fail("fetched"))
    assert build("editable") == ({}, [])
