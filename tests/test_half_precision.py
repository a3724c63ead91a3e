"""On difficult inputs, networks give the same picture in half precision, and on every provider.

Half precision is emulated as TensorRT and CoreML use it: float16 except in normalisation.
"""

from functools import partial

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")
pytest.importorskip("onnxruntime", reason="needs the extra 'cpu'")
pytest.importorskip("onnx", reason="needs the extra 'train'")

import shared_networks  # noqa: E402

from realtime_nst.learning.networks import (  # noqa: E402
    CONDITIONAL_NETWORKS,
    NETWORKS,
    build,
    build_conditional,
)
from realtime_nst.learning.networks.blocks import in_half_precision  # noqa: E402
from realtime_nst.learning.training.checkpoint import trained_network  # noqa: E402
from realtime_nst.learning.training.start_from import network_in  # noqa: E402
from realtime_nst.runtime import styles  # noqa: E402
from realtime_nst.runtime.providers import PROVIDERS  # noqa: E402
from realtime_nst.runtime.stylizer import Stylizer  # noqa: E402

_SIZE = (72, 88)
_PROVIDERS = {"cpu": (2, 0.75), "openvino-f32": (2, 0.75), "openvino-bf16": (16, 1.5)}
"""By provider, the largest and mean difference allowed from torch in float32, in grey levels."""

_ILL_CONDITIONED = {"johnson-transposed:blocks=1"}
"""Untrained networks whose normalisation, on flat frames, divides mere rounding errors by the root
of its epsilon: engines differ there, and none is right."""


def _one_bright_pixel():
    frame = np.zeros((*_SIZE, 3), np.uint8)
    frame[30, 41] = 255
    return frame


FRAMES = {
    "black": np.zeros((*_SIZE, 3), np.uint8),
    "white": np.full((*_SIZE, 3), 255, np.uint8),
    "one bright pixel": _one_bright_pixel(),
    "noise": np.random.default_rng(4).integers(0, 256, (*_SIZE, 3), dtype=np.uint8),
}


@torch.no_grad()
def _paint(network, frame, dtype):
    """The result in grey levels, not rounded."""
    planes = torch.from_numpy(frame).permute(2, 0, 1)[None].to(dtype) / 255
    return network(planes)[0].float().permute(1, 2, 0).numpy() * 255


def _assert_near(picture, wanted, most, mean, of):
    difference = np.abs(picture.astype(float) - wanted)
    assert np.isfinite(picture).all(), of
    assert difference.max() <= most, of
    assert difference.mean() <= mean, of


def _assert_keeps_its_picture(full, half):
    multiple = getattr(full, "size_multiple", 1)
    room = [*((0, -side % multiple) for side in _SIZE), (0, 0)]
    for name, small in FRAMES.items():
        frame = np.pad(small, room, mode="edge")
        wanted, picture = _paint(full, frame, torch.float32), _paint(half, frame, torch.float16)
        _assert_near(picture, wanted, 8, 1, name)


def _assert_agrees(path, provider, network, frames=FRAMES):
    if PROVIDERS[provider].absence():
        pytest.skip(PROVIDERS[provider].absence())
    stylizer = Stylizer(path, provider)
    for name, frame in frames.items():
        wanted = _paint(network, frame, torch.float32)
        _assert_near(stylizer(frame), wanted, *_PROVIDERS[provider], name)


def _pair(fill):
    """A network in float32 and its twin in half precision."""
    full, half = fill().eval(), fill().eval()
    half.load_state_dict(full.state_dict())
    return full, in_half_precision(half)


class _OfMany(torch.nn.Module):
    """The second of two styles."""

    def __init__(self, name):
        super().__init__()
        self.network = build_conditional(name, 2)

    def forward(self, image):
        return self.network(image, torch.tensor([[0.0, 1.0]]))


_BUILDS = {
    **{name: partial(build, name) for name in sorted(NETWORKS)},
    **{f"{name} of many": partial(_OfMany, name) for name in CONDITIONAL_NETWORKS},
}


@pytest.mark.parametrize("name", _BUILDS)
def test_half_precision_does_not_overflow(name):
    _assert_keeps_its_picture(*_pair(_BUILDS[name]))


@pytest.fixture(params=styles.installed(), ids=lambda style: style.name)
def style(request):
    return request.param


def test_trained_styles_keep_their_picture_in_half_precision(style):
    _assert_keeps_its_picture(*_pair(lambda: network_in(style.path)))


@pytest.mark.parametrize("provider", _PROVIDERS)
def test_providers_agree_with_torch_on_trained_styles(style, provider):
    _assert_agrees(style.path, provider, network_in(style.path))


@pytest.fixture(scope="module", params=shared_networks.EVERY_NETWORK)
def exported(request, once):
    path = shared_networks.exported(once, request.param)
    network = trained_network(shared_networks.random_checkpoint(request.param))
    return request.param, network.eval(), path


@pytest.mark.parametrize("provider", _PROVIDERS)
def test_providers_agree_with_torch_on_every_network(exported, provider):
    name, network, path = exported
    no_flat = name in _ILL_CONDITIONED
    frames = {of: frame for of, frame in FRAMES.items() if np.ptp(frame) or not no_flat}
    _assert_agrees(path, provider, network, frames)
