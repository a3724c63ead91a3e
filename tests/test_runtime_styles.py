"""The manifest of installed styles, and finding a style by name or path."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from realtime_nst.errors import ModelError, UnknownName
from realtime_nst.runtime import styles

_CONTENT = b"a network"


def _entry(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "name": name,
        "file": f"{name}.onnx",
        "sha256": hashlib.sha256(_CONTENT).hexdigest(),
        "bytes": len(_CONTENT),
        "title": name.title(),
        "artist": "Somebody",
        "licence": "CC0",
        "network": "fast",
    } | changes


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    entries = [
        _entry("wave", speed_class="fast", picture="wave.jpg", quality={"content": 0.5}),
        _entry("starry", recipe={"steps": 3}, later_key="ignored"),
    ]
    (tmp_path / "manifest.json").write_text(json.dumps({"styles": entries}))
    for name in ("wave", "starry"):
        (tmp_path / f"{name}.onnx").write_bytes(_CONTENT)
    return tmp_path


def test_installed_in_the_order_of_the_manifest(weights: Path) -> None:
    wave, starry = styles.installed(weights)
    assert (wave.name, wave.title, wave.speed_class) == ("wave", "Wave", "fast")
    assert wave.path == weights / "wave.onnx"
    assert wave.quality == {"content": 0.5}
    assert starry.recipe == {"steps": 3}


def test_find_by_name(weights: Path) -> None:
    assert styles.find("wave", weights) == weights / "wave.onnx"


@pytest.mark.parametrize("style", ["own.onnx", "folder/own", Path("own"), "/tmp/own.onnx"])
def test_a_path_is_given_back(weights: Path, style: str | Path) -> None:
    assert styles.find(style, weights) == Path(style)


def test_unknown_style_lists_the_choices_and_the_nearest(weights: Path) -> None:
    with pytest.raises(
        UnknownName, match=r"did you mean 'starry'\?.*choices: starry, wave.*\.onnx"
    ):
        styles.find("stary", weights)


def test_a_changed_file_is_refused(weights: Path) -> None:
    (weights / "wave.onnx").write_bytes(b"another network")
    with pytest.raises(ModelError, match=r"sha256 begins with .* install realtime_nst again"):
        styles.find("wave", weights)


def test_a_file_that_is_gone(weights: Path) -> None:
    (weights / "wave.onnx").unlink()
    with pytest.raises(
        ModelError, match=r"wave\.onnx' cannot be read.* install realtime_nst again"
    ):
        styles.find("wave", weights)


_NAMELESS = json.dumps({"styles": [_entry("wave") | {"name": None}]})


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"styles": [{}]}', '{"styles": [3]}', _NAMELESS])
def test_a_damaged_manifest(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(ModelError, match=r"manifest\.json' cannot be read") as caught:
        styles.installed(tmp_path)
    assert "\n" not in str(caught.value)


def test_every_style_that_comes_with_the_program_is_whole() -> None:
    for style in styles.installed():
        assert styles.find(style.name) == style.path
        assert style.path.stat().st_size == style.bytes
        assert style.licence
