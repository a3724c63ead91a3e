"""Each style loss against a value worked out by hand, and what all of them promise."""

from dataclasses import replace
from math import exp
from typing import get_type_hints

import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from learning_factory import vgg19_weights, write_painting, write_photos, write_vgg19  # noqa: E402

from realtime_nst.errors import TrainingError, UnknownName  # noqa: E402
from realtime_nst.learning.loss_networks.features import FeatureExtractor  # noqa: E402
from realtime_nst.learning.loss_networks.vgg import Vgg19  # noqa: E402
from realtime_nst.learning.losses.mmd import (  # noqa: E402
    MmdGaussian,
    MmdLinear,
    MmdPolynomial,
)
from realtime_nst.learning.losses.mrf import MrfLoss  # noqa: E402
from realtime_nst.learning.losses.style import (  # noqa: E402
    BatchNormLoss,
    GramLoss,
    HistogramLoss,
    ShiftedGramLoss,
)
from realtime_nst.learning.losses.style_losses import STYLE_LOSSES, style_loss  # noqa: E402
from realtime_nst.learning.losses.terms import LossInputs  # noqa: E402
from realtime_nst.learning.optimise.options import Optimisation  # noqa: E402
from realtime_nst.learning.tensors import gram  # noqa: E402
from realtime_nst.learning.training.checkpoint import StyleInfo  # noqa: E402
from realtime_nst.learning.training.objective import build_objective  # noqa: E402
from realtime_nst.learning.training.recipe import Recipe  # noqa: E402
from realtime_nst.learning.training.single import single_style_run  # noqa: E402
from realtime_nst.values import choices_of  # noqa: E402

pytestmark = pytest.mark.usefixtures("no_plots")

RECIPE = Recipe(
    steps=1, batch=1, crop=48, held_out=1, workers=0, style_size=64, style_scales=(1.0,),
    laplacian_weight=1.0,
)  # fmt: skip
every_style_loss = pytest.mark.parametrize("build", STYLE_LOSSES.values(), ids=STYLE_LOSSES)


def row(*values):
    """Features of one channel, one cell high."""
    return torch.tensor(values, dtype=torch.float32).view(1, 1, 1, -1)


def columns(*values):
    """Features of one channel, three cells high, all rows alike."""
    return row(*values).expand(1, 1, 3, len(values))


