"""The layers of the systems of the literature, exported together, which takes as long as one."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")
ort = pytest.importorskip("onnxruntime", reason="needs the extra 'cpu'")
onnx = pytest.importorskip("onnx", reason="needs the extra 'train'")

import model_factory  # noqa: E402

from realtime_nst.learning.export.graph import OPERATORS, write_graph  # noqa: E402
from realtime_nst.learning.networks.banks import convolved  # noqa: E402
from realtime_nst.learning.networks.msg import Bottleneck  # noqa: E402
from realtime_nst.learning.networks.noise import Noise  # noqa: E402
from realtime_nst.learning.networks.solver import _fine, _gradient  # noqa: E402
from realtime_nst.learning.networks.wavelet import from_haar, haar  # noqa: E402
from realtime_nst.learning.transforms.comatch import CoMatch  # noqa: E402
from realtime_nst.learning.transforms.strokes import MultiStroke  # noqa: E402

CHANNELS = 8


class Swap(torch.nn.Module):
    """In place of StyleSwap, which the network of its name exports: that takes seconds."""

    code_size = CHANNELS

    def forward(self, content, code):
        return content * code[..., None, None]


class Layers(torch.nn.Module):
    """Each layer's result for one map, apart from the other layers."""

    def __init__(self):
        super().__init__()
        self.strokes = MultiStroke(CHANNELS)
        self.strokes._swap = Swap()
        self.of_strokes = torch.nn.Buffer(torch.rand(1, 3 * CHANNELS))
        self.comatch, self.noise = CoMatch(CHANNELS), Noise(3)
        self.kernels = torch.nn.Parameter(torch.randn(2, CHANNELS * 9 * CHANNELS))
        self.down, self.up = Bottleneck(CHANNELS, 2, 2), Bottleneck(CHANNELS, 2, up=True)

    def forward(self, x):
        return (
            self.comatch(x, self.comatch.code(x[..., 1:])),
            self.strokes(x, self.of_strokes),
            self.noise(x),
            self.up(self.down(x)),
            from_haar(*(2 * band for band in haar(x))),
            convolved(x, x.mean((1, 3))[:, :2] @ self.kernels),
            convolved(x, x.mean((1, 3))[:, :2] @ self.kernels, stride=2),
            _gradient(x, torch.eye(CHANNELS)[None]) + _fine(x),
        )


def test_the_layers_agree_with_torch_in_operators_tensorrt_lists(tmp_path):
    torch.manual_seed(0)
    layers, path = Layers().eval(), tmp_path / "layers.onnx"
    sides = {2: 4 * torch.export.Dim("rows", min=2), 3: 4 * torch.export.Dim("columns", min=2)}
    given = {"x": torch.rand(1, CHANNELS, 12, 16)}
    names = [f"out{n}" for n in range(len(layers(given["x"])))]
    write_graph(layers, given, {"x": sides}, names, model_factory.card(), path)
    assert {node.op_type for node in onnx.load(path).graph.node} <= OPERATORS
    x = torch.rand(1, CHANNELS, 76, 20)
    found = ort.InferenceSession(path).run(names, {"x": x.numpy()})
    with torch.no_grad():
        for image, wanted in zip(found, layers(x), strict=True):
            assert np.allclose(image, wanted.numpy(), rtol=1e-2, atol=1e-2)
