"""Codes of paintings: made once, cached by the content of the painting, and never wrong."""

import numpy as np
import pytest
from model_factory import write_painter
from painter_factory import painting

from realtime_nst.errors import ModelError
from realtime_nst.runtime import codes, host, onnxruntime_session, openvino_session
from realtime_nst.runtime.companions import encoder_path
from realtime_nst.runtime.model import read_model
from realtime_nst.runtime.providers import PROVIDERS

COLOUR = (10, 20, 30)


@pytest.fixture
def opened(monkeypatch):
    """How often an encoder was opened."""
    times = []
    really = codes.open_encoder
    monkeypatch.setattr(codes, "open_encoder", lambda model: times.append(model) or really(model))
    return times


@pytest.fixture
def network(tmp_path):
    return read_model(write_painter(tmp_path / "any.onnx"))


def _kept():
    return [path for path in (host.cache_root() / "codes").rglob("*") if path.is_file()]


def test_a_code_is_the_encoders(network, tmp_path):
    code = codes.Codes(network, 3)(str(painting(tmp_path / "a.png", COLOUR)))
    assert code.dtype == np.float32
    assert code.tolist() == [list(COLOUR)]


def test_it_is_made_once(network, tmp_path, opened):
    made = codes.Codes(network, 3)
    path = painting(tmp_path / "a.png", COLOUR)
    assert not opened
    assert (made(str(path)) == made(str(path))).all()
    assert len(opened) == 1


def test_it_is_known_by_what_the_painting_holds(network, tmp_path, opened):
    path = painting(tmp_path / "a.png", COLOUR)
    codes.Codes(network, 3)(str(path))
    path.rename(tmp_path / "b.png")
    again = codes.Codes(network, 3)
    assert again(str(tmp_path / "b.png")).tolist() == [list(COLOUR)]
    assert len(opened) == 1
    painting(tmp_path / "b.png", (1, 2, 3))
    assert again(str(tmp_path / "b.png")).tolist() == [[1, 2, 3]]


def test_another_encoder_has_codes_of_its_own(network, tmp_path):
    path = str(painting(tmp_path / "a.png", COLOUR))
    codes.Codes(network, 3)(path)
    other = read_model(write_painter(tmp_path / "other.onnx", gain=2, licence="other"))
    assert codes.Codes(other, 3)(path).tolist() == [list(COLOUR)]
    assert len(_kept()) == 2


@pytest.mark.parametrize("damage", [b"", b"x", b"\0" * 44, None], ids=["empty", "x", "0", "turned"])
def test_a_damaged_one_is_made_again(network, tmp_path, damage, opened):
    path = str(painting(tmp_path / "a.png", COLOUR))
    codes.Codes(network, 3)(path)
    (kept,) = _kept()
    sound = kept.read_bytes()
    kept.write_bytes(sound[::-1] if damage is None else damage)
    assert codes.Codes(network, 3)(path).tolist() == [list(COLOUR)]
    assert len(opened) == 2
    assert kept.read_bytes() == sound


def test_without_a_cache_it_is_kept_in_memory(network, tmp_path, monkeypatch, opened):
    (tmp_path / "file").touch()
    monkeypatch.setenv(host.CACHE_VARIABLE, str(tmp_path / "file" / "cache"))
    made = codes.Codes(network, 3)
    path = str(painting(tmp_path / "a.png", COLOUR))
    assert made(path).tolist() == made(path).tolist() == [list(COLOUR)]
    assert len(opened) == 1


@pytest.mark.parametrize("size", [(60, 40), (40, 60), (300, 20), (512, 512), (900, 700)])
def test_both_engines_make_the_same(network, tmp_path, size):
    engines = {"cpu": onnxruntime_session, "openvino": openvino_session}
    random = np.random.default_rng(0).integers(0, 256, (*size[::-1], 3), dtype=np.uint8)
    encoder = read_model(encoder_path(network.path))
    made = [
        engine.open_encoder(encoder)(random)
        for name, engine in engines.items()
        if not PROVIDERS[name].absence()
    ]
    assert all(np.abs(code - random.mean((0, 1))).max() < 0.01 for code in made)


def test_the_encoder_must_be_there(network):
    encoder_path(network.path).unlink()
    with pytest.raises(ModelError, match=r"any.onnx' needs 'any.encoder.onnx' beside it"):
        codes.Codes(network, 3)


@pytest.mark.parametrize("change", [{"encodes_for": "0" * 64}, {"kind": "single-style"}])
def test_the_encoder_must_be_the_networks(tmp_path, change):
    network = read_model(write_painter(tmp_path / "any.onnx", **change))
    with pytest.raises(ModelError, match=r"any.encoder.onnx' was not made for .*any.onnx'"):
        codes.Codes(network, 3)


def test_codes_of_another_size_are_refused(network, tmp_path):
    with pytest.raises(ModelError, match=r"made no code of 5 numbers of .*a.png'"):
        codes.Codes(network, 5)(str(painting(tmp_path / "a.png", COLOUR)))
    assert not _kept()
