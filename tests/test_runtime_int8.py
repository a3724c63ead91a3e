"""The int8 form of a style: found beside it, bound to it, used where it is the fastest."""

import hashlib
import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from model_factory import card, expected, write_style

from realtime_nst.errors import ModelError, ProviderError
from realtime_nst.runtime import doctor, host, styles
from realtime_nst.runtime.companions import int8_path
from realtime_nst.runtime.model import read_model
from realtime_nst.runtime.providers import PROVIDERS, available, suitable
from realtime_nst.runtime.stylizer import Stylizer

pytestmark = pytest.mark.skipif(
    bool(PROVIDERS["openvino-int8"].absence()), reason=PROVIDERS["openvino-int8"].absence()
)

_SHIFT = 40
"""Tells the pictures of the int8 form from those of the float style."""

_IMAGE = np.random.default_rng(3).integers(0, 256, (24, 32, 3), dtype=np.uint8)


@pytest.fixture
def style(tmp_path: Path) -> Path:
    return write_style(tmp_path / "wave.onnx", card=card())


def _write_form(style: Path, made_from: str) -> Path:
    form = card(quantised_from=made_from)
    return write_style(int8_path(style), shift=_SHIFT, int8=True, card=form)


@pytest.fixture
def form(style: Path) -> Path:
    return _write_form(style, read_model(style).digest)


def _shift_of(stylizer: Stylizer) -> int:
    near = {
        s: np.abs(stylizer(_IMAGE) - expected(_IMAGE, s).astype(int)).max() for s in (0, _SHIFT)
    }
    (shift,) = (s for s, difference in near.items() if difference <= 1)
    return shift


def test_it_lies_beside_the_style(style: Path) -> None:
    assert int8_path(style) == style.parent / "wave.int8.onnx"


@pytest.mark.parametrize("provider", ["openvino", "openvino-int8"])
def test_it_is_taken(style: Path, form: Path, provider: str) -> None:
    stylizer = Stylizer(style, provider)
    assert stylizer.provider == "openvino-int8"
    assert _shift_of(stylizer) == _SHIFT
    assert stylizer.digest == read_model(style).digest


@pytest.mark.parametrize("provider", ["openvino-f32", "cpu"])
def test_float_asked_for_is_float(style: Path, form: Path, provider: str) -> None:
    if PROVIDERS[provider].absence():
        pytest.skip(PROVIDERS[provider].absence())
    assert _shift_of(Stylizer(style, provider)) == 0


@pytest.mark.parametrize("provider", ["openvino", "openvino-int8"])
def test_an_int8_file_by_its_own_path(form: Path, provider: str) -> None:
    stylizer = Stylizer(form, provider)
    assert stylizer.provider == "openvino-int8"
    assert _shift_of(stylizer) == _SHIFT


def test_without_one_the_float_style_runs_and_int8_is_an_error(style: Path) -> None:
    assert Stylizer(style, "openvino").provider in {"openvino-f32", "openvino-bf16"}
    with pytest.raises(ProviderError, match=r"has no int8 form.*realtime-nst quantise") as caught:
        Stylizer(style, "openvino-int8")
    assert "\n" not in str(caught.value)


def test_one_made_from_another_file_is_not_its_form(style: Path) -> None:
    _write_form(style, "0" * 64)
    assert _shift_of(Stylizer(style, "openvino")) == 0
    with pytest.raises(ProviderError, match=r"made from another wave\.onnx.*quantise"):
        Stylizer(style, "openvino-int8")


def test_a_damaged_one_is_said(style: Path, form: Path) -> None:
    form.write_bytes(form.read_bytes()[:100])
    with pytest.raises(ModelError, match=r"wave\.int8\.onnx' is not an ONNX file"):
        Stylizer(style, "openvino")


def test_other_processors_stay_with_float(
    style: Path, form: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "is_x86", lambda: False)
    assert _shift_of(Stylizer(style, "openvino")) == 0
    with pytest.raises(ProviderError, match="x86"):
        Stylizer(style, "openvino-int8")


def test_only_a_style_with_a_form_suits_the_int8_row(style: Path) -> None:
    def names() -> set[str]:
        return {row.name for row in suitable(read_model(style))}

    present = {row.name for row in available()}
    assert names() == present - {"openvino-int8"}
    _write_form(style, read_model(style).digest)
    assert names() == present


def test_the_doctor_says_what_auto_takes_and_why(
    style: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("tensorrt", "cuda", "directml", "coreml"):
        monkeypatch.setitem(PROVIDERS, name, replace(PROVIDERS[name], absence=lambda: "gone"))
    name, why = doctor.automatic(style)
    assert (name, "no int8 form" in why) == (Stylizer(style).provider, True)
    _write_form(style, read_model(style).digest)
    name, why = doctor.automatic(style)
    assert (name, "has an int8 form" in why) == ("openvino-int8", True)


def test_an_installed_form_that_was_changed_is_refused(style: Path, form: Path) -> None:
    data, eight = style.read_bytes(), form.read_bytes()
    entry = {
        key: value for key, value in asdict(card("wave")).items() if isinstance(value, str)
    } | {
        "file": style.name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "int8_sha256": hashlib.sha256(eight).hexdigest(),
        "int8_bytes": len(eight),
    }
    (style.parent / "manifest.json").write_text(json.dumps({"styles": [entry]}))
    assert styles.find("wave", style.parent) == style
    form.write_bytes(eight + b"\0")
    with pytest.raises(ModelError, match=r"wave\.int8\.onnx' is not the file of style 'wave'"):
        styles.find("wave", style.parent)
