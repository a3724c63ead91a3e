"""The network that enlarges paintings: its form, its training, and its file."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

import torch.nn.functional as F  # noqa: E402
from learning_factory import vgg19_weights  # noqa: E402

from realtime_nst.learning.export.enlarger import export_enlarger  # noqa: E402
from realtime_nst.learning.loss_networks.features import FeatureExtractor  # noqa: E402
from realtime_nst.learning.loss_networks.vgg import Vgg19  # noqa: E402
from realtime_nst.learning.networks.enlarger import FOLD, EnlargerNet  # noqa: E402
from realtime_nst.learning.training.enlarger import (  # noqa: E402
    EnlargerRecipe,
    Example,
    train_enlarger,
)
from realtime_nst.runtime.card import ModelCard  # noqa: E402
from realtime_nst.runtime.kinds import ENLARGER  # noqa: E402
from realtime_nst.runtime.model import read_model  # noqa: E402

CARD = ModelCard("enlarger", "Enlarger", "", "enlarger", "MIT", FOLD, FOLD, ENLARGER)


@pytest.fixture
def network():
    torch.manual_seed(0)
    return EnlargerNet(width=8).eval()


def picture(height=48, width=64, channels=1):
    return torch.rand(1, channels, height, width)


@torch.no_grad()
def test_flat_pictures_get_no_detail(network):
    detail = network(torch.full((1, 1, 48, 64), 0.7), torch.full((1, 1, 48, 64), 0.2))
    assert detail[..., 8:-8, 8:-8].abs().max() < 1e-5


@torch.no_grad()
def test_the_detail_of_the_frame_is_what_its_blur_takes_away(network):
    """With gains of 0 and 1, the detail is the frame minus a Gaussian blur."""
    network.gains.weight.zero_()
    network.gains.bias.copy_(torch.tensor([0.0, 1.0]))
    guide = picture()
    bell = torch.exp(-torch.arange(-4, 5).square() / (2 * 1.5**2))
    kernel = torch.outer(bell, bell) / bell.sum() ** 2
    wanted = guide - F.conv2d(guide, kernel[None, None], padding=4)
    detail = network(picture(), guide)
    torch.testing.assert_close(detail[..., 8:-8, 8:-8], wanted[..., 8:-8, 8:-8])


@torch.no_grad()
def test_gains_leave_no_blocks(network):
    """Gains that differ from block to block go over into one another without a step."""
    network.gains.bias.copy_(torch.tensor([0.0, 1.0]))
    blocks = F.interpolate(torch.rand(1, 1, 12, 16), scale_factor=4, mode="nearest")
    gains = F.pixel_shuffle(
        F.conv2d(torch.cat([blocks[..., ::4, ::4]] * 2, 1), network.spread, padding=1)[:, :16], FOLD
    )
    wanted = F.interpolate(blocks[..., ::4, ::4], scale_factor=4, mode="bilinear")
    torch.testing.assert_close(gains[..., 4:-4, 4:-4], wanted[..., 4:-4, 4:-4])


def test_the_file_does_what_the_network_does(network, tmp_path):
    mean, most = export_enlarger(network, CARD, tmp_path / "enlarger.onnx")
    assert mean < 0.5
    assert most <= 1
    assert read_model(tmp_path / "enlarger.onnx").kind.name == ENLARGER


def test_training_is_the_same_for_the_same_seed():
    random = np.random.default_rng(0)
    photo = random.integers(0, 256, (72, 96, 3), np.uint8)
    painting = random.integers(0, 256, (32, 40, 3), np.uint8)
    extractor = FeatureExtractor([Vgg19(vgg19_weights("5_1", channels=4))])
    recipe = EnlargerRecipe(steps=2, batch=2, crop=64, lines=(72,))
    seen = []

    def train():
        return train_enlarger(
            recipe, lambda _: [Example(photo, painting, 0)] * 2, [photo], extractor,
            lambda step, losses: seen.append((step, losses)),
        )  # fmt: skip

    first, second = train().state_dict(), train().state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert [step for step, _ in seen] == [1, 2, 1, 2]
    assert set(seen[0][1]) == {
        "style", "deep_style", "sharpness", "flat", "equivariance", "grid",
    }  # fmt: skip
    assert not torch.equal(first["gains.bias"], EnlargerNet().gains.bias)
