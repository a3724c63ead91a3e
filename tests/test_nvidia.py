"""CUDA and TensorRT on a computer without either: ONNX Runtime's CPU stands in for them."""

import ctypes
import time
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnxruntime
import pytest
from model_factory import card, expected, write_painter, write_style

from realtime_nst.errors import ModelError, ProviderWarning
from realtime_nst.runtime import doctor, host, nvidia, nvidia_session
from realtime_nst.runtime import onnxruntime_session as ort
from realtime_nst.runtime.model import read_model
from realtime_nst.runtime.networks import Networks
from realtime_nst.runtime.providers import PROVIDERS, choose
from realtime_nst.runtime.stylizer import Stylizer

CARD = nvidia.Card("NVIDIA H200", "9.0", "580.159.03")
_CPU = "CPUExecutionProvider"


class _Session:
    """Runs on the CPU what was opened on ``providers``."""

    def __init__(self, path, providers):
        self._real = onnxruntime.InferenceSession(path, providers=[_CPU])
        self.get_providers = lambda: [name for name, _ in providers]

    def __getattr__(self, name):
        return getattr(self._real, name)

    def io_binding(self):
        return self._real.io_binding()

    def run_with_iobinding(self, binding):
        self._real.run_with_iobinding(binding)


class Engine:
    """ONNX Runtime built for NVIDIA. ``refuses(name, options)`` says whether a provider fails, and
    ``slow`` how many seconds TensorRT builds. ``opened`` lists name and options of each session,
    ``copied`` what went to the card."""

    def __init__(self):
        self.opened, self.copied, self.slow = [], [], 0.0
        self.refuses = lambda name, options: False
        self.OrtValue = SimpleNamespace(ortvalue_from_numpy=self._held)

    def __getattr__(self, name):
        return getattr(onnxruntime, name)

    def get_available_providers(self):
        return [nvidia_session.TENSORRT, nvidia_session.CUDA, _CPU]

    def preload_dlls(self):
        pass

    def InferenceSession(self, path, settings, providers, enable_fallback):  # noqa: N802
        name, options = providers[0]
        self.opened.append((name, options))
        if self.refuses(name, options):
            raise RuntimeError("no kernel image is available")
        if engines := options.get("trt_engine_cache_path"):
            if not [*Path(engines).glob("*.engine")]:
                time.sleep(self.slow)
                Path(engines, "graph_sm90.engine").write_bytes(Path(path).read_bytes())
            Path(options["trt_timing_cache_path"], "sm90.timing").write_bytes(b"times")
        return _Session(path, providers)

    def _held(self, array, device, number):
        assert (device, number) == ("cuda", 0)
        self.copied.append(array.shape)
        value = onnxruntime.OrtValue.ortvalue_from_numpy(array)
        return SimpleNamespace(value=value, update_inplace=lambda new: self._again(value, new))

    def _again(self, value, array):
        self.copied.append(array.shape)
        value.update_inplace(array)


@pytest.fixture
def engine(monkeypatch):
    made = Engine()
    bind = onnxruntime.IOBinding.bind_ortvalue_input
    monkeypatch.setattr(ort, "engine", lambda: made)
    monkeypatch.setattr(ort, "missing", lambda package: "")
    monkeypatch.setattr(nvidia, "card", lambda: CARD)
    monkeypatch.setattr(
        onnxruntime.IOBinding,
        "bind_ortvalue_input",
        lambda binding, name, held: bind(binding, name, held.value),
    )
    return made


@pytest.fixture
def style(tmp_path):
    return write_style(tmp_path / "a.onnx", block=4, shift=3, card=card(size_multiple=4))


@pytest.fixture
def image():
    return np.random.default_rng(3).integers(0, 256, (33, 47, 3), dtype=np.uint8)


def _is_painted(image, made, shift=3):
    return np.abs(made.astype(int) - expected(image, shift).astype(int)).max() <= 1


