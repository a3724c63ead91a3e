"""Optimising pixels through its public door, on tiny pictures and random loss networks."""

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from learning_factory import vgg19_weights  # noqa: E402

from realtime_nst.errors import TrainingError, UnknownName, UsageError  # noqa: E402
from realtime_nst.learning.data.pictures import (  # noqa: E402
    read_image,
    to_image,
    to_tensor,
)
from realtime_nst.learning.loss_networks.features import FeatureExtractor  # noqa: E402
from realtime_nst.learning.loss_networks.vgg import LAYERS, Vgg19, random_loss_network  # noqa: E402
from realtime_nst.learning.losses.style_losses import STYLE_LOSSES  # noqa: E402
from realtime_nst.learning.optimise import descent  # noqa: E402
from realtime_nst.learning.optimise.colour import luminance, matched  # noqa: E402
from realtime_nst.learning.optimise.engine import optimise  # noqa: E402
from realtime_nst.learning.optimise.frames import FrameOptimiser  # noqa: E402
from realtime_nst.learning.optimise.loss_networks import with_available_layers  # noqa: E402
from realtime_nst.learning.optimise.objective import Previous  # noqa: E402
from realtime_nst.learning.optimise.options import Optimisation  # noqa: E402
from realtime_nst.learning.optimise.style import (  # noqa: E402
    Style,
    guided,
    read_mask,
)
from realtime_nst.motion import dense_flow, visible, warp  # noqa: E402
from realtime_nst.sources.synthetic import SyntheticSource  # noqa: E402

SMALL = Optimisation(
    steps=12, content_layers=("relu3_1",), style_layers=("relu1_1", "relu2_1"), precision="f32",
)  # fmt: skip


@pytest.fixture(scope="module")
def extractor():
    return FeatureExtractor([Vgg19(vgg19_weights("5_1", channels=6))])


class Colours:
    """A loss network whose one layer is the picture itself."""

    layers = ("relu1_1",)

    def features(self, image):
        yield "relu1_1", image


COLOURS = FeatureExtractor([Colours()])
STYLE_ALONE = replace(
    SMALL, content_weight=0.0, tv_weight=0.0, steps=20, style_layers=("relu1_1",)
)  # fmt: skip


