"""How often files are read: the manifest and every network once, whoever asks."""

import io
import os
from collections import Counter
from pathlib import Path

import model_factory
import numpy as np
import painter_factory
import pytest
from painter_factory import painting

from realtime_nst.look import Look
from realtime_nst.runtime import networks, styles
from realtime_nst.runtime.model import read_model
from realtime_nst.runtime.networks import Network, Networks
from realtime_nst.runtime.player import contents, find_player
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.serve.studio import Studio


@pytest.fixture
def weights(tmp_path, monkeypatch):
    return painter_factory.install(tmp_path / "weights", monkeypatch)


@pytest.fixture
def pictures(tmp_path):
    return [str(painting(tmp_path / f"{name}.png", (9, 9, shade))) for name, shade in
            (("a", 10), ("b", 90))]  # fmt: skip


@pytest.fixture
def reads(weights, monkeypatch):
    """How often this program opened each file of the installed set, by name; none was opened in
    its present version."""
    for path in weights.iterdir():
        os.utime(path, (1e9, 1e9))
    counted, really = Counter(), io.open

    def counting(file, *given, **named):
        if isinstance(file, str | Path) and Path(file).parent == weights:
            counted[Path(file).name] += 1
        return really(file, *given, **named)

    monkeypatch.setattr(io, "open", counting)
    return counted


@pytest.fixture
def opened(monkeypatch):
    """The path and provider of each network that was opened."""
    seen = []
    monkeypatch.setattr(networks, "Network", lambda model, provider: (
        seen.append((model.path.name, provider.name)) or Network(model, provider)))  # fmt: skip
    return seen


def test_one_stylizer(reads):
    Stylizer("wave", "cpu")
    assert reads == {"manifest.json": 1, "wave.onnx": 1}


def test_a_blend_and_a_change_of_style(reads, pictures):
    one, other = pictures
    stylizer = Stylizer(f"{one}:1,{other}:3", "cpu")
    stylizer.set_style(one)
    assert reads == {"manifest.json": 1, "any.onnx": 1, "any.encoder.onnx": 1}


def test_a_server_and_its_viewers(reads, pictures):
    with Studio(Look(style="wave"), "cpu") as studio:
        offered = {"wave": "", "dots": "", "red": "several", "blue": "several"}
        assert studio.offered("style", ()) == offered
        assert studio.takes_paintings
        studio.paint(Look(style="dots"))
    contents(find_player(pictures[0]))
    once = "manifest.json", "wave.onnx", "dots.onnx", "any.onnx", "any.encoder.onnx"
    assert reads == dict.fromkeys(once, 1)


def test_a_changed_manifest_and_a_changed_network_are_read_again(weights, reads):
    Stylizer("wave", "cpu")
    os.utime(weights / "manifest.json", (2e9, 2e9))
    assert {entry.name for entry in styles.installed()} == {"wave", "dots"}
    before = read_model(weights / "wave.onnx").digest
    model_factory.write_style(weights / "wave.onnx", shift=7, card=model_factory.card("wave"))
    assert read_model(weights / "wave.onnx").digest != before
    assert reads["manifest.json"] == reads["wave.onnx"] == 2


def test_two_stylizers_of_one_command_open_one_network(weights, pictures, opened):
    shared = Networks("cpu")
    style, rest = (Stylizer(picture, networks=shared) for picture in pictures)
    assert opened == [("any.onnx", "cpu")]
    black = np.zeros((8, 8, 3), np.uint8)
    assert style(black)[0, 0].tolist() == pytest.approx([9, 9, 10], abs=1)
    assert rest(black)[0, 0].tolist() == pytest.approx([9, 9, 90], abs=1)


def test_a_name_and_a_path_are_one_network(weights, opened, monkeypatch):
    shared = Networks("cpu")
    monkeypatch.chdir(weights)
    using = [Stylizer(style, networks=shared) for style in ("wave", weights / "wave.onnx")]
    using.append(Stylizer("wave.onnx", networks=shared))
    assert opened == [("wave.onnx", "cpu")]


def test_a_provider_that_is_named_wins_over_that_of_the_networks(weights, opened):
    shared = Networks("no such provider")
    assert Stylizer("wave", "cpu", networks=shared).provider == "cpu"
    assert Stylizer("wave", networks=Networks("cpu")).provider == "cpu"