def _quietly(style, provider="tensorrt"):
    """Fails if anything is said."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return Stylizer(style, provider)


def _said(work):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        made = work()
    assert {warning.category for warning in told} <= {ProviderWarning}
    return made, [str(warning.message) for warning in told]


def _engines():
    return {path.relative_to(host.cache_root()) for path in host.cache_root().rglob("*.engine")}


def test_auto_takes_tensorrt_then_cuda_then_the_cpu(engine, monkeypatch):
    assert choose("auto").name == "tensorrt"
    monkeypatch.setattr(ort, "missing", lambda package: f"the package {package} is missing")
    assert choose("auto").name == "cuda"
    assert PROVIDERS["tensorrt"].absence() == "the package tensorrt is missing"
    monkeypatch.setattr(nvidia, "card", lambda: None)
    assert choose("auto").name in ("openvino", "cpu")
    assert PROVIDERS["cuda"].absence() == "there is no NVIDIA driver and GPU"


@pytest.mark.filterwarnings("ignore::realtime_nst.errors.ProviderWarning")
@pytest.mark.parametrize("provider", ["tensorrt", "cuda"])
def test_a_frame_is_copied_to_the_card_once_and_painted(engine, style, image, provider):
    stylizer = Stylizer(style, provider)
    for size in ((33, 47), (20, 24), (33, 47)):
        engine.copied.clear()
        shown = image[: size[0], : size[1]]
        assert _is_painted(shown, stylizer(shown))
        assert len(engine.copied) == 1
    assert stylizer.provider == provider


def test_a_code_is_copied_when_it_changes(engine, tmp_path, image):
    session = nvidia_session.open_cuda(read_model(write_painter(tmp_path / "any.onnx")))
    one, other = (np.full((1, session.code_size), n, np.float32) for n in (0, 1))
    copies, small = [], image // 2
    for code in (one, one, other):
        engine.copied.clear()
        assert (session(small, code) == small + int(code[0, 0])).all()
        copies.append(len(engine.copied))
    assert copies == [3, 1, 2]


def test_an_engine_is_for_all_usual_sizes(engine, style, image, monkeypatch):
    monkeypatch.setattr(nvidia_session, "_LARGEST", (35, 50))
    stylizer, _ = _said(lambda: Stylizer(style, "tensorrt"))
    assert _is_painted(image[:30], stylizer(image[:30]))
    name, options = engine.opened.pop()
    assert not engine.opened
    assert name == nvidia_session.TENSORRT
    assert options["trt_fp16_enable"] == "True"
    assert options["trt_profile_min_shapes"] == "frame:1x4x4x3"
    assert options["trt_profile_opt_shapes"] == "frame:1x720x1280x3"
    assert options["trt_profile_max_shapes"] == "frame:1x36x52x3"
    larger = np.concatenate([image, image])
    made, _ = _said(lambda: stylizer(larger))
    assert _is_painted(larger, made)
    ((_, own),) = engine.opened
    assert own["trt_profile_min_shapes"] == own["trt_profile_max_shapes"] == "frame:1x68x48x3"
    assert own["trt_engine_cache_path"] != options["trt_engine_cache_path"]


def test_building_is_said_and_the_second_start_is_silent(engine, style, image, monkeypatch):
    monkeypatch.setattr(nvidia_session, "_EVERY", 0.02)
    engine.slow = 0.1
    _, told = _said(lambda: Stylizer(style, "tensorrt"))
    assert "builds an engine of 'tiny', which takes minutes; it is kept in" in told[0]
    assert "has been building for 0 s" in told[1]
    assert "has built the engine in 0 s" in told[-1]
    assert _is_painted(image, _quietly(style)(image))


def test_engines_are_kept_by_network_card_driver_and_version(engine, style, tmp_path, monkeypatch):
    _said(lambda: Stylizer(style, "tensorrt"))
    (first,) = _engines()
    assert "nvidia_h200_sm_9.0_driver_580.159.03_trt_" in str(first)
    other = write_style(tmp_path / "b.onnx", block=4, shift=40, card=card(size_multiple=4))
    _said(lambda: Stylizer(other, "tensorrt"))
    assert len(_engines()) == 2
    assert len({options["trt_timing_cache_path"] for _, options in engine.opened}) == 1
    newer = nvidia.Card(CARD.name, CARD.capability, "590.1")
    monkeypatch.setattr(nvidia, "card", lambda: newer)
    _, told = _said(lambda: Stylizer(style, "tensorrt"))
    assert told
    assert len(_engines()) == 3


def test_a_damaged_engine_is_built_again(engine, style):
    _said(lambda: Stylizer(style, "tensorrt"))
    for path in _engines():
        (host.cache_root() / path).write_bytes(b"damaged")
    _, told = _said(lambda: Stylizer(style, "tensorrt"))
    assert "builds an engine" in told[0]


def test_without_a_cache_folder_an_engine_is_built_each_time(engine, style, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("REALTIME_NST_CACHE", str(tmp_path / "file" / "cache"))
    _, told = _said(lambda: Stylizer(style, "tensorrt"))
    assert "it is not kept: no cache folder" in told[0]


def test_where_a_profile_cannot_be_built_there_is_an_engine_for_each_size(engine, style, image):
    engine.refuses = lambda name, options: "trt_profile_min_shapes" in options
    stylizer, told = _said(lambda: Stylizer(style, "tensorrt"))
    assert _is_painted(image, stylizer(image))
    assert "no kernel image is available" in told[-1]
    assert "so each new size takes minutes" in told[-1]


def test_auto_goes_on_to_the_next_and_says_why(engine, style, image):
    failing = {nvidia_session.TENSORRT}
    engine.refuses = lambda name, options: name in failing
    stylizer, told = _said(lambda: Stylizer(style))
    assert stylizer.provider == "cuda"
    assert _is_painted(image, stylizer(image))
    assert told[-1].startswith("cuda is used: tensorrt cannot be used:")
    assert "no kernel image is available" in told[-1]
    (used, why), _ = _said(lambda: doctor.automatic(style))
    assert (used, "no kernel image is available" in why) == ("cuda", True)
    failing.add(nvidia_session.CUDA)
    stylizer, told = _said(lambda: Stylizer(style))
    assert stylizer.provider not in ("cuda", "tensorrt")
    assert "cuda cannot be used" in told[-1]


def test_a_provider_that_was_named_does_not_fall_back(engine, style):
    engine.refuses = lambda name, options: True
    networks = Networks()
    kept, _ = _said(lambda: Stylizer(style, networks=networks))
    assert kept.provider not in ("tensorrt", "cuda")
    for name in ("tensorrt", "cuda"):
        with pytest.raises(ModelError, match="no kernel image"):
            _said(lambda name=name: Stylizer(style, name, networks=networks))


class _Library:
    """The driver's two libraries. ``missing``: there is none of them; ``cards``: how many."""

    def __init__(self, missing=False, cards=1, management=True):
        self._missing, self._cards, self._management = missing, cards, management

    def __call__(self, name):
        if self._missing or ("ml" in name and not self._management):
            raise OSError(name)
        return self

    def cuInit(self, flags):  # noqa: N802
        return 0

    def cuDeviceGet(self, device, number):  # noqa: N802
        return 0 if number < self._cards else 101

    def cuDeviceGetName(self, name, length, device):  # noqa: N802
        name.value = b"NVIDIA H200"

    def cuDeviceGetAttribute(self, value, number, device):  # noqa: N802
        value._obj.value = {75: 9, 76: 0}[number]

    def nvmlInit_v2(self):  # noqa: N802
        return 0

    def nvmlSystemGetDriverVersion(self, version, length):  # noqa: N802
        version.value = b"580.159.03"
        return 0

    def nvmlShutdown(self):  # noqa: N802
        return 0


@pytest.mark.parametrize(
    ("library", "found"),
    [
        (_Library(), "NVIDIA H200, driver 580.159.03"),
        (_Library(management=False), "NVIDIA H200, driver of unknown version"),
        (_Library(cards=0), ""),
        (_Library(missing=True), ""),
    ],
)
def test_the_driver_is_asked_for_the_card(monkeypatch, library, found):
    monkeypatch.setattr(ctypes, "CDLL", library)
    card = nvidia.card.__wrapped__()
    assert str(card or "") == found
    assert card is None or card.capability == "9.0"


def test_doctor_names_the_card(engine):
    assert doctor.computer().card == "NVIDIA H200, driver 580.159.03"
