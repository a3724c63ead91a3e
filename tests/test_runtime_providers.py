"""The table of execution providers: choosing one, and the contract that all of them fulfil."""

import os
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import model_factory
import numpy as np
import pytest
from model_factory import card, expected, write_style
from numpy.typing import NDArray

from realtime_nst.errors import ModelError, ProviderError, UnknownName
from realtime_nst.runtime import host, onnxruntime_session
from realtime_nst.runtime.model import read_model
from realtime_nst.runtime.providers import PROVIDERS, available, choose
from realtime_nst.runtime.stylizer import Stylizer

_SIZES = [(48, 64), (33, 47), (64, 48), (1, 1), (100, 7), (2, 300), (48, 64), (33, 47)]


@pytest.fixture(params=[row.name for row in available()])
def provider(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a row; the int8 row runs only int8 styles, so the cards then say int8."""
    name: str = request.param
    if name == "openvino-int8":
        made = partial(model_factory.card, quantised_from="0" * 64)
        monkeypatch.setattr(sys.modules[__name__], "card", made)
    return name


@pytest.mark.parametrize("name", PROVIDERS)
def test_the_contract_below_runs_on_every_row_present(name: str) -> None:
    """Skips, and so shows, the rows that are absent on this computer."""
    reason = PROVIDERS[name].absence()
    if reason:
        pytest.skip(f"{name}: {reason}")
    assert name in {row.name for row in available()}


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def _picture(rng: np.random.Generator, height: int, width: int) -> NDArray[np.uint8]:
    return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)


def _assert_near(result: NDArray[np.uint8], wanted: NDArray[np.uint8]) -> None:
    assert result.dtype == np.uint8
    assert result.shape == wanted.shape
    assert result.flags.c_contiguous
    assert np.abs(result.astype(int) - wanted.astype(int)).max() <= 1


_NETWORKS = {
    "any size": ({}, {}),
    "multiples of 4": ({"block": 4}, {"size_multiple": 4}),
    "margin of 40": ({"margin": 40}, {"size_minimum": 41}),
    "multiples of 8, at least 20": (
        {"block": 8, "margin": 19},
        {"size_multiple": 8, "size_minimum": 20},
    ),
    "int8": ({"int8": True}, {}),
}


@pytest.mark.parametrize("network", _NETWORKS)
def test_every_size_comes_out_right(
    tmp_path: Path, provider: str, network: str, rng: np.random.Generator
) -> None:
    """More sizes than stay compiled, some of them twice."""
    graph, sizes = _NETWORKS[network]
    stylizer = Stylizer(write_style(tmp_path / "a.onnx", card=card(**sizes), **graph), provider)
    for size in _SIZES:
        image = _picture(rng, *size)
        _assert_near(stylizer(image), expected(image))


def test_same_result_as_the_reference(
    tmp_path: Path, provider: str, rng: np.random.Generator
) -> None:
    path = write_style(tmp_path / "a.onnx", shift=12.3, card=card())
    image = _picture(rng, 31, 45)
    _assert_near(Stylizer(path, provider)(image), Stylizer(path, "cpu")(image))


def test_very_wide_picture(tmp_path: Path, provider: str, rng: np.random.Generator) -> None:
    path = write_style(tmp_path / "a.onnx", block=4, card=card(size_multiple=4))
    image = _picture(rng, 100, 8001)
    _assert_near(Stylizer(path, provider)(image), expected(image))


def test_later_calls_overwrite_no_earlier_result(
    tmp_path: Path, provider: str, rng: np.random.Generator
) -> None:
    stylizer = Stylizer(write_style(tmp_path / "a.onnx", card=card()), provider)
    images = [_picture(rng, 24, 32) for _ in range(25)]
    results = [stylizer(image) for image in images]
    for image, result in zip(images, results, strict=True):
        _assert_near(result, expected(image))


def test_the_picture_given_stays_as_it_was(
    tmp_path: Path, provider: str, rng: np.random.Generator
) -> None:
    stylizer = Stylizer(write_style(tmp_path / "a.onnx", card=card()), provider)
    image = _picture(rng, 24, 32)
    before = image.copy()
    stylizer(image)[:] = 0
    assert (image == before).all()


@pytest.mark.parametrize("view", ["mirrored", "cropped", "read-only"])
def test_views_of_arrays(
    tmp_path: Path, provider: str, view: str, rng: np.random.Generator
) -> None:
    stylizer = Stylizer(write_style(tmp_path / "a.onnx", card=card()), provider)
    image = _picture(rng, 40, 50)
    image = {"mirrored": image[:, ::-1], "cropped": image[3:30, 5:44], "read-only": image}[view]
    image.flags.writeable = False
    _assert_near(stylizer(image), expected(image))


def test_the_name_in_use_is_a_row_of_the_same_engine(tmp_path: Path, provider: str) -> None:
    used = Stylizer(write_style(tmp_path / "a.onnx", card=card()), provider).provider
    assert used == provider or provider == "openvino"
    assert PROVIDERS[used].engine == PROVIDERS[provider].engine


def test_nothing_is_printed(
    tmp_path: Path, provider: str, rng: np.random.Generator, capfd: pytest.CaptureFixture[str]
) -> None:
    path = write_style(tmp_path / "a.onnx", block=4, card=card(size_multiple=1))
    with pytest.raises((ModelError, ProviderError)):
        Stylizer(path, provider)(_picture(rng, 33, 47))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("graph", [{"block": 4}, {"crop": 2}], ids=["multiple", "crop"])
def test_a_card_that_is_wrong_about_sizes(
    tmp_path: Path, provider: str, graph: dict[str, int], rng: np.random.Generator
) -> None:
    stylizer = Stylizer(write_style(tmp_path / "a.onnx", card=card(), **graph), provider)
    with pytest.raises((ModelError, ProviderError)) as caught:
        stylizer(_picture(rng, 33, 47))
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(bool(PROVIDERS["openvino"].absence()), reason="OpenVINO is absent")
@pytest.mark.parametrize("provider", ["openvino", "openvino-f32"])
def test_second_start_uses_what_the_first_compiled(
    tmp_path: Path, provider: str, rng: np.random.Generator
) -> None:
    path = write_style(tmp_path / "a.onnx", shift=3, card=card())
    image = _picture(rng, 24, 32)
    Stylizer(path, provider)(image)
    kept = _files(host.cache_root())
    _assert_near(Stylizer(path, provider)(image), expected(image, 3))
    assert kept
    assert _files(host.cache_root()) == kept


def test_styles_of_one_architecture_do_not_share_a_cache(
    tmp_path: Path, provider: str, rng: np.random.Generator
) -> None:
    image = _picture(rng, 24, 32)
    for shift in (0, 40):
        path = write_style(tmp_path / f"{shift}.onnx", shift=shift, card=card())
        _assert_near(Stylizer(path, provider)(image), expected(image, shift))


def test_damaged_cache(tmp_path: Path, provider: str, rng: np.random.Generator) -> None:
    path = write_style(tmp_path / "a.onnx", shift=3, card=card())
    image = _picture(rng, 24, 32)
    Stylizer(path, provider)(image)
    for file in _files(host.cache_root()):
        file.chmod(0o644)
        file.write_bytes(file.read_bytes()[:50])
    _assert_near(Stylizer(path, provider)(image), expected(image, 3))


def test_unwritable_cache(
    tmp_path: Path, provider: str, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("REALTIME_NST_CACHE", str(tmp_path / "file" / "cache"))
    image = _picture(rng, 24, 32)
    stylizer = Stylizer(write_style(tmp_path / "a.onnx", card=card()), provider)
    _assert_near(stylizer(image), expected(image))


def _files(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_unknown_provider_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean 'openvino'"):
        choose("openvin")


@pytest.mark.parametrize("name", PROVIDERS)
def test_absent_provider_says_how_to_get_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    row = replace(PROVIDERS[name], absence=lambda: "it is not here")
    monkeypatch.setitem(PROVIDERS, name, row)
    with pytest.raises(ProviderError) as caught:
        choose(name)
    assert "it is not here" in str(caught.value)
    assert row.install in str(caught.value)
    assert "\n" not in str(caught.value)


def test_auto_takes_the_first_that_is_present(monkeypatch: pytest.MonkeyPatch) -> None:
    order = ["tensorrt", "cuda", "directml", "coreml", "openvino", "cpu"]
    for name in order:
        monkeypatch.setitem(PROVIDERS, name, replace(PROVIDERS[name], absence=lambda: ""))
    for name in order:
        assert choose("auto").name == name
        monkeypatch.setitem(PROVIDERS, name, replace(PROVIDERS[name], absence=lambda: "gone"))


def test_auto_asks_no_further_than_the_first_that_is_present(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Asking imports the engine."""
    asked: list[str] = []

    def absence(name: str) -> str:
        asked.append(name)
        return "" if name == "openvino" else "gone"

    for name, row in PROVIDERS.items():
        monkeypatch.setitem(PROVIDERS, name, replace(row, absence=partial(absence, name)))
    assert choose("auto").name == "openvino"
    assert asked == ["tensorrt", "cuda", "directml", "coreml", "openvino"]


def test_available_are_those_without_absence() -> None:
    assert [row.name for row in available()] == [
        name for name, row in PROVIDERS.items() if not row.absence()
    ]


def test_another_provider_than_asked_for_is_an_error(tmp_path: Path) -> None:
    """ONNX Runtime itself would warn and go on with the CPU."""
    if not PROVIDERS["cuda"].absence():
        pytest.skip("CUDA is present")
    model = read_model(write_style(tmp_path / "a.onnx", card=card()))
    with pytest.raises(ProviderError, match="cuda was asked for, but ONNX Runtime would use CPU"):
        onnxruntime_session.open_session(model, "cuda", "CUDAExecutionProvider")


_NO_ENGINE = """
import sys
sys.modules["onnxruntime"] = sys.modules["openvino"] = None
from realtime_nst.errors import RealtimeNstError
from realtime_nst.runtime.providers import choose
for name in ("auto", "cpu", "openvino"):
    try:
        choose(name)
    except RealtimeNstError as error:
        print(type(error).__name__, error)
"""

_QUIET = """
import sys, threading
sys.modules["torch"] = None
import numpy as np
from realtime_nst.runtime.stylizer import Stylizer
for name in ("openvino", "cpu"):
    Stylizer(sys.argv[1], name)(np.zeros((8, 8, 3), np.uint8))
print(threading.active_count(), "openvino_telemetry" in sys.modules)
"""

_LIGHT = """
import sys
import realtime_nst.runtime
import realtime_nst.runtime.providers
print(sorted({"cv2", "onnxruntime", "openvino", "av", "torch"} & set(sys.modules)))
"""


def _python(code: str, *arguments: str) -> str:
    root = str(Path(__file__).resolve().parent.parent)
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=os.environ | {"PYTHONPATH": root},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout


def test_without_any_engine_the_error_names_the_extra() -> None:
    lines = _python(_NO_ENGINE).splitlines()
    assert len(lines) == 3
    assert all('pip install "realtime_nst[cpu]"' in line for line in lines)
    assert lines[0].startswith("MissingPackage")


@pytest.mark.skipif(bool(PROVIDERS["openvino"].absence()), reason="OpenVINO is absent")
def test_no_torch_no_threads_left_no_telemetry(tmp_path: Path) -> None:
    path = write_style(tmp_path / "a.onnx", card=card())
    assert _python(_QUIET, str(path)) == "1 False\n"


def test_the_table_imports_nothing_heavy() -> None:
    assert _python(_LIGHT) == "[]\n"
