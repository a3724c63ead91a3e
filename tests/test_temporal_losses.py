"""The temporal losses of training, on motion that is known exactly."""

import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from realtime_nst.learning.flow import (  # noqa: E402
    Motion,
    warp,
)
from realtime_nst.learning.losses.temporal import (  # noqa: E402
    MotionPair,
    temporal_features,
    temporal_luminance,
    temporal_output,
    temporal_relative,
)
from realtime_nst.learning.tensors import luminance  # noqa: E402

LOSSES = [temporal_output, temporal_relative, temporal_features, temporal_luminance]


def motion(flow=(0.0, 0.0), size=(8, 8), visible=1.0, lighting=0.0):
    height, width = size
    return Motion(
        torch.tensor(flow).view(1, 2, 1, 1).expand(1, 2, height, width),
        torch.full((1, 1, height, width), visible),
        torch.full((1, 1, height, width), lighting),
    )


def picture(size=8, seed=0, channels=3):
    return torch.rand(1, channels, size, size, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_a_flow_of_whole_pixels_moves_pixels(mode):
    image = picture()
    moved = warp(image, motion((2.0, -1.0)).flow, mode)
    assert torch.allclose(moved[..., 1:, :6], image[..., :7, 2:], atol=1e-5)


def test_half_a_pixel_of_a_ramp_is_half_a_step():
    ramp = torch.arange(8.0).expand(1, 3, 8, 8) / 8
    moved = warp(ramp, motion((0.5, 0.0)).flow)
    assert torch.allclose(moved[..., 2:5], ramp[..., 2:5] + 1 / 16, atol=1e-6)


@pytest.mark.parametrize("loss", LOSSES)
def test_paint_that_moves_with_the_thing_costs_nothing(loss):
    earlier = picture()
    exact = motion((2.0, 0.0))
    exact.visible.mul_((torch.arange(8) < 6).float())
    later = torch.cat((earlier[..., 2:], picture(seed=1)[..., :2]), dim=-1)
    assert loss(MotionPair(earlier, later, exact)).item() == pytest.approx(0, abs=1e-8)
    assert loss(MotionPair(earlier, earlier, exact)).item() > 0.01


def test_the_output_loss_by_hand():
    seen = motion(size=(1, 2))
    seen.visible[..., 1] = 0
    later = torch.tensor([0.5, 1.0]).expand(1, 3, 1, 2)
    # the hidden pixel does not count at all
    loss = temporal_output(MotionPair(torch.zeros(1, 3, 1, 2), later, seen))
    assert loss.item() == pytest.approx(0.25)


@pytest.mark.parametrize("hatch", [0.0, 0.1])
@pytest.mark.parametrize("contrast", [1.0, 0.5])
def test_the_relative_loss_by_hand_whatever_the_contrast_and_the_hatch(contrast, hatch):
    earlier = contrast * torch.tensor([0.0, 0.5]).repeat_interleave(4).expand(1, 3, 8, 8)
    fine = hatch * torch.tensor([-1.0, 1.0]).repeat(4)
    moved = MotionPair(earlier + fine, earlier.flip(-1) + fine, motion())
    assert temporal_relative(moved).item() == pytest.approx(1.0, rel=1e-3)


def test_the_feature_loss_is_relative_and_by_hand():
    earlier, later = torch.full((1, 5, 2, 2), 1.0), torch.full((1, 5, 2, 2), 2.0)
    for scale in (1, 100):
        loss = temporal_features(MotionPair(scale * earlier, scale * later, motion(size=(2, 2))))
        assert loss.item() == pytest.approx(1 / 4)


def test_features_at_a_quarter_of_the_size_move_a_quarter_as_far():
    features = picture(size=8, channels=5)
    full = motion((8.0, -4.0), size=(32, 32))
    moved = torch.roll(features, (1, -2), (2, 3))
    inside = torch.zeros(8, 8)
    inside[1:, :6] = 1
    full.visible.mul_(inside.repeat_interleave(4, 0).repeat_interleave(4, 1))
    assert temporal_features(MotionPair(features, moved, full)).item() == pytest.approx(0, abs=1e-8)


def test_a_cell_that_is_hidden_in_part_is_hidden():
    full = motion(size=(8, 8))
    full.visible[..., 0, 0] = 0
    assert full.at((2, 2)).visible.flatten().tolist() == [0, 1, 1, 1]


def test_luminance_by_hand():
    assert luminance(torch.tensor([1.0, 0.5, 0.0]).view(1, 3, 1, 1)).item() == pytest.approx(
        0.2126 + 0.7152 / 2
    )


def test_the_luminance_loss_follows_the_light_and_the_output_loss_does_not():
    earlier, light = picture(), motion(lighting=0.1)
    follows, stays = MotionPair(earlier, earlier + 0.1, light), MotionPair(earlier, earlier, light)
    assert temporal_luminance(follows).item() == pytest.approx(0, abs=1e-8)
    assert temporal_luminance(stays).item() == pytest.approx(0.01, rel=1e-4)
    assert temporal_output(follows).item() == pytest.approx(0.01, rel=1e-4)
    assert temporal_output(stays).item() == pytest.approx(0, abs=1e-8)


@pytest.mark.parametrize("loss", LOSSES)
def test_where_nothing_is_visible_the_loss_is_nothing_and_its_gradient_finite(loss):
    later = picture(seed=1).requires_grad_()
    value = loss(MotionPair(picture(), later, motion(visible=0.0)))
    value.backward()
    assert value.item() == 0
    assert (later.grad == 0).all()


@pytest.mark.parametrize("loss", LOSSES)
def test_both_results_are_asked_to_change(loss):
    earlier, later = picture().requires_grad_(), picture(seed=1).requires_grad_()
    loss(MotionPair(earlier, later, motion((0.4, 0.0)))).backward()
    assert (earlier.grad != 0).any()
    assert (later.grad != 0).any()