def picture(seed, size=(40, 48)):
    coarse = torch.rand(1, 3, 5, 6, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(coarse, size, mode="bilinear")


CONTENT, STRIPES, SPOTS = picture(0), picture(1, (48, 48)).round(), picture(2, (32, 40))


def steps_of(content, styles, extractor, options, **extra):
    steps = []
    result = optimise(content, styles, extractor, options, steps.append, **extra)
    return result, steps


@pytest.mark.parametrize("optimiser", ["lbfgs", "adam"])
@pytest.mark.parametrize("start", ["content", "noise", "mix"])
def test_the_loss_goes_down_from_every_start_with_every_optimiser(extractor, start, optimiser):
    options = replace(SMALL, init=start, optimiser=optimiser)
    result, steps = steps_of(CONTENT, [Style(STRIPES)], extractor, options)
    assert [s.step for s in steps] == list(range(13))
    assert steps[-1].total < 0.9 * steps[0].total
    assert result.shape == CONTENT.shape
    assert 0 <= result.min() < result.max() <= 1
    best = min(steps, key=lambda s: s.total)
    assert torch.equal(result, best.image())


def test_the_start_is_what_was_asked_for(extractor):
    def first(**changes):
        options = replace(SMALL, steps=1, **changes)
        return steps_of(CONTENT, [Style(STRIPES)], extractor, options)[1][0].image()

    assert torch.equal(first(init="content"), CONTENT)
    noise = first(init="noise")
    assert torch.equal(noise, first(init="noise"))
    assert not torch.equal(noise, first(init="noise", seed=1))
    mixed = first(init="mix", noise=0.25)
    torch.testing.assert_close(mixed, 0.75 * CONTENT + 0.25 * noise)


def test_losses_are_named_and_their_weighted_sum_is_the_total(extractor):
    options = replace(SMALL, steps=1, laplacian_weight=3.0)
    _, steps = steps_of(CONTENT, [Style(STRIPES)], extractor, options)
    weights = {"content": 1.0, "style": options.style_weight, "tv": options.tv_weight,
               "laplacian": 3.0}  # fmt: skip
    for step in steps:
        assert set(step.losses) == set(weights)
        assert step.total == pytest.approx(sum(weights[n] * v for n, v in step.losses.items()))


@pytest.mark.parametrize(("kept", "other"), [(0, 1), (1, 0)])
def test_a_blend_of_one_and_nothing_is_the_one(extractor, kept, other):
    paintings = (STRIPES, SPOTS)
    shares = {kept: 1.0, other: 0.0}
    blended = [Style(paintings[n], shares[n]) for n in (0, 1)]
    alone = optimise(CONTENT, [Style(paintings[kept])], extractor, SMALL)
    assert torch.equal(optimise(CONTENT, blended, extractor, SMALL), alone)


def test_only_the_ratio_of_shares_counts(extractor):
    one = optimise(CONTENT, [Style(STRIPES, 1), Style(SPOTS, 3)], extractor, SMALL)
    same = optimise(CONTENT, [Style(STRIPES, 2), Style(SPOTS, 6)], extractor, SMALL)
    assert torch.equal(one, same)


def test_luminance_alone_is_painted_and_the_chroma_stays(extractor):
    options = replace(SMALL, keep_colour="luminance")
    result = optimise(CONTENT, [Style(STRIPES)], extractor, options)
    shown, photo = (torch.from_numpy(to_image(x)).float() for x in (result, CONTENT))
    weights = torch.tensor([0.299, 0.587, 0.114])
    chroma = [x - (x @ weights)[..., None] for x in (shown, photo)]
    assert (chroma[0] - chroma[1]).abs().max() <= 2
    assert (luminance(result) - luminance(CONTENT)).abs().mean() > 0.01


def test_matched_colours_have_the_photos_mean_and_covariance():
    photo = 0.3 + 0.4 * picture(3)
    moved = matched(0.4 + 0.2 * SPOTS, photo)
    assert 0 < moved.min() < moved.max() < 1, "cut off, so the figures below would not hold"
    a, b = (x[0].flatten(1) for x in (moved, photo))
    torch.testing.assert_close(a.mean(1), b.mean(1), atol=1e-4, rtol=0)
    torch.testing.assert_close(torch.cov(a), torch.cov(b), atol=1e-4, rtol=0)


def test_matching_a_grey_painting_gives_no_endless_colours():
    grey = luminance(SPOTS).expand(-1, 3, -1, -1).contiguous()
    moved = matched(grey, CONTENT)
    assert moved.isfinite().all()
    assert (moved[:, 0] - grey[:, 0]).abs().mean() < 0.5


def test_matched_paints_with_a_painting_of_the_photos_colours(extractor):
    kept = optimise(CONTENT, [Style(STRIPES)], extractor, replace(SMALL, keep_colour="matched"))
    recoloured = [Style(matched(STRIPES, CONTENT))]
    assert torch.equal(kept, optimise(CONTENT, recoloured, extractor, SMALL))
    assert not torch.equal(kept, optimise(CONTENT, [Style(STRIPES)], extractor, SMALL))


def test_a_guided_gram_matrix_by_hand():
    features = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    mask = torch.tensor([[[[1.0, 0.0], [0.0, 1.0]]]])
    # mean square of the mask: 2/4; so kept features are divided by sqrt(1/2)
    wanted = torch.tensor([[[[1.0, 0.0], [0.0, 4.0]]]]) * math.sqrt(2)
    torch.testing.assert_close(guided(features, mask), wanted)


def test_masks_steer_each_region_to_its_style():
    left = torch.zeros(1, 1, 40, 48)
    left[..., :24] = 1
    bright, dark = torch.full((1, 3, 48, 48), 0.95), torch.full((1, 3, 48, 48), 0.05)
    styles = [Style(bright, content_mask=left), Style(dark, content_mask=1 - left)]
    result = optimise(torch.full((1, 3, 40, 48), 0.5), styles, COLOURS, STYLE_ALONE)
    assert result[..., 4:20].mean() > result[..., 28:44].mean() + 0.5
    exchanged = [replace(s, content_mask=1 - s.content_mask) for s in styles]
    result = optimise(torch.full((1, 3, 40, 48), 0.5), exchanged, COLOURS, STYLE_ALONE)
    assert result[..., 4:20].mean() < result[..., 28:44].mean() - 0.5


def test_a_mask_of_the_painting_chooses_what_is_taken_from_it():
    halves = torch.full((1, 3, 48, 48), 0.05)
    halves[..., :24] = 0.95
    left = torch.zeros(1, 1, 48, 48)
    left[..., :22] = 1
    grey = torch.full((1, 3, 40, 48), 0.5)
    bright = optimise(grey, [Style(halves, painting_mask=left)], COLOURS, STYLE_ALONE)
    dark = optimise(grey, [Style(halves, painting_mask=left.flip(3))], COLOURS, STYLE_ALONE)
    assert bright.mean() > dark.mean() + 0.5


def test_masks_go_with_the_gram_loss_alone(extractor):
    styles = [Style(STRIPES, content_mask=torch.ones(1, 1, 8, 8))]
    with pytest.raises(UsageError, match="`style_loss` gram"):
        optimise(CONTENT, styles, extractor, replace(SMALL, style_loss="mmd-linear"))


def test_coarse_to_fine_shares_the_steps_over_the_sizes(extractor):
    content = picture(0, (160, 192))
    options = replace(SMALL, steps=8, scales=3)
    result, steps = steps_of(content, [Style(STRIPES)], extractor, options)
    assert [s.step for s in steps] == list(range(9))
    heights = [s.image().shape[2] for s in steps]
    assert heights == [40] * 2 + [80] * 2 + [160] * 5
    assert result.shape == content.shape


def test_too_many_sizes_are_refused_by_name(extractor):
    with pytest.raises(UsageError, match=r"20 pixels.*`scales`"):
        optimise(CONTENT, [Style(STRIPES)], extractor, replace(SMALL, scales=2))


@pytest.mark.parametrize(
    ("size", "changes", "told"),
    [
        ((2, 200), {"style_layers": ("relu1_1", "relu3_1")}, "200x2.* below 8"),
        ((200, 2), {"style_layers": ("relu5_1",)}, "2x200.* below 32"),
        ((60, 60), {"style_layers": ("relu5_1",), "scales": 2}, "60x60.* 30 pixels"),
    ],
)
def test_a_painting_too_small_for_its_layers_is_one_clear_line(extractor, size, changes, told):
    options = replace(SMALL, **changes)
    styles = [Style(picture(2, (80, 80))), Style(picture(1, size))]
    with pytest.raises(UsageError, match=rf"{told}.*`style_size`.*`scales`") as caught:
        optimise(picture(0, (80, 80)), styles, extractor, options)
    assert "\n" not in str(caught.value)


def test_a_painting_just_large_enough_is_taken(extractor):
    options = replace(SMALL, steps=1, style_layers=("relu5_1",), scales=2)
    optimise(picture(0, (80, 80)), [Style(picture(1, (64, 90)))], extractor, options)


@pytest.mark.parametrize("style_loss", STYLE_LOSSES)
def test_the_seed_alone_decides_the_result(extractor, style_loss):
    options, frames = replace(SMALL, steps=2, style_loss=style_loss), (picture(0), picture(4))
    results = []
    for chance in (1, 2):
        torch.manual_seed(chance)
        painter = FrameOptimiser([Style(STRIPES)], extractor, options)
        results.append([painter(to_image(frame)) for frame in frames])
        assert torch.initial_seed() == chance
    assert all(np.array_equal(a, b) for a, b in zip(*results, strict=True))


def test_another_seed_draws_another_loss(extractor):
    options = replace(SMALL, steps=1, style_loss="mmd-gaussian")

    def first(seed):
        told = replace(options, seed=seed)
        return steps_of(CONTENT, [Style(STRIPES)], extractor, told)[1][0].losses["style"]

    assert first(0) != first(1)


def test_a_transparent_painting_and_mask_lie_on_white(tmp_path):
    drawn = np.zeros((40, 40, 4), np.uint8)
    drawn[:, 20:] = (10, 20, 30, 255)
    cv2.imwrite(str(tmp_path / "drawn.png"), drawn)
    cv2.imwrite(str(tmp_path / "deep.png"), drawn.astype(np.uint16) * 257)
    for name in ("drawn.png", "deep.png"):
        image = read_image(tmp_path / name)
        assert (image[..., :20] == 1).all()
        torch.testing.assert_close(image[0, :, 0, 30], torch.tensor([30.0, 20.0, 10.0]) / 255)
        assert read_mask(tmp_path / name)[..., :20].min() == 1


def test_a_region_hidden_before_starts_from_the_photo_the_rest_from_the_result(extractor):
    seen = torch.zeros(1, 1, 40, 48, dtype=torch.bool)
    seen[..., :24] = True
    before = Previous(picture(5), seen)
    _, steps = steps_of(
        CONTENT, [Style(STRIPES)], extractor, replace(SMALL, steps=1), previous=before
    )
    start = steps[0].image()
    assert torch.equal(start[..., :24], before.image[..., :24])
    assert torch.equal(start[..., 24:], CONTENT[..., 24:])
    assert steps[0].losses["temporal"] == 0


def test_the_temporal_loss_holds_to_the_earlier_result(extractor):
    before = Previous(picture(5), torch.ones(1, 1, 40, 48, dtype=torch.bool))

    def away(weight):
        options = replace(SMALL, temporal_weight=weight)
        result = optimise(CONTENT, [Style(STRIPES)], extractor, options, previous=before)
        return (result - before.image).abs().mean()

    assert away(500.0) < 0.5 * away(0.0)


def test_a_sequence_goes_on_from_the_picture_before(extractor):
    frames = [SyntheticSource(64, 48).picture(index) for index in (0, 8, 16)]
    options = replace(SMALL, longest=64, later_steps=5)
    painter = FrameOptimiser([Style(STRIPES)], extractor, options)
    told = [[], [], []]
    results = [painter(f, steps.append) for f, steps in zip(frames, told, strict=True)]
    assert [len(steps) for steps in told] == [13, 6, 6]
    assert ["temporal" in steps[0].losses for steps in told] == [False, True, True]
    assert all(r.shape == (48, 64, 3) and r.dtype == np.uint8 for r in results)
    flow = dense_flow(frames[0], frames[1], full_size=True)
    back = dense_flow(frames[1], frames[0], full_size=True)
    seen = visible(flow, back)
    start = to_image(told[1][0].image())
    assert 0 < seen.mean() < 1
    assert np.array_equal(start[seen], warp(results[0], flow)[seen])
    assert np.array_equal(start[~seen], frames[1][~seen])


def test_a_picture_of_another_size_starts_anew(extractor):
    painter = FrameOptimiser([Style(STRIPES)], extractor, replace(SMALL, longest=64, later_steps=5))
    steps = []
    painter(to_image(picture(0, (40, 48))))
    painter(to_image(picture(0, (48, 40))), steps.append)
    assert len(steps) == 13
    assert "temporal" not in steps[0].losses


def test_the_longer_side_is_at_most_the_size_and_never_enlarged():
    image = to_image(picture(0, (40, 80)))
    assert to_tensor(image, 40).shape == (1, 3, 20, 40)
    assert to_tensor(image, 400).shape == (1, 3, 40, 80)
    assert np.array_equal(to_image(to_tensor(image, 80)), image)


def test_average_pooling_looks_at_the_mean_of_four():
    image = picture(4, (32, 32))
    weights = vgg19_weights("2_1", channels=4)

    def features(pooling):
        return dict(Vgg19(weights, pooling=pooling).features(image))

    first = features("average")["relu1_2"]
    conv = torch.nn.functional.conv2d(
        torch.nn.functional.avg_pool2d(first, 2), weights["conv2_1.weight"], padding=1
    )
    torch.testing.assert_close(features("average")["relu2_1"], conv.relu())
    assert not torch.equal(features("max")["relu2_1"], features("average")["relu2_1"])
    with pytest.raises(UnknownName, match=r"average, max"):
        Vgg19(weights, pooling="mean")


def test_the_random_loss_network_is_all_of_vgg19_and_of_its_seed():
    network = random_loss_network(0)
    assert tuple(network.layers) == LAYERS
    found = dict(network.features(picture(0, (32, 32))))
    assert found["relu3_4"].shape == (1, 256, 8, 8)
    assert found["relu5_4"].shape == (1, 512, 2, 2)
    assert 0.01 < found["relu5_4"].std() < 100
    again = dict(random_loss_network(0).features(picture(0, (32, 32))))
    assert torch.equal(found["relu5_4"], again["relu5_4"])


def test_default_layers_give_way_to_the_nearest_and_it_is_said():
    shallow = FeatureExtractor([Vgg19(vgg19_weights("3_4"))])
    options, notice = with_available_layers(Optimisation(), shallow)
    assert options.content_layers == ("relu3_4",)
    assert options.style_layers == ("relu1_1", "relu2_1", "relu3_1", "relu3_4")
    assert "content relu3_4" in notice
    full = FeatureExtractor([Vgg19(vgg19_weights("5_1"))])
    assert with_available_layers(Optimisation(), full) == (Optimisation(), "")


def test_a_named_layer_that_is_not_there_is_an_error():
    shallow = FeatureExtractor([Vgg19(vgg19_weights("3_4"))])
    named = replace(SMALL, content_layers=("relu4_1",))
    assert with_available_layers(named, shallow) == (named, "")
    with pytest.raises(TrainingError, match=r"relu4_1.*`loss_weights`"):
        optimise(CONTENT, [Style(STRIPES)], shallow, named)


def measure_of(poison=lambda call, total: total):
    """Squared distance to 0.25; ``poison`` changes the total by the number of the call."""
    calls = [0]

    def measure(pixels):
        calls[0] += 1
        distance = (pixels - 0.25).pow(2).sum()
        return {"distance": distance}, poison(calls[0], distance)

    return measure


@pytest.mark.parametrize("method", ["lbfgs", "adam"])
@pytest.mark.parametrize("factor", [float("nan"), float("inf"), 1e6])
def test_a_loss_gone_astray_goes_back_to_the_best_picture(method, factor):
    measure = measure_of(lambda call, total: total + factor if call == 6 else total)
    seen = list(descent.descend(torch.ones(1, 3, 4, 4), measure, method, 0.0, 40))
    assert len(seen) == 41
    (number,) = [n for n, each in enumerate(seen) if each.notice]
    assert number == 5
    assert seen[5].total == min(each.total for each in seen[:5])
    assert torch.equal(seen[6].picture, seen[5].picture)
    assert seen[-1].total < 0.5 * seen[5].total or seen[-1].total < 1e-6


@pytest.mark.parametrize("first_bad", [1, 4])
def test_a_loss_that_stays_not_finite_is_one_clear_error(first_bad):
    measure = measure_of(lambda call, total: total * (math.nan if call >= first_bad else 1))
    with pytest.raises(TrainingError, match="`learning_rate`") as caught:
        list(descent.descend(torch.ones(1, 3, 4, 4), measure, "adam", 0.0, 40))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "bad",
    [
        {"steps": 0}, {"longest": 8}, {"scales": 0}, {"scales": 9}, {"noise": 1.5},
        {"optimiser": "sgd"},
        {"init": "black"}, {"pooling": "mean"}, {"precision": "fp16"}, {"keep_colour": "all"},
        {"style_weight": -1.0}, {"learning_rate": -1.0}, {"content_layers": ()},
        {"style_layers": ()}, {"content_weight": 0.0, "style_weight": 0.0},
        {"style_weight": math.inf}, {"style_weight": math.nan}, {"learning_rate": math.nan},
        {"seed": -1}, {"seed": 10**20}, {"style_size": 10**8}, {"steps": 10**400},
    ],
    ids=str,
)  # fmt: skip
def test_options_that_cannot_be_are_refused_by_name(bad):
    with pytest.raises(UsageError, match=f"`{next(iter(bad))}`") as caught:
        replace(Optimisation(), **bad)
    assert "\n" not in str(caught.value)


def test_whole_numbers_are_told_in_full():
    with pytest.raises(UsageError, match=r"`seed` 9{20} .* from 0 to 9223372036854775807"):
        Optimisation(seed=99999999999999999999)


def test_shares_that_are_all_zero_are_refused(extractor):
    with pytest.raises(UsageError, match="shares"):
        optimise(CONTENT, [Style(STRIPES, 0.0)], extractor, SMALL)