def relu_features(seed, channels=4, height=10, width=12, batch=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(batch, channels, height, width, generator=generator).relu()


def test_mmd_linear_by_hand():
    style = torch.tensor([[1.0, 3.0], [0.0, 2.0]]).view(1, 2, 1, 2)
    result = torch.ones(1, 2, 1, 2)
    # mean features (2, 1) and (1, 1): squared distance 1 over the squared norm 5
    assert MmdLinear(style)(result).item() == pytest.approx(0.2)


def test_mmd_polynomial_by_hand():
    # the painting's mean is 1, so c = 1 and k(x, y) = (x y + 1)^2
    painting = (25 + 1 + 1 + 1) / 4  # k over the pairs of 2 and 0
    to_result = painting + 4 - 2 * (9 + 1) / 2  # k(1, 1) = 4; k(1, 2) = 9, k(1, 0) = 1
    to_nothing = painting + 1 - 2 * (1 + 1) / 2
    loss = MmdPolynomial(row(2, 0))(row(1, 1))
    assert loss.item() == pytest.approx(to_result / to_nothing) == pytest.approx(1 / 6)


def test_mmd_gaussian_by_hand():
    # squared distances between 1 and -1 are 0 or 4, 2 in the mean: k(x, y) = exp(-(x - y)^2 / 4)
    painting = (1 + exp(-1)) / 2
    to_result = painting + 1 - 2 * (1 + exp(-1)) / 2
    to_nothing = painting + 1 - 2 * exp(-1 / 4)
    torch.manual_seed(0)
    loss = MmdGaussian(row(1, -1), frequencies=20_000)(row(1, 1))
    assert loss.item() == pytest.approx(to_result / to_nothing, rel=0.03)


def test_batch_norm_by_hand():
    # means 1 and 3, deviations 1 and 2: (2^2 + 1^2) over (1^2 + 1^2)
    assert BatchNormLoss(row(0, 2))(row(1, 5)).item() == pytest.approx(2.5, rel=1e-4)


def test_histogram_by_hand():
    result = row(5, 1, 9).requires_grad_()
    loss = HistogramLoss(row(4, 0, 2))(result)
    # 5 becomes 2, 1 becomes 0, 9 becomes 4: mean of 9, 1, 25 over the mean of 16, 0, 4
    assert loss.item() == pytest.approx(35 / 20)
    loss.backward()
    # twice the difference over the three places and the mean square, the wanted ones held fixed
    assert torch.allclose(result.grad, row(3, 1, 5) * 2 / 3 / (20 / 3))


def test_histograms_of_pictures_of_two_sizes_compare():
    # the quarters and three quarters of 0, 1, 2, 3
    assert HistogramLoss(row(3, 0, 2, 1))(row(2.5, 0.5)).item() == pytest.approx(0)


def test_mrf_by_hand_takes_the_nearest_in_direction():
    # the painting's two patches have the columns 1 0 0 and 0 0 2; (0.9, 0, 1) points to the second,
    # though the first is closer: three rows of 0.9^2 + (2 - 1)^2 in nine cells, over the mean
    # square of both patches, (3 + 12) / 18
    loss = MrfLoss(columns(1, 0, 0, 2))(columns(0.9, 0, 1))
    assert loss.item() == pytest.approx(3 * (0.81 + 1) / 9 / (15 / 18))


def test_shifted_gram_by_hand():
    style = torch.tensor([[1.0, 2.0, 4.0], [0.0, 3.0, 1.0]]).view(1, 1, 2, 3)
    loss = ShiftedGramLoss(style)(torch.ones(1, 1, 2, 3))
    unshifted = (1 + 4 + 16 + 0 + 9 + 1) / 6
    across = (1 * 2 + 2 * 4 + 0 * 3 + 3 * 1) / 4
    down = (1 * 0 + 2 * 3 + 4 * 1) / 3
    expected = sum((1 - gram) ** 2 / gram**2 for gram in (unshifted, across, down)) / 3
    assert loss.item() == pytest.approx(expected)


def test_shifted_gram_sees_the_order_that_gram_does_not():
    style, swapped = columns(1, 2, 4, 3), columns(2, 1, 3, 4)
    assert GramLoss(style)(swapped).item() == pytest.approx(0)
    assert ShiftedGramLoss(style)(swapped).item() > 0.001


@every_style_loss
def test_the_painting_itself_costs_nothing(build):
    style = relu_features(0)
    assert build(style)(style.clone()).item() == pytest.approx(0, abs=1e-6)


@every_style_loss
def test_no_features_cost_about_one(build):
    style = relu_features(0)
    assert build(style)(torch.zeros_like(style)).item() == pytest.approx(1, rel=0.3)


@every_style_loss
def test_following_the_gradient_lowers_the_loss(build):
    loss = build(relu_features(0))
    result = relu_features(1, height=14).requires_grad_()
    before = loss(result)
    before.backward()
    assert result.grad.isfinite().all()
    with torch.no_grad():
        step = 0.1 * before / result.grad.pow(2).sum()
        assert loss(result - step * result.grad) < before


@every_style_loss
def test_a_batch_costs_the_mean_of_its_pictures(build):
    loss, batch = build(relu_features(0)), relu_features(1, batch=3)
    single = sum(loss(picture[None]).item() for picture in batch) / 3
    assert loss(batch).item() == pytest.approx(single, rel=1e-4)


@every_style_loss
def test_half_precision_features_cost_nearly_the_same(build):
    style, result = relu_features(0), relu_features(1)
    torch.manual_seed(0)
    exact = build(style)(result).item()
    torch.manual_seed(0)
    half = build(style.bfloat16())(result.bfloat16())
    assert half.dtype == torch.float32
    assert half.item() == pytest.approx(exact, rel=0.15, abs=0.01)


@every_style_loss
def test_dead_channels_do_not_break_the_loss(build):
    result = torch.zeros(1, 4, 8, 8, requires_grad=True)
    loss = build(torch.zeros(1, 4, 8, 8))(result)
    loss.backward()
    assert loss.item() == pytest.approx(0, abs=1e-6)
    assert result.grad.isfinite().all()


@every_style_loss
def test_the_same_seed_gives_the_same_loss_of_large_features(build):
    style, result = relu_features(0, height=70, width=80), relu_features(1, height=90, width=60)
    values = []
    for _ in range(2):
        torch.manual_seed(3)
        values.append(build(style)(result).item())
    assert values[0] == values[1] > 0


@every_style_loss
def test_the_loss_is_one_function_from_call_to_call(build):
    loss, result = build(relu_features(0)), relu_features(1, height=150, width=140)
    assert loss(result).item() == loss(result).item()


@pytest.mark.parametrize("side", [20, 60, 149, 150, 151])
def test_mrf_reaches_every_part_of_a_large_picture(side):
    loss = MrfLoss(relu_features(0, channels=1, height=20, width=20))
    result = (1 + relu_features(1, channels=1, height=side, width=side)).requires_grad_()
    loss(result).backward()
    assert (result.grad[..., 1:-1, 1:-1] != 0).all()


def test_features_smaller_than_a_patch_are_one_clear_line():
    with pytest.raises(TrainingError, match=r"12x2 cells .* mrf; give larger pictures"):
        MrfLoss(relu_features(0))(relu_features(0, height=2))


def test_an_unknown_style_loss_is_named_with_its_neighbour():
    with pytest.raises(UnknownName, match="did you mean 'histogram'"):
        style_loss("histogramm")


@pytest.mark.parametrize("options", [Recipe, Optimisation])
def test_every_style_loss_can_be_chosen(options):
    assert choices_of(get_type_hints(options)["style_loss"]) == tuple(STYLE_LOSSES)


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    folder = tmp_path_factory.mktemp("media")
    return {
        "painting": write_painting(folder / "painting.png"),
        "content": write_photos(folder / "photos", count=3),
        "loss_weights": [write_vgg19(folder / "vgg.safetensors")],
    }


@pytest.mark.parametrize("name", STYLE_LOSSES)
def test_every_style_loss_trains(media, tmp_path, name):
    recipe, seen = replace(RECIPE, style_loss=name), []
    style = StyleInfo("stripes", "Stripes", "nobody", "MIT", "generated pictures")
    single_style_run(folder=tmp_path, recipe=recipe, style=style, **media).train(seen.append)
    (progress,) = seen
    assert {"style", "deep_style", "laplacian"} <= set(progress.losses)
    assert all(0 < value < 1e6 for value in progress.losses.values())


@pytest.mark.parametrize("name", STYLE_LOSSES)
def test_an_objective_depends_on_the_recipe_alone(name):
    extractor = FeatureExtractor([Vgg19(vgg19_weights("5_1"))])
    painting, photo = torch.rand(2, 1, 3, 64, 64)
    inputs = LossInputs(extractor.features(photo), extractor.features(photo), lambda x: x)
    recipe, values = replace(RECIPE, style_loss=name, equivariance_weight=0), []
    for seed in (1, 2):
        torch.manual_seed(seed)
        objective = build_objective(recipe, extractor, painting)
        torch.manual_seed(0)
        values.append(objective.total(objective.measure(inputs)).item())
    assert values[0] == values[1]


@pytest.mark.parametrize("options", [Recipe, Optimisation])
def test_an_unknown_style_loss_is_refused_before_anything_is_read(options):
    with pytest.raises(UnknownName, match="unknown `style_loss` 'gramm'; did you mean 'gram'"):
        options(style_loss="gramm")


def test_the_gradient_of_a_gram_matrix_is_that_of_its_formula():
    def plain(x):
        flat = x.flatten(2)
        return flat @ flat.transpose(1, 2) / x[0].numel()

    for layout in (torch.contiguous_format, torch.channels_last):
        x = relu_features(1, batch=2).to(memory_format=layout).requires_grad_()
        weights = torch.randn(2, 4, 4)
        assert torch.allclose(gram(x), plain(x))
        found, expected = (
            torch.autograd.grad((make(x) * weights).sum(), x)[0] for make in (gram, plain)
        )
        assert torch.allclose(found, expected, atol=1e-6)
