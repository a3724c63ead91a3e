"""What building a release adds to its wheel."""

import importlib.util
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

from realtime_nst.web import libraries

pytest.importorskip("hatchling", reason="needs hatchling, as building a wheel does")

CHECKOUT = Path(__file__).resolve().parent.parent


def test_a_wheel_holds_the_libraries_where_the_page_looks_for_them(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("hatch_build", CHECKOUT / "hatch_build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(libraries, "libraries", lambda say: tmp_path)
    app, data = SimpleNamespace(display_info=print), {"force_include": {}}
    module.PageLibraries(str(CHECKOUT), {}, None, None, "", "wheel", app).initialize("", data)
    included = data["force_include"]
    assert {Path(libraries.__file__).parents[2] / place for place in included.values()} == {
        libraries._VENDOR / name for name in libraries.FILES
    }
    assert all(Path(source).parent == tmp_path for source in included)


def test_installing_from_a_checkout_fetches_nothing():
    settings = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    hooks = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]
    assert hooks["custom"] == {"enable-by-default": False}
